"""The check of the whole custody log: every leaf and node again from the events, every checkpoint here and outside.

Reads only, in batches that each see one snapshot, so that it may run beside the server and be interrupted. It names
what differs. That what is consistent is also true, only copies in places that we cannot write can show.
"""
