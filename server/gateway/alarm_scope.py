"""Who may see and clear alarms: they are about the whole deployment, so a role in one district is not enough."""

from server.identity.rules import Actor, Permission
from server.problems import Problem, _


def whole_deployment(actor: Actor, permission: Permission) -> None:
    """Demand ``permission`` at a top agency; raises forbidden."""
    scope = actor.require(permission)
    # A top agency's path has one segment: 990101/ is the city, 990101/001/ a street of it.
    if not any(path.count("/") == 1 for path in scope):
        raise Problem("forbidden", _("This is about the whole deployment: it needs the role at the top agency."))
