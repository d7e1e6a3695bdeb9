"""One officer with a handset on a simulated day: reports or disposes, goes offline, comes back, synchronises."""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from sync.fleet.crew import Post
from sync.fleet.day import Day, SkewedClock
from sync.fleet.network import LossyTransport, Weather
from sync.fleet.plan import Duty, HandsetPlan, PlannedReport, PlannedShot, plan_after_shots, plan_check_shots
from sync.handset import Handset, LineBroken, Refused, Snap, SyncTally

_TRIES = 3
# In the evening a handset asks this often for what is left to do, seconds.
_PAUSE = 1.5
_DISPOSAL = ("accepted", "started", "done")


@dataclass(frozen=True)
class Shot:
    """What a camera is asked for: planned picture, moment (aware) and place (degrees, WGS 84).

    ``nth`` counts the pictures of one role of one place from 0: they must not look alike.
    """

    role: str
    nth: int
    scene: str
    scene_seed: int
    size: tuple[int, int]
    taken_at: datetime
    lon: float
    lat: float


Camera = Callable[[Shot], bytes]


class Caseload:
    """The cases that this fleet's reports opened, so that nobody touches other people's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scenes: dict[str, tuple[str, int]] = {}

    def add(self, case_id: str, scene: str, scene_seed: int) -> None:
        """Note one case and the scene that its photographs show."""
        with self._lock:
            self._scenes.setdefault(case_id, (scene, scene_seed))

    def scene(self, case_id: str) -> tuple[str, int] | None:
        """Return the scene and its seed, or None when the case is not this fleet's."""
        with self._lock:
            return self._scenes.get(case_id)

    def ids(self) -> Collection[str]:
        """Return the case ids known by now."""
        with self._lock:
            return frozenset(self._scenes)


@dataclass(frozen=True)
class Standing:
    """How far one handset is, for the progress display and to know when the day is over; never for the audit."""

    made: int = 0
    unsent: int = 0
    photos: int = 0
    pending_photos: int = 0
    open_tasks: int = 0
    visits: int = 0

    def is_quiet(self) -> bool:
        """Say whether nothing waits on this handset."""
        return self.unsent == 0 and self.pending_photos == 0 and self.open_tasks == 0


class Actor:
    """Lives one planned day in its own thread."""

    def __init__(
        self,
        plan: HandsetPlan,
        post: Post,
        *,
        folder: Path,
        url: str,
        day: Day,
        camera: Camera,
        caseload: Caseload,
        weather: Weather,
    ) -> None:
        self.post = post
        self.weather = weather
        self.standing = Standing()
        self.told: list[str] = []
        self.failure: str | None = None
        self._plan = plan
        self._folder = folder / post.folder_name
        self._url = url
        self._day = day
        self._camera = camera
        self._caseload = caseload
        self._reports: dict[str, PlannedReport] = {}
        self._own_cases: set[str] = set()
        self._steps: dict[tuple[str, int], int] = {}
        self._photos = 0

    def live(self, over: threading.Event) -> None:
        """Live the day, then keep synchronising on a clean network until ``over``; never raises."""
        clock = SkewedClock(self._day, self.post.folder_name, self._plan.skew, self._plan.reboot_at)
        transport = LossyTransport(httpx.HTTPTransport(retries=0), self.weather)
        try:
            with Handset(self._folder, self._url, clock=clock, transport=transport) as handset:
                self._work_through(handset)
                self.weather.clean = True
                while not over.is_set():
                    self._visit(handset)
                    over.wait(_PAUSE)
        except Exception as error:  # noqa: BLE001 (a dead thread would only look like a quiet handset)
            self.failure = f"handset {self.post.number}: {type(error).__name__}: {error}"

    def is_done_for_today(self, visits: int) -> bool:
        """Say whether nothing waits here, as a whole synchronisation after the given number of them has shown.

        The first that ends afterwards may have begun before; the second has not.
        """
        return self.weather.clean and self.standing.is_quiet() and self.standing.visits >= visits + 2

    def _work_through(self, handset: Handset) -> None:
        happenings: list[tuple[float, PlannedReport | None]] = [(report.at, report) for report in self._plan.reports]
        happenings += [(at, None) for at in self._plan.syncs]
        for at, report in sorted(happenings, key=lambda happening: happening[0]):
            if not self._day.wait_until(at):
                return
            if report is None:
                self._visit(handset)
            else:
                self._report(handset, report)

    def _visit(self, handset: Handset) -> None:
        """Synchronise, trying again like an impatient officer, then do what the tasks ask for."""
        for _ in range(_TRIES):
            try:
                self._note(handset.sync())
            except LineBroken:
                continue
            except Refused as error:
                self.told.append(f"handset {self.post.number}: {error}")
            break
        self._note_cases(handset)
        open_tasks = sum(self._work_on(handset, task) for task in handset.mirror.entities("task"))
        self.standing = Standing(
            made=handset.outbox.made(),
            unsent=handset.outbox.unsent_count() + len(handset.outbox.undecided()),
            photos=self._photos,
            pending_photos=len(handset.album.pending()),
            open_tasks=open_tasks,
            visits=self.standing.visits + 1,
        )

    def _note(self, tally: SyncTally) -> None:
        self.told += [f"handset {self.post.number}: {sentence}" for sentence in tally.told]

    def _note_cases(self, handset: Handset) -> None:
        """Learn which case each own report became: from the answers, or from the mirror where none came."""
        mirrored = {case["item_id"]: str(case["case_id"]) for case in handset.mirror.entities("case")}
        for item_id, report in self._reports.items():
            case_id = _case_id(handset.outbox.item(item_id).answer) or mirrored.get(item_id)
            if case_id:
                self._own_cases.add(case_id)
                self._caseload.add(case_id, report.category.scene, report.shots[0].scene_seed)

    def _report(self, handset: Handset, report: PlannedReport) -> None:
        payload = {
            "category": {"scheme": report.category.scheme, "code": report.category.code},
            "description": report.description,
            "position": _position(report.lon, report.lat),
        }
        scene, taken_at = report.category.scene, self._day.now()
        snaps = [
            self._snap(Shot(shot.role, 0, scene, shot.scene_seed, shot.size, taken_at, report.lon, report.lat))
            for shot in report.shots
        ]
        self._reports[self._record(handset, "report", payload, snaps)] = report

    def _work_on(self, handset: Handset, task: Mapping[str, Any]) -> bool:
        """Do the next step of one task, one step a visit; returns whether the task still waits for this handset."""
        scene = self._caseload.scene(task["case_id"])
        if scene is None or task["status"] in {"done", "declined", "cancelled"} or not self._is_mine(task):
            return False
        key = (str(task["task_id"]), int(task["assignment_no"]))
        steps = _DISPOSAL if task["task_kind"] == "disposal" else _DISPOSAL[-1:]
        step = self._steps.get(key, 0)
        if step < len(steps):
            self._step(handset, task, steps[step], scene)
            self._steps[key] = step + 1
        return True

    def _is_mine(self, task: Mapping[str, Any]) -> bool:
        if task["task_kind"] == "disposal_check":
            return str(task["case_id"]) in self._own_cases
        of_the_squad = self.post.duty is Duty.SQUAD and task["squad_id"] == self.post.squad_id
        return of_the_squad and self.post.takes(str(task["task_id"]))

    def _step(self, handset: Handset, task: Mapping[str, Any], event: str, scene: tuple[str, int]) -> None:
        checking = task["task_kind"] == "disposal_check"
        shots: tuple[PlannedShot, ...] = ()
        if event == "done":
            task_id = str(task["task_id"])
            plan_shots = plan_check_shots if checking else plan_after_shots
            shots = plan_shots(self.weather.seed, task_id)
        payload = {
            "task_id": task["task_id"],
            "assignment_no": task["assignment_no"],
            "event": event,
            "note": "现场核查合格" if checking else "",
            "result": "passed" if checking else None,
        }
        name, seed = scene
        lon, lat = float(task["position"]["lon"]), float(task["position"]["lat"])
        # The same place as in the report: before and after side by side must show one street.
        snaps = [
            self._snap(Shot(shot.role, nth, name, seed, shot.size, self._day.now(), lon, lat))
            for nth, shot in enumerate(shots)
        ]
        self._record(handset, "task_event", payload, snaps)

    def _snap(self, shot: Shot) -> Snap:
        return Snap(shot.role, self._camera(shot))

    def _record(self, handset: Handset, kind: str, payload: Mapping[str, Any], snaps: list[Snap]) -> str:
        self._photos += len(snaps)
        item_id = handset.record(kind, payload, snaps)
        self.standing = Standing(**{**vars(self.standing), "made": handset.outbox.made(), "photos": self._photos})
        return item_id


def _position(lon: float, lat: float) -> dict[str, object]:
    return {"lon": lon, "lat": lat, "crs": "wgs84", "accuracy_m": 6.0, "provider": "gnss", "mock": False}


def _case_id(answer: Mapping[str, Any] | None) -> str | None:
    """Return the case an answer names, its own or (for a duplicate) that of the first one's current outcome."""
    if answer is None:
        return None
    current = answer.get("current")
    return answer.get("case_id") or (current.get("case_id") if isinstance(current, Mapping) else None)
