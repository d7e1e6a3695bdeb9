"""Mutants of storing items and of the database's own durability."""

from mutants.mutant import Change, Mutant

_ROW = "tests/verification/test_race.py::test_an_interleaving_ends_right_whoever_is_first"

MUTANTS = (
    Mutant(
        "check_then_insert",
        "Items are looked up and then inserted without the install's lock, and a refused copy is not tried again.",
        (
            Change(
                "server/gateway/storing.py",
                "    # NO KEY: rows that refer to the install, such as uploads, may be written meanwhile.\n"
                "    .with_for_update(key_share=True)\n",
                "",
            ),
            Change(
                "server/db.py",
                "if isinstance(error, IntegrityError | StaleDataError):",
                "if isinstance(error, StaleDataError):",
            ),
        ),
        (f"{_ROW}[postgresql-same_batch]",),
    ),
    Mutant(
        "ack_before_commit",
        "A push is answered by what will be stored, whether or not its commit succeeds.",
        (
            Change(
                "server/gateway/inbox.py",
                "        self.stored = _available(lambda: transact(store_items, sender, items))\n",
                "        from contextlib import suppress\n\n"
                "        def early(session):\n"
                "            self.stored = store_items(session, sender, items)\n\n"
                "        with suppress(OperationalError):\n"
                "            transact(early)\n",
            ),
        ),
        ("tests/fault/test_acknowledgement.py::test_a_push_whose_commit_fails_acknowledges_nothing[sqlite]",),
    ),
    Mutant(
        "sync_normal",
        "SQLite does not sync its log at each commit, so a power cut takes acknowledged items.",
        (Change("server/db.py", '"synchronous=FULL"', '"synchronous=NORMAL"'),),
        ("tests/api/test_doctor.py::test_our_connections_keep_what_they_commit[sqlite]",),
    ),
    Mutant(
        "sync_off_unseen",
        "The doctor does not look whether PostgreSQL syncs its log at each commit.",
        (
            Change(
                "server/safekeeping/database_checks.py",
                '("fsync", "full_page_writes", "synchronous_commit")',
                '("fsync", "full_page_writes")',
            ),
        ),
        ("tests/api/test_doctor.py::test_our_connections_keep_what_they_commit[postgresql]",),
    ),
)
