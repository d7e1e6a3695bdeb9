"""Runs a planned day against a real server: enrols the crew, lets everybody live, waits until all is quiet.

It counts nothing for the record: whether anything was lost is the auditor's to say (audit.py).
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from sync.fleet.actor import Actor, Camera, Caseload
from sync.fleet.crew import Post, assign_posts, enrol_crew, fetch_officers
from sync.fleet.day import Day
from sync.fleet.desk import Desk, DeskError, Dispatcher
from sync.fleet.network import Fault, LossyTransport, Weather
from sync.fleet.plan import Duty, Orders, plan_day
from sync.handset import LineBroken, Refused

_TICK = 0.25
_DESK_PAUSE = 1.0
# After the day everybody is on a clean network; so long without any progress, although the server answers,
# means that no more will come.
_GIVE_UP_AFTER = 60.0
_LONGEST_EVENING = 300.0


@dataclass(frozen=True)
class Login:
    """A desk account."""

    login: str
    password: str


@dataclass(frozen=True)
class Errand:
    """Where a fleet goes: the server, the folder of this run, how many real seconds a day takes, who helps.

    ``patience``: seconds for which enrolment waits out a server that does not answer.
    """

    url: str
    folder: Path
    real_seconds: float
    admin: Login
    dispatcher: Login
    patience: float = 45.0


@dataclass(frozen=True)
class Progress:
    """One look at a running fleet, for a progress bar. ``share`` of the day in [0, 1]."""

    share: float
    made: int
    unsent: int
    photos: int
    pending_photos: int
    cases: int
    evening: bool


@dataclass(frozen=True)
class RunNotes:
    """What happened on the way; nothing in it is a count of records."""

    trouble: Counter[Fault]
    actions: int
    refusals: tuple[str, ...]
    told: tuple[str, ...]
    failures: tuple[str, ...]
    real_seconds: float


@dataclass
class _DeskWork:
    """The dispatcher's thread: goes round and round until the day is over; waits out a server that is away."""

    dispatcher: Dispatcher
    caseload: Caseload
    failure: str | None = None
    is_cut_off: bool = False
    over: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        while not self.over.wait(_DESK_PAUSE):
            try:
                self.dispatcher.round(self.caseload.ids())
                self.is_cut_off = False
            except LineBroken:
                self.is_cut_off = True
            except Exception as error:  # noqa: BLE001 (a dead thread would only look like an idle desk)
                self.failure = f"dispatcher: {type(error).__name__}: {error}"
                return


def run_fleet(
    orders: Orders, errand: Errand, camera: Camera, observe: Callable[[Progress], None] = lambda _: None
) -> RunNotes:
    """Live one day of a fleet; returns when everything is quiet, or when nothing moves any more.

    Raises DeskError when the day cannot begin: no server, wrong login, no officers.
    """
    began = time.monotonic()
    plans = plan_day(orders)
    weathers = {plan.number: Weather(orders.seed, plan.number) for plan in plans}
    with _desk(errand, errand.admin) as admin, _desk(errand, errand.dispatcher) as desk:
        posts = assign_posts(plans, fetch_officers(admin))
        posts = enrol_crew(posts, admin, errand.folder, errand.url, lambda post: _lossy(weathers[post.number]))
        caseload = Caseload()
        desk_work = _DeskWork(Dispatcher(desk, _squads(posts)), caseload)
        day = Day(orders.hours, errand.real_seconds)
        by_number = {plan.number: plan for plan in plans}
        actors = [
            Actor(
                by_number[post.number],
                post,
                folder=errand.folder,
                url=errand.url,
                day=day,
                camera=camera,
                caseload=caseload,
                weather=weathers[post.number],
            )
            for post in posts
        ]
        _live(actors, desk_work, day, observe)
    return RunNotes(
        trouble=sum((weather.met for weather in weathers.values()), Counter()),
        actions=desk_work.dispatcher.actions,
        refusals=tuple(desk_work.dispatcher.refusals),
        told=tuple(dict.fromkeys(sentence for actor in actors for sentence in actor.told)),
        failures=tuple(failure for failure in (*(actor.failure for actor in actors), desk_work.failure) if failure),
        real_seconds=time.monotonic() - began,
    )


def _live(actors: Sequence[Actor], desk_work: _DeskWork, day: Day, observe: Callable[[Progress], None]) -> None:
    over = threading.Event()
    threads = [threading.Thread(target=actor.live, args=(over,), name=actor.post.folder_name) for actor in actors]
    desk_thread = threading.Thread(target=desk_work.work, name="dispatcher")
    for thread in (*threads, desk_thread):
        thread.start()
    try:
        while day.elapsed() < day.length:
            observe(_progress(actors, desk_work, day))
            time.sleep(_TICK)
        _wait_until_quiet(actors, desk_work, day, observe)
    finally:
        # An interrupted run ends as a whole: nobody keeps sending behind the operator's back.
        day.stop()
        over.set()
        desk_work.over.set()
        for thread in (*threads, desk_thread):
            thread.join()


def _wait_until_quiet(
    actors: Sequence[Actor], desk_work: _DeskWork, day: Day, observe: Callable[[Progress], None]
) -> None:
    """Return when no handset and no case waits for anything, or when nothing moves any more."""
    started = moved = time.monotonic()
    before: object = None
    visits: dict[int, int] = {}
    while time.monotonic() - started < _LONGEST_EVENING and time.monotonic() - moved < _GIVE_UP_AFTER:
        progress = _progress(actors, desk_work, day)
        observe(progress)
        living = [actor for actor in actors if actor.failure is None]
        state = (progress, desk_work.dispatcher.actions, sum(actor.standing.open_tasks for actor in living))
        # A server that is away must come back first; then everybody gets the same time again.
        if state != before or desk_work.is_cut_off:
            before, moved = state, time.monotonic()
            visits = {actor.post.number: actor.standing.visits for actor in actors}
        elif desk_work.dispatcher.is_idle(desk_work.caseload.ids()) and all(
            actor.is_done_for_today(visits[actor.post.number]) for actor in living
        ):
            return
        time.sleep(_TICK)


def _progress(actors: Sequence[Actor], desk_work: _DeskWork, day: Day) -> Progress:
    standings = [actor.standing for actor in actors]
    return Progress(
        share=min(1.0, day.elapsed() / day.length),
        made=sum(standing.made for standing in standings),
        unsent=sum(standing.unsent for standing in standings),
        photos=sum(standing.photos for standing in standings),
        pending_photos=sum(standing.pending_photos for standing in standings),
        cases=len(desk_work.caseload.ids()),
        evening=day.elapsed() >= day.length,
    )


def _squads(posts: Sequence[Post]) -> list[dict[str, str]]:
    squads = {post.squad_id: post.agency_id for post in posts if post.duty is Duty.SQUAD and post.squad_id}
    if not squads:
        raise DeskError("no squad in this fleet: run at least three handsets, so that cases can be disposed of")
    return [{"squad_id": squad_id, "agency_id": agency_id} for squad_id, agency_id in sorted(squads.items())]


def _lossy(weather: Weather) -> httpx.BaseTransport:
    return LossyTransport(httpx.HTTPTransport(retries=0), weather)


@contextmanager
def _desk(errand: Errand, login: Login) -> Iterator[Desk]:
    desk = Desk(errand.url, login.login, login.password, patience=errand.patience)
    try:
        yield desk
    except Refused as error:
        raise DeskError(f"the server refused {login.login}: {error}") from error
    finally:
        desk.close()
