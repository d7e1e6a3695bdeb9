"""Mutants of what people and handsets may rely on: two persons, proofs, receipts, an outbox that stays."""

from mutants.mutant import Change, Mutant

MUTANTS = (
    Mutant(
        "quarantine_single_person",
        "Whoever proposed to discard an item may confirm it too.",
        (Change("server/gateway/desk/discarding.py", "if alone and another_may(", "if False and another_may("),),
        ("tests/api/test_quarantine_desk.py::test_discarding_needs_two_people[sqlite]",),
    ),
    Mutant(
        "verify_trusts_foreign_rows",
        "An item counts as stored when any other install stored it.",
        (
            Change(
                "server/gateway/verifying.py",
                "InboxItem.install_id == install_id, InboxItem.item_id.in_(set(ids.values()))",
                "InboxItem.item_id.in_(set(ids.values()))",
            ),
        ),
        ("tests/api/test_verify.py::test_another_installs_items_are_needed_like_unknown_ones[sqlite]",),
    ),
    Mutant(
        "digest_with_receipts",
        "The digest counts the receipts of the page, which no mirror holds.",
        (
            Change("sync/feed.py", "digest = digest_without(feed, drawn.deferred)", "digest = _all_told(feed, drawn)"),
            Change(
                "sync/feed.py",
                "def _started(feed: ChangeFeed,",
                """\
def _all_told(feed, drawn):
    told = {
        (change.document["type"], change.document["id"]): change.document["v"]
        for change in drawn.changes
        if change.document["op"] == "put"
    }
    return digest_of((*entity, version) for entity, version in {**feed.versions(), **told}.items())


def _started(feed: ChangeFeed,""",
            ),
        ),
        (
            "tests/unit/test_feed_digest.py::test_the_digest_is_over_everything_seen_but_receipts",
            "tests/api/test_receipts.py::test_the_outcome_of_an_item_that_waited_comes_as_a_receipt[sqlite]",
        ),
    ),
    Mutant(
        "no_receipts",
        "An outcome that changes after its push was answered is not announced.",
        (
            Change(
                "server/gateway/opened.py",
                '        mark(session, f"install:{install_id}", Entity("receipt", key.item_id), version)\n',
                "",
            ),
        ),
        ("tests/api/test_receipts.py::test_the_outcome_of_an_item_that_waited_comes_as_a_receipt[sqlite]",),
    ),
    Mutant(
        "mac_not_checked",
        "The handset believes an answer that nobody proved to be its server's.",
        (Change("sync/handset/line.py", "return hmac.compare_digest(expected, given)", "return True"),),
        ("tests/fault/test_handset_line.py::test_an_answer_whose_mac_does_not_fit_acknowledges_nothing",),
    ),
    Mutant(
        "wipe_with_outbox",
        "A wipe removes the records of the outbox with the mirror.",
        (
            Change(
                "sync/handset/device.py",
                'for table in ("entities", "reconciliations", "documents"):',
                'for table in ("entities", "reconciliations", "documents", "items"):',
            ),
        ),
        ("tests/fault/test_handset_trust.py::test_after_the_grace_a_revoked_handset_keeps_its_outbox",),
    ),
)
