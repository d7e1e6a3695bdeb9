"""The console's own pages: importing the modules hangs their routes on the blueprint."""

from server.console import account, alike, gallery, home, own_factor
from server.console.pages import pages

__all__ = ["account", "alike", "gallery", "home", "own_factor", "pages"]
