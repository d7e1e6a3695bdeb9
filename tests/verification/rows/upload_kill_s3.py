"""Row `upload_kill_s3`: the row `upload_kill` with the photographs on a real S3 server, which is not killed."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from support.object_store import ObjectStore, free_ports, write_identity
from verification.place import opened
from verification.rows.result import Result

from server.config import Settings

ROW = "upload_kill_s3"


def run(count: int, start: int = 0, database: str = "sqlite") -> Result:
    """Do ``count`` cycles with a fresh database of one kind and an S3 server of its own."""
    from verification.rows import upload_kill  # noqa: PLC0415 (it knows both stores)

    with opened(database) as settings, on_s3(settings) as there:
        return upload_kill.run_in(there, count, start, row=ROW)


@contextmanager
def on_s3(settings: Settings) -> Iterator[Settings]:
    """Run an S3 server and give the settings that store there."""
    # A short path: the names of sockets are limited to about 100 bytes.
    with tempfile.TemporaryDirectory(prefix="xuncha-s3-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        write_identity(folder)
        store = ObjectStore(folder, free_ports())
        try:
            store.start()
            yield stored_at(settings, store)
        finally:
            store.kill()
            for port in store.ports.values():
                for left in Path(tempfile.gettempdir()).glob(f"seaweedfs-*-{port}.sock"):
                    left.unlink(missing_ok=True)


def stored_at(settings: Settings, store: ObjectStore) -> Settings:
    """Return the settings of a place whose originals lie in ``store``."""
    where = store.http
    return replace(
        settings,
        blob_store="s3",
        s3_endpoint=where.endpoint,
        s3_bucket=where.bucket,
        s3_region=where.region,
        s3_access_key=where.access_key,
        s3_secret_key=where.secret_key,
    )
