"""Xuncha's application: one package per subject; create_app is the only place where everything meets.

Nothing of ours is imported at module level, so that a subject's rules load without Flask and without a database.
"""

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from server.config import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Build the application from ``settings`` (from the environment when omitted)."""
    from server.assembly import assemble
    from server.config import Settings

    return assemble(settings or Settings.from_env())


def load_app() -> "Flask":
    """Build the one application of a process, as :func:`create_app` does from the environment.

    What loading makes stays for good, and hardly any of it is garbage. Looking through it again and again while it
    grows, and once more at the end of every command, takes a third of a start; so nobody looks through it at all.
    """
    gc.disable()
    try:
        return create_app()
    finally:
        gc.freeze()
        gc.enable()
