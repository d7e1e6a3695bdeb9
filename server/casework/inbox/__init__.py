"""The inbox of the desks: what happened to cases, told to whoever it concerns.

A notice is written by the transaction of the act that it tells of, so none is lost and none tells of what was rolled
back. It names an officer, a squad (its unit accounts), or whoever has a permission at an agency; who that is, is
found out when it is read. It is a pointer only: the case and its timeline are the record.
"""

from server.casework.inbox.rules import Kind, To, reads_inbox
from server.casework.inbox.telling import Notice, tell

__all__ = ["Kind", "Notice", "To", "reads_inbox", "tell"]
