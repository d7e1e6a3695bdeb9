"""Kinto on PostgreSQL: the nearest peer from the registries, storing the same records in the same batches of 50."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from product import free_port, wait_for

SETTINGS = """
[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.postgresql
kinto.storage_url = {url}
kinto.cache_backend = kinto.core.cache.postgresql
kinto.cache_url = {url}
kinto.permission_backend = kinto.core.permission.postgresql
kinto.permission_url = {url}
kinto.batch_max_requests = 50
kinto.paginate_by = 1000
kinto.userid_hmac_secret = only for a benchmark
kinto.bucket_create_principals = system.Everyone
multiauth.policies = basicauth
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = {port}
threads = 8
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = ERROR
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = ERROR
formatter = plain
[formatter_plain]
format = %(message)s
"""
RECORDS = "/buckets/field/collections/report/records"
AUTH = ("bench", "bench")


@contextmanager
def kinto(folder: Path, url: str, environment: Path) -> Iterator[tuple[httpx.Client, int]]:
    """Run Kinto from its virtual environment; give a client and the process to count."""
    port = free_port()
    ini = folder / "kinto.ini"
    ini.write_text(SETTINGS.format(url=url, port=port), encoding="utf-8")
    command = str(environment / "bin" / "kinto")
    quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}
    subprocess.run([command, "migrate", "--ini", str(ini)], check=True, env=quiet, stdout=subprocess.DEVNULL)
    process = subprocess.Popen([command, "start", "--ini", str(ini)], env=quiet, process_group=0)
    try:
        wait_for(f"http://127.0.0.1:{port}/v1/__heartbeat__")
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}/v1", auth=AUTH, timeout=60, trust_env=False)
        client.put("/buckets/field", json={}).raise_for_status()
        client.put("/buckets/field/collections/report", json={}).raise_for_status()
        yield client, process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def store(client: httpx.Client, batch: bytes) -> int:
    """Store what a push brings, as Kinto's batch of creations; every one must be made."""
    requests = [
        {"method": "PUT", "path": f"{RECORDS}/{item['id']}", "body": {"data": {"body": item["body"]}}}
        for item in json.loads(batch)["items"]
    ]
    answer = client.post("/batch", json={"defaults": {"headers": {"If-None-Match": "*"}}, "requests": requests})
    answer.raise_for_status()
    made = [one["status"] for one in answer.json()["responses"]]
    if set(made) != {201}:
        msg = f"Kinto refused records: {made}"
        raise RuntimeError(msg)
    return len(made)
