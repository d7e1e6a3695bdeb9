"""The audit of the server's own books: marks against records, counters against rows, items against effects, photos.

Each check reads the tables themselves in short snapshots, a chunk at a time, so that it can run beside a full day's
work. What it finds becomes an alarm (server.ledger.alarms). `flask sync audit` and the nightly job run it.
"""
