"""The WSGI entry: ``flask --app wsgi …`` and every WSGI server start here."""

from server import create_app

app = create_app()
