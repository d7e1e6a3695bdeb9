"""What a page says of a refused step: the problem, and which state met which action, in the reader's words."""

from server import forms
from server.casework.labels import ACTIONS, EVENTS, STATES, TASK_STATUSES
from server.i18n import _
from server.problems import Problem


def tell_problem(problem: Problem) -> None:
    """Do as :func:`server.forms.tell_problem`, and name state and action where the problem does."""
    state, action = problem.members.get("state"), problem.members.get("action")
    also = []
    if state:
        also.append(_("State: %(state)s.", state=STATES.get(state) or TASK_STATUSES.get(state) or state))
    if action:
        also.append(_("Step: %(step)s.", step=ACTIONS.get(action) or EVENTS.get(action) or action))
    forms.tell_problem(problem, *also)
