"""Mutants of locks: what meets must lock before it looks."""

from mutants.mutant import Change, Mutant

_ROOTS, _REPORTING = "server/casework/operations/roots.py", "server/casework/operations/reporting.py"
_RACE = "tests/fault/test_race_cases.py"
_TURNS = f"{_RACE}::test_a_reassignment_and_an_arriving_photograph_take_turns"
_ROW = "tests/verification/test_race.py::test_an_interleaving_ends_right_whoever_is_first"

MUTANTS = (
    Mutant(
        "no_root_lock",
        "Whoever changes a case reads it without locking it, so two may act on the same past.",
        (
            Change(_ROOTS, ".with_for_update().execution_options(**_FRESH)", ".execution_options(**_FRESH)"),
            Change(_ROOTS, "    .order_by(Case.id)\n    .with_for_update()\n", "    .order_by(Case.id)\n"),
            Change(_ROOTS, "    .with_for_update(of=Case)\n", ""),
            Change(_ROOTS, ".scalar_subquery())\n    .with_for_update()\n", ".scalar_subquery())\n"),
        ),
        (f"{_TURNS}[desk first]", f"{_TURNS}[photograph first]"),
    ),
    Mutant(
        "lock_joined_with_grants",
        "Cases are locked in one statement with the reading of their tasks: after the wait these are old ones.",
        (
            Change(
                _REPORTING,
                "    cases = lock_cases(session, chosen)\n",
                """\
    from sqlalchemy import select

    from server.casework.models import FieldTask

    joined = session.execute(
        select(Case, FieldTask)
        .outerjoin(FieldTask, FieldTask.case_id == Case.id)
        .where(Case.id.in_(chosen))
        .order_by(Case.id)
        .with_for_update(of=Case)
        .execution_options(populate_existing=True)
    ).all()
    cases = list(dict.fromkeys(case for case, _ in joined))
""",
            ),
            Change(
                _REPORTING,
                "show_tasks(session, tasks_of(session, open_cases))",
                "show_tasks(session, [task for case, task in joined if task is not None and case.id in open_cases])",
            ),
        ),
        (f"{_TURNS}[desk first]",),
    ),
    Mutant(
        "no_rendezvous",
        "Who brings a task and who waits for it do not lock its key, so each may look before the other is there.",
        (
            Change(
                "server/ledger/operations.py",
                "    ordered = sorted(set(keys), key=str.encode)",
                "    ordered: list[str] = []",
            ),
        ),
        (f"{_RACE}::test_a_task_and_the_answer_that_waits_for_it_meet",),
    ),
    Mutant(
        "no_sender_lock",
        "Items and photographs of one handset are taken in without the lock of install and officers.",
        (Change("server/identity/locks.py", 'dialect.name != "postgresql":', 'dialect.name != "none that needs it":'),),
        (
            f"{_ROW}[postgresql-photo_and_record]",
            f"{_ROW}[postgresql-parent_and_child]",
        ),
    ),
)
