"""Who may see and clear alarms: they are about the whole deployment, so a role in one district is not enough."""

from server.identity.rules import Actor, Permission


def whole_deployment(actor: Actor, permission: Permission) -> None:
    """Demand ``permission`` at a top agency; raises forbidden."""
    actor.require_at_top(permission)
