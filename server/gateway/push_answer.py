"""The answer to a push: a verdict for each item, and what the handset should know besides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from server.current import settings
from server.db import glance, read
from server.evidence.queries import missing_of_items
from server.gateway.answers import envelope
from server.gateway.left import finish_left
from server.gateway.opened import outcomes
from server.gateway.pressure import Pressure
from server.gateway.pull_api import pull_for
from server.gateway.storing import Stored
from server.gateway.wants import photo_wants
from server.identity.rules import Handset
from server.logs import log
from server.problems import Problem
from sync.envelope import Push
from sync.feed import MOST_CHANGES
from sync.handset_time import Anchor, counter
from sync.item import State

MOST_WANTS = 200
_UNDECIDED = ["interpretation"]

Result = dict[str, Any]
R = TypeVar("R")


@dataclass(frozen=True)
class Taken:
    """What became of a push: what was stored, the engine's results, the clocks of the request, the rush it met."""

    stored: Stored
    results: list[Result]
    anchor: Anchor
    pressure: Pressure


def unstored_answer(batch: Push, results: list[Result], pressure: Pressure) -> dict[str, Any]:
    """Answer that nothing could be stored: every result says retry, and everything else would be a guess."""
    _explain(results)
    return envelope(batch_id=batch.batch_id, results=results, sync_after_s=pressure.retry_after())


def push_answer(asking: Handset, batch: Push, taken: Taken) -> dict[str, Any]:
    """Return the whole answer; the items are committed, so nothing that fails from here on may cost it."""
    stored, install_id = taken.stored, asking.install_id
    if stored.has_left:
        _besides(lambda: _finish(install_id, taken.results))
    _besides(lambda: _name_missing(install_id, taken.results))
    _explain(taken.results)
    wants = _besides(lambda: glance(photo_wants, install_id, MOST_WANTS)) or []
    answer = envelope(
        epoch=stored.epoch,
        batch_id=batch.batch_id,
        results=taken.results,
        acked_through=stored.numbers.through,
        gaps=[list(gap) for gap in stored.numbers.gaps(counter(batch.on_handset.get("dseq_next")))],
        backed_up_through=stored.backed_up_through,
        clock=taken.anchor.advice(),
        photo_wants=wants,
        sync_after_s=taken.pressure.sync_after(install_id, busy=bool(wants)),
        limits=settings().limits.as_json(),
    )
    if stored.must_verify:
        answer["verify"] = True
    if batch.pull is not None:
        answer["pull"] = _piggy_backed(asking, batch.pull)
    return answer


def _besides(work: Callable[[], R]) -> R | None:
    """Do what the answer can do without; a busy database must not withhold an acknowledgement."""
    try:
        return work()
    except (Problem, SQLAlchemyError) as error:
        log.warning("push-answer-without", exc_info=error)
        return None


def _finish(install_id: UUID, results: list[Result]) -> None:
    """Finish what a process that died has left, and tell it where these results asked for it."""
    if not finish_left(install_id):
        return
    undecided = [result for result in results if result.get("current", {}).get("needs") == _UNDECIDED]
    now_told = read(outcomes, install_id, [result["n"] for result in undecided])
    for result in undecided:
        current = now_told[result["n"]]
        result.pop("needs", None)
        result.update(current | {"state": State.DUPLICATE, "current": current})


def _name_missing(install_id: UUID, results: list[Result]) -> None:
    """Say of items known before which of their photographs are still missing; of new ones the verdict knows."""
    repeated = [result for result in results if result["state"] == State.DUPLICATE]
    if not repeated:
        return
    missing = read(missing_of_items, install_id, [UUID(result["id"]) for result in repeated])
    for result in repeated:
        if hashes := missing.get(UUID(result["id"])):
            result["missing_photos"] = hashes


def _explain(results: list[Result]) -> None:
    for result in results:
        if "slug" in result:
            result["problem"] = Problem(result.pop("slug")).body()


def _piggy_backed(asking: Handset, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Run the pull that a push carries; its failure is its own and never costs the push its answer."""
    cursor, limit = wanted.get("cursor"), wanted.get("limit")
    given = cursor if isinstance(cursor, str) else None
    try:
        return pull_for(asking, given, limit if isinstance(limit, int) else MOST_CHANGES)
    except Problem as problem:
        return {"problem": problem.body()}
    except Exception as error:  # noqa: BLE001 (the items are stored: their verdicts must reach the handset)
        log.error("pull-failed", exc_info=error)
        return {"problem": Problem("internal").body()}
