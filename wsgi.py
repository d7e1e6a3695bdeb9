"""The WSGI entry: ``flask --app wsgi …`` and every WSGI server start here."""

import gc

from server import create_app

# What loading makes stays for good, and hardly any of it is garbage: looking through it again and again while it grows,
# and once more at the end of every command, takes a third of the time of a start.
gc.disable()
try:
    app = create_app()
finally:
    gc.freeze()
    gc.enable()
