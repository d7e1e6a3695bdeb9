"""The overview: the first page after signing in."""

from flask import render_template
from flask.typing import ResponseReturnValue

from server.clock import now
from server.console.pages import pages
from server.console.queries import overview
from server.db import read
from server.web import actor


@pages.get("/")
def home() -> ResponseReturnValue:
    """Show the figures that this officer may see and what waits for a decision."""
    return render_template("console/home.html", view=read(overview, actor(), now()))
