"""Mutants of casework: what keeps deadlines, decisions and duplicates right."""

from mutants.mutant import Change, Mutant

_GROUPING, _SWEEPS = "server/casework/duplicates/grouping.py", "server/casework/sweeps.py"
_TIMING, _STANDING = "server/casework/operations/timing.py", "server/casework/requests/standing.py"
_DUPLICATES, _REQUESTS = "tests/api/test_duplicates.py", "tests/api/test_case_requests.py"

MUTANTS = (
    Mutant(
        "duplicates_by_id",
        "Which of two reports is the duplicate follows their random ids, not the time at which they were seen.",
        (
            Change(
                _GROUPING,
                "    return not sighting.anchored, sighting.at, sighting.case_id",
                "    return not sighting.anchored, sighting.case_id",
            ),
        ),
        ("tests/property/test_grouping.py::test_the_first_by_time_stands_and_fifty_metres_and_a_day_are_near",),
    ),
    Mutant(
        "duplicates_overrule_desks",
        "A case that a desk has acted on is attached like a report that nobody has looked at.",
        (Change(_GROUPING, "        main = None if sighting.anchored else _joined(", "        main = _joined("),),
        ("tests/property/test_grouping.py::test_who_a_report_is_attached_to_stands_for_itself_and_is_near",),
    ),
    Mutant(
        "parted_are_joined_again",
        "A pair that a person has parted is attached again by the policy.",
        (Change(_GROUPING, " and frozenset({sighting.case_id, main.case_id}) not in apart", ""),),
        (f"{_DUPLICATES}::test_a_desk_merges_and_parts_again_and_the_policy_never_joins_them_anew",),
    ),
    Mutant(
        "lateness_told_without_lock",
        "A sweep tells of clocks that it found, without looking again under their lock whether somebody was told.",
        (
            Change(
                _SWEEPS,
                "_locked(session, found, CaseClock.told_overdue_at.is_(None), CaseClock.due_at < moment)",
                "_locked(session, found, CaseClock.due_at < moment)",
            ),
        ),
        ("tests/api/test_deadline_sweeps.py::test_two_workers_at_once_tell_each_thing_once",),
    ),
    Mutant(
        "pauses_count",
        "The time for which a clock is held counts for its limit.",
        (
            Change(
                _TIMING,
                "    pauses = [Pause(row.begun_at, row.ended_at) for row in rows]",
                "    pauses: list[Pause] = []",
            ),
        ),
        ("tests/api/test_case_clocks.py::test_a_suspension_holds_the_clock_and_lets_it_go_on",),
    ),
    Mutant(
        "appeal_erases_lateness",
        "An approved appeal makes a late clock one that was in time.",
        (Change(_TIMING, "    clock.exempted_at = at\n", "    clock.exempted_at = at\n    clock.late = False\n"),),
        (f"{_REQUESTS}::test_an_appeal_is_reviewed_by_two_and_never_erases_the_lateness",),
    ),
    Mutant(
        "one_person_decides",
        "Who asked for a forced close, an extension or an exemption may also decide on it.",
        (
            Change(
                _STANDING,
                "    if another_may(session, permission, agency_id, actor.officer_id):",
                "    if another_may is None:",
            ),
        ),
        (
            f"{_REQUESTS}::test_who_asked_does_not_decide",
            f"{_REQUESTS}::test_the_two_reviews_of_an_appeal_are_two_people",
        ),
    ),
    Mutant(
        "codes_count_twice",
        "A one-time code that was shown once opens another session.",
        (
            Change(
                "server/identity/operations/shown_codes.py",
                "shown.text, now(), factor.last_step)",
                "shown.text, now())",
            ),
        ),
        ("tests/api/test_second_factor.py::test_signing_in_asks_for_the_code_and_each_code_counts_once",),
    ),
)
