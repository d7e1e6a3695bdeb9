"""What can happen in a story: one small class for each, found by its name."""

from collections.abc import Mapping

from sync.simulation.events import field, handset, office, server
from sync.simulation.events.event import Event

EVENTS: Mapping[str, Event] = {
    event.name: event for event in (*field.EVENTS, *handset.EVENTS, *office.EVENTS, *server.EVENTS)
}

__all__ = ["EVENTS", "Event"]
