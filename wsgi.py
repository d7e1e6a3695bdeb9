"""The WSGI entry: ``flask --app wsgi …`` and every WSGI server start here."""

from server import load_app

app = load_app()
