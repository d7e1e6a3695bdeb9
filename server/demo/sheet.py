"""What a newcomer reads when the demo starts: address, logins, an enrolment code, and what to type next."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from sqlalchemy.orm import Session

from server.db import transact
from server.demo.people import DESK_LOGINS
from server.demo.roster import actor_of
from server.identity.operations import IssuedCode, create_enrolment_code
from server.identity.passwords import DEMO_PASSWORD
from server.identity.rules import Role
from server.problems import Problem

NEXT_STEP = ".venv/bin/flask --app wsgi fleet run --handsets 20 --hours 8"
# One login per role; the handset of the last collector is the newcomer's.
LOGINS = (*DESK_LOGINS, ("c001", Role.COLLECTOR), ("e001", Role.ENFORCEMENT_OFFICER))
NEWCOMER = "c040"
_PURPOSES = {
    Role.SYSTEM_ADMIN: "accounts, handsets, standards, grids",
    Role.SECURITY_ADMIN: "grants roles, resets second factors",
    Role.AUDIT_ADMIN: "reads the audit log",
    Role.ACCEPTANCE: "files and closes cases",
    Role.DISPATCHER: "files, dispatches and closes cases",
    Role.SUPERVISOR: "sees all, decides requests",
    Role.REVIEWER: "reviews photographs and appeals",
    Role.UNIT: "disposes of its cases, asks for time",
    Role.COLLECTOR: "carries a handset, reports and checks",
    Role.ENFORCEMENT_OFFICER: "carries a handset, disposes",
}


def demo_sheet(address: str) -> RenderableType:
    """Return the sheet; issues a fresh enrolment code each time, because codes are single-use and last a day."""
    table = Table(title="Demo city Chengpu 澄浦", title_justify="left")
    for heading in ("login", "role", "what for"):
        table.add_column(heading)
    for login, role in LOGINS:
        table.add_row(login, role, _PURPOSES[role])
    return Group(
        table,
        _line("Console:", address),
        _line("Password of all demo logins:", DEMO_PASSWORD),
        _line("Enrolment code for a handset:", _code()),
        _line("Next, in a second terminal:", ""),
        # On a line of its own, so that it can be copied from a terminal of 80 columns.
        Text(f"  {NEXT_STEP}"),
    )


def _line(label: str, text: str) -> Text:
    # Text, not markup: rich would colour or swallow parts of an address.
    return Text.assemble((label, "bold"), " ", text)


def _code() -> str:
    try:
        issued = transact(_issue)
    except Problem as problem:
        return f"none ({problem.detail or problem.slug}); create one in the console under Officers"
    return f"{issued.code} ({NEWCOMER} {issued.officer_name}, once, 24 h)"


def _issue(session: Session) -> IssuedCode:
    admin, collector = actor_of(session, "admin"), actor_of(session, NEWCOMER)
    if admin is None or collector is None:
        raise Problem("not-found", "the demo's administrator or collector is gone or deactivated")
    return create_enrolment_code(session, admin, collector.officer_id)
