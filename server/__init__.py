"""Xuncha's application: one package per subject; create_app is the only place where everything meets.

Nothing is imported at module level, so that a subject's rules load without Flask and without a database.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from server.config import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Build the application from ``settings`` (from the environment when omitted)."""
    from server.assembly import assemble
    from server.config import Settings

    return assemble(settings or Settings.from_env())
