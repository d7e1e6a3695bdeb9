"""Mutants of the custody log: numbering, forks, disposal, the check, the scrubber."""

from mutants.mutant import Change, Mutant

_FORKS = "server/ledger/custody/forks.py"
_CHECKPOINTS = "tests/api/test_custody_checkpoints.py::TestAFork"
_KEY = "tests/api/test_custody_checkpoints.py::TestTheLogKey"
_DISPOSAL = "tests/api/test_custody_disposal.py"
_TAMPERING = "tests/property/test_custody_tampering.py"

MUTANTS = (
    Mutant(
        "fork_signed",
        "A log that was rewritten since its last checkpoint is signed.",
        (Change(_FORKS, "    if not extends(", "    if False and not extends("),),
        (f"{_CHECKPOINTS}::test_of_the_tree_is_not_signed[sqlite]",),
    ),
    Mutant(
        "outside_ignored",
        "A log that contradicts the checkpoints outside is signed.",
        (Change(_FORKS, "        if outside is not None:", "        if False:"),),
        (
            f"{_CHECKPOINTS}::test_of_a_log_that_was_cut_with_its_checkpoints_is_noticed_from_outside[sqlite]",
            f"{_CHECKPOINTS}::test_of_a_tree_with_its_checkpoints_is_noticed_from_outside[sqlite]",
        ),
    ),
    Mutant(
        "leaf_like_node",
        "A leaf is hashed as a node is, so that a node's content could pass for an event.",
        (Change("server/ledger/custody/merkle.py", 'sha256(b"\\x00" + record)', 'sha256(b"\\x01" + record)'),),
        ("tests/unit/test_merkle.py::test_a_leaf_cannot_pass_for_a_node",),
    ),
    Mutant(
        "disposed_unnumbered",
        "An event is blanked before its hash is in the log.",
        (
            Change(
                "server/ledger/custody/disposing.py",
                "    if session.execute(waiting).first() is not None:",
                "    if False:",
            ),
        ),
        (f"{_DISPOSAL}::test_of_what_is_not_in_the_log_yet_is_refused_and_changes_nothing[sqlite]",),
    ),
    Mutant(
        "blank_believed",
        "The check takes a blanked event for a disposed one, whoever blanked it.",
        (
            Change(
                "server/ledger/custody/audit/run.py",
                "    for rereading in rereadings:\n        for event_id",
                "    for rereading in ():\n        for event_id",
            ),
        ),
        (f"{_TAMPERING}::test_an_event_that_was_blanked_without_a_disposal_is_found[sqlite]",),
    ),
    Mutant(
        "key_made_anew",
        "A lost log key is replaced in silence, and nobody's verifier key fits any more.",
        (
            Change(
                "server/ledger/custody/signer.py",
                "        if last is not None:\n            raise",
                "        if False:\n            raise",
            ),
        ),
        (f"{_KEY}::test_that_was_lost_stops_signing_and_says_what_to_do[sqlite]",),
    ),
    Mutant(
        "scrub_believes",
        "The scrubber reads every original and compares nothing.",
        (
            Change(
                "server/evidence/scrubbing.py",
                "None if found.sha256 == sha256 else found.sha256",
                "None",
            ),
        ),
        ("tests/api/test_scrubbing.py::test_a_flipped_bit_is_named_and_alarms[sqlite]",),
    ),
)
