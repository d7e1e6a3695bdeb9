"""The console's own pages: importing the modules hangs their routes on the blueprint."""

from server.console import account, gallery, home
from server.console.pages import pages

__all__ = ["account", "gallery", "home", "pages"]
