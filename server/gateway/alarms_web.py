"""Console page of the alarms: each with what it means, how often it was raised, and a button to clear it."""

from flask import render_template
from flask.typing import ResponseReturnValue

from server.db import read, transact
from server.forms import field, go, tell, tell_problem
from server.gateway.alarm_scope import whole_deployment
from server.i18n import _
from server.identity.rules import Permission
from server.ledger.alarms import clear_alarm, open_alarms
from server.problems import Problem
from server.web import actor, console_pages

pages = console_pages("alarm")


@pages.get("/alarms")
def alarms() -> ResponseReturnValue:
    """List the open alarms, newest first."""
    whole_deployment(actor(), Permission.READ_FLEET)
    return render_template("gateway/alarms.html", alarms=read(open_alarms))


@pages.post("/alarms/clear")
def clear() -> ResponseReturnValue:
    """Clear one alarm; it opens again by itself when its cause comes back."""
    try:
        whole_deployment(actor(), Permission.ADMINISTER_HANDSETS)
        transact(clear_alarm, actor().officer_id, field("name"), field("subject"))
        tell(_("The alarm is cleared. It opens again by itself if its cause comes back."))
    except Problem as problem:
        tell_problem(problem)
    return go("alarm_pages.alarms")
