"""The quarantine desk: what people decide about items that could not be applied. Originals never change."""

from server.gateway.desk.discarding import confirm_discard, propose_discard, withdraw_discard
from server.gateway.desk.held import Decided
from server.gateway.desk.repairing import repair, replay

__all__ = ["Decided", "confirm_discard", "propose_discard", "repair", "replay", "withdraw_discard"]
