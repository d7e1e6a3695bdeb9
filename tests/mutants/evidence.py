"""Mutants of the evidence model: closing, pairs, redaction, hold and disposal."""

from mutants.mutant import Change, Mutant

_DISPOSALS = "tests/api/test_disposals.py"
_REDACTIONS = "tests/api/test_redactions.py"
_TOMBSTONES = "server/evidence/tombstones.py"

MUTANTS = (
    Mutant(
        "redaction_not_waited_for",
        "The public sees the picture without its redaction until the redacted one is made.",
        (
            Change(
                "server/casework/public_view.py",
                "if redaction is None or not redaction.regions:",
                "if redaction is None or redaction.made_recipe is None:",
            ),
        ),
        (f"{_REDACTIONS}::test_until_the_redacted_picture_is_made_nothing_is_shown_instead[sqlite]",),
    ),
    Mutant(
        "disposal_despite_hold",
        "A disposal is executed although somebody holds the case.",
        (
            Change(_TOMBSTONES, "    if held(session, row.owner_kind, [row.owner_id]):\n        return None\n", ""),
            Change(
                _TOMBSTONES, "Disposal.decided_at <= now() - DELAY, ~kept)", "Disposal.decided_at <= now() - DELAY)"
            ),
        ),
        (f"{_DISPOSALS}::test_an_open_hold_stops_proposing_approving_and_executing[sqlite]",),
    ),
    Mutant(
        "disposal_of_shared_bytes",
        "Bytes are erased although another case shows them.",
        (Change(_TOMBSTONES, "if not _is_used(session, photo.sha256)]", "]"),),
        (f"{_DISPOSALS}::test_what_another_case_shows_keeps_its_bytes_until_that_one_is_disposed_of_too[sqlite]",),
    ),
    Mutant(
        "disposal_alone",
        "Who proposed a disposal may approve it although a second person could.",
        (
            Change(
                "server/evidence/disposals.py",
                "if alone and another_may(",
                "if alone and not reason and another_may(",
            ),
        ),
        (f"{_DISPOSALS}::test_the_proposer_does_not_approve_while_somebody_else_could[sqlite]",),
    ),
    Mutant(
        "closing_counts_old_rounds",
        "After-photographs of an earlier round prove that the present one is done.",
        (Change("server/casework/checklist.py", " or item in answers)", " or bool(item))"),),
        ("tests/api/test_required_shots.py::test_only_the_current_round_of_a_disposal_counts[sqlite]",),
    ),
    Mutant(
        "proposal_over_reviewer",
        "A proposed pair replaces the one that a reviewer has said.",
        (
            Change("server/evidence/pairs.py", "_IS_AFTER & Evidence.paired_by.is_(None)", "_IS_AFTER"),
            Change(
                "server/evidence/pairs.py",
                "Evidence.id == after_id, Evidence.paired_by.is_(None)",
                "Evidence.id == after_id",
            ),
        ),
        ("tests/api/test_pairs.py::test_what_a_reviewer_says_stays_when_more_photographs_come[sqlite]",),
    ),
)
