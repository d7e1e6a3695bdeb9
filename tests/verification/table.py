"""The verification table (docs/verification.md): its rows, the counts that they owe, and what runs them.

A row is a module ``verification.rows.<name>`` with ``run(count, start, database) -> Result``. Trials are numbered;
where chance is involved the number is the seed.
"""

from dataclasses import dataclass

SQLITE, POSTGRESQL = "sqlite", "postgresql"


@dataclass(frozen=True)
class Row:
    """One row on one kind of database.

    ``gate``: trials without a failure that a release needs, over all runs since the row was made.
    ``portion``: trials that one run of the row does, about a minute's worth.
    """

    name: str
    database: str
    gate: int
    portion: int
    what: str

    @property
    def key(self) -> tuple[str, str]:
        """What tells rows apart."""
        return self.name, self.database


TABLE: tuple[Row, ...] = (
    Row("state_machine", SQLITE, 100_000, 150, "random push, resend, split, lose, reassign, revoke, purge, restore"),
    Row("fleet", SQLITE, 50_000, 50, "whole stories of a fleet on a lossy network, audited for P1 to P8"),
    Row("kill", SQLITE, 5_000, 10, "kill -9 of the real server under load, restart, audit"),
    Row("kill", POSTGRESQL, 1_000, 10, "the same on PostgreSQL"),
    Row("upload_kill", SQLITE, 300, 10, "kill -9 of the real server during uploads to a disk, restart, audit"),
    Row("upload_kill", POSTGRESQL, 100, 10, "the same on PostgreSQL"),
    Row("upload_kill_s3", SQLITE, 60, 10, "the same with the photographs on a real S3 server"),
    Row("race", SQLITE, 500, 5, "interleavings held at barriers"),
    Row("race", POSTGRESQL, 500, 5, "the same on PostgreSQL"),
    Row("order", SQLITE, 5_040, 120, "permutations of record, amendment, answer, photograph and parent"),
    Row("order", POSTGRESQL, 5_040, 120, "the same on PostgreSQL"),
    Row("tus", SQLITE, 500_000, 500, "random HEAD, PATCH, POST, DELETE and breaks against a byte model"),
    Row("interop", SQLITE, 200, 5, "unmodified tus clients through a lossy proxy"),
    Row("network", SQLITE, 5_000, 300, "request or answer cut at every k-th byte"),
    Row("network", POSTGRESQL, 5_000, 300, "the same on PostgreSQL"),
    Row("restore", SQLITE, 1_000, 10, "snapshot, go on, restore or copy back, everybody synchronises"),
    Row("poison", SQLITE, 100, 1, "one bad item among 199 good ones, every kind of bad"),
    Row("poison", POSTGRESQL, 100, 1, "the same on PostgreSQL"),
    Row("bomb", SQLITE, 100, 1, "gzip and zstd bombs"),
    Row("scope", SQLITE, 200_000, 200, "random changes of grants between pulls"),
    Row("month", SQLITE, 2_000, 2_000, "a scripted month of casework against a naive twin, a quarter of an hour"),
    Row("month", POSTGRESQL, 2_000, 2_000, "the same on PostgreSQL"),
)
