"""Mutants of the change feed: numbers, cursors and purging done in the ways that lose changes."""

from mutants.mutant import Change, Mutant

_MARKS, _QUERIES, _PURGE = "server/ledger/marks.py", "server/ledger/queries.py", "server/ledger/purge.py"
_RACE = "tests/fault/test_race_feed.py"

_COUNTED = """\
    head = session.execute(_counting(dialect), {"scope": scope, "head": len(rows), "floor": 0}).scalar_one()
"""
# As a sequence does: the number is taken at once, and nobody waits for the commit of whoever has taken it.
_DRAWN = """\
    with Session(session.get_bind()) as sequence:
        head = sequence.execute(_counting(dialect), {"scope": scope, "head": len(rows), "floor": 0}).scalar_one()
        sequence.commit()
"""
_CLOCKED = """\
    import time

    head = time.time_ns() // 1000
    counted = insert_in(dialect, _scope).values(scope=scope, head=head, floor=0)
    with Session(session.get_bind()) as clock:
        clock.execute(counted.on_conflict_do_update(index_elements=[_scope.c.scope], set_={"head": head}))
        clock.commit()
"""
_UNIQUE = ("server/ledger/models.py", 'Index("uq_feed_mark_scope_seq", "scope", "seq", unique=True)')

MUTANTS = (
    Mutant(
        "naive_seq",
        "Numbers come from a sequence, so a later number may be committed and read before an earlier one.",
        (Change(_MARKS, _COUNTED, _DRAWN),),
        (f"{_RACE}::test_a_change_that_took_its_number_first_and_commits_last_is_delivered",),
    ),
    Mutant(
        "updated_at",
        "Changes are numbered by the time at which they were written, which is not the order of their commits.",
        (Change(_MARKS, _COUNTED, _CLOCKED),),
        (f"{_RACE}::test_a_change_that_took_its_number_first_and_commits_last_is_delivered",),
    ),
    Mutant(
        "xmin_seq",
        "Numbers come from a sequence, and readers leave out what is not older than every open transaction.",
        (
            Change(_MARKS, _COUNTED, _DRAWN),
            Change(
                _QUERIES, "from sqlalchemy import bindparam, select", "from sqlalchemy import bindparam, select, text"
            ),
            Change(
                _QUERIES,
                '_mark.seq > bindparam("position"))',
                '_mark.seq > bindparam("position"))\n'
                '    .where(text("feed_mark.xmin::text::bigint < txid_snapshot_xmin(txid_current_snapshot())"))',
            ),
        ),
        (f"{_RACE}::test_a_change_of_the_older_transaction_hides_none_that_took_its_number_before",),
    ),
    Mutant(
        "tx_number",
        "All changes of a transaction have one number, so a page cut between them loses the rest.",
        (
            Change(_MARKS, '"head": len(rows), "floor": 0}', '"head": 1, "floor": 0}'),
            Change(_MARKS, '"seq": head - len(rows) + place}', '"seq": head}'),
            Change(*_UNIQUE, 'Index("uq_feed_mark_scope_seq", "scope", "seq")'),
            Change(
                "server/migrations/versions/0001_the_first_release.py",
                'op.create_index("uq_feed_mark_scope_seq", "feed_mark", ["scope", "seq"], unique=True)',
                'op.create_index("uq_feed_mark_scope_seq", "feed_mark", ["scope", "seq"])',
            ),
        ),
        (f"{_RACE}::test_pages_cut_inside_one_transaction_bring_all_of_it",),
    ),
    Mutant(
        "unsorted_scopes",
        "Counter rows are locked in the order of the marks, so two writers may wait for each other.",
        (Change(_MARKS, "for scope in sorted(by_scope, key=str.encode):", "for scope in by_scope:"),),
        (f"{_RACE}::test_writers_who_name_their_scopes_in_opposite_order_never_wait_in_a_circle",),
    ),
    Mutant(
        "head_as_cursor",
        "The next cursor is the head as it stands after the page was read, outside the page's snapshot.",
        (
            Change(
                "server/gateway/feed.py",
                '        """Return head and floor of the officer\'s scopes."""\n        return self._ends',
                '        """Return head and floor of the officer\'s scopes."""\n'
                "        from server.db import read\n\n"
                "        return read(standing, self._asking).ends",
            ),
            Change(
                "sync/feed.py",
                "Cursor(feed.epoch, officer_id, drawn.positions, seen_at",
                "Cursor(feed.epoch, officer_id, "
                "{scope: end.head for scope, end in feed.ends().items()} if not has_more else drawn.positions, seen_at",
            ),
        ),
        (f"{_RACE}::test_what_is_committed_while_a_page_is_read_comes_with_the_next",),
    ),
    Mutant(
        "head_of_the_scope_as_cursor",
        "The next cursor is the head of the page's own snapshot, although the page was cut before it.",
        (
            Change(
                "sync/feed.py",
                "Cursor(feed.epoch, officer_id, drawn.positions, seen_at",
                "Cursor(feed.epoch, officer_id, {scope: end.head for scope, end in ends.items()}, seen_at",
            ),
        ),
        ("tests/unit/test_feed_pages.py::test_the_cursor_is_the_last_number_returned_and_never_the_head",),
    ),
    Mutant(
        "purge_without_seq",
        "Marks are purged by what they point at, without the scope's lock: what changed meanwhile goes with them.",
        (
            Change(
                _PURGE,
                "from sqlalchemy import delete, select, update",
                "from sqlalchemy import delete, select, tuple_, update",
            ),
            Change(
                _PURGE,
                "    session.execute(select(FeedScope.scope).where(FeedScope.scope == scope).with_for_update())\n",
                "",
            ),
            Change(
                _PURGE,
                "    gone = session.scalars(\n"
                "        delete(FeedMark).where(FeedMark.scope == scope, FeedMark.seq <= newest_to_go)",
                "    named = tuple_(FeedMark.entity_type, FeedMark.entity_id)\n"
                "    old = session.execute(\n"
                "        select(FeedMark.entity_type, FeedMark.entity_id)\n"
                "        .where(FeedMark.scope == scope, FeedMark.seq <= newest_to_go)\n"
                "    ).all()\n"
                "    gone = session.scalars(\n"
                "        delete(FeedMark).where(FeedMark.scope == scope, named.in_([tuple(row) for row in old]))",
            ),
        ),
        (f"{_RACE}::test_an_entity_that_changes_during_a_purge_is_told",),
    ),
)
