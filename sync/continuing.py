"""Whether a token of an earlier page still fits the feed, or its holder must reconcile."""

from collections.abc import Mapping

from sync.ports import ScopeEnds


class ReconcileRequiredError(Exception):
    """The token cannot be continued; ``reason`` is expired, epoch, scope, ahead or bad_cursor."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def demand_same_history(told: tuple[str, str], now: tuple[str, str]) -> None:
    """Compare (epoch, officer) of a token with those that hold now."""
    if told[0] != now[0]:
        raise ReconcileRequiredError("epoch")
    if told[1] != now[1]:
        raise ReconcileRequiredError("scope")


def demand_reachable(positions: Mapping[str, int], ends: Mapping[str, ScopeEnds]) -> None:
    """See that marks after ``positions`` are complete: same scopes, nothing purged, no number from the future."""
    if positions.keys() != ends.keys():
        raise ReconcileRequiredError("scope")
    for scope, end in ends.items():
        if positions[scope] > end.head:
            raise ReconcileRequiredError("ahead")
        if positions[scope] < end.floor:
            raise ReconcileRequiredError("expired")
