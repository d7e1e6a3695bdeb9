"""Who carries which handset: picks officers for the planned handsets, enrols them, remembers it on disk.

The crew list (``crew.json`` in the run's folder) is what the auditor starts from: it names every install and
its outbox, so that a vanished outbox is missed.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from sync.fleet.desk import Desk, DeskError, patiently
from sync.fleet.plan import Duty, HandsetPlan
from sync.handset import Handset, Refused

CREW_FILE = "crew.json"
_ROLES = {Duty.COLLECTOR: "collector", Duty.SQUAD: "enforcement_officer"}
_ENROLLING_AT_ONCE = 4


@dataclass(frozen=True)
class Post:
    """One handset's place in the crew.

    ``turn`` of ``of``: which share of the tasks of its squad (or of its officer) this handset takes, so that two
    handsets of one squad do not both go to the same place.
    """

    number: int
    duty: Duty
    officer_id: str
    officer_name: str
    agency_id: str
    squad_id: str | None
    turn: int
    of: int
    install_id: str = ""

    @property
    def folder_name(self) -> str:
        """The handset's folder inside the run's folder."""
        return f"handset-{self.number:03}"

    def takes(self, task_id: str) -> bool:
        """Say whether a task that its squad or officer has is this handset's to do."""
        return int(task_id.replace("-", ""), 16) % self.of == self.turn


def assign_posts(plans: Sequence[HandsetPlan], officers: Mapping[Duty, Sequence[Mapping[str, Any]]]) -> list[Post]:
    """Give every planned handset an officer; with fewer officers than handsets some carry two.

    Squads are filled evenly. Raises DeskError when a role has no officer.
    """
    chosen: list[tuple[HandsetPlan, Mapping[str, Any]]] = []
    for duty in Duty:
        wanted = [plan for plan in plans if plan.duty is duty]
        able = [officer for officer in officers[duty] if officer.get("active", True)]
        able = [officer for officer in able if duty is Duty.COLLECTOR or officer["squad_id"]]
        if wanted and not able:
            raise DeskError(f"no officer with the role {_ROLES[duty]} to enrol: seed the demo city or create one")
        spread = _spread(able) if duty is Duty.SQUAD else list(able)
        chosen += [(plan, spread[nth % len(spread)]) for nth, plan in enumerate(wanted)]
    groups: dict[str, list[int]] = {}
    for plan, officer in chosen:
        groups.setdefault(_group(plan.duty, officer), []).append(plan.number)
    return [_post(plan, officer, groups[_group(plan.duty, officer)]) for plan, officer in chosen]


def enrol_crew(
    posts: Sequence[Post], admin: Desk, folder: Path, url: str, transport: Callable[[Post], httpx.BaseTransport]
) -> list[Post]:
    """Enrol every handset over its own (bad) network and write the crew list; returns the posts with installs."""

    def enrol(post: Post) -> Post:
        code = admin_codes[post.number]
        with Handset(folder / post.folder_name, url, transport=transport(post)) as handset:
            try:
                patiently(lambda: handset.enrol(code, label=f"fleet {folder.name} no. {post.number}"), admin.patience)
            except Refused as error:
                raise DeskError(f"handset {post.number} could not be enrolled: {error}") from error
            return Post(**{**vars(post), "install_id": handset.install_id})

    admin_codes = {post.number: admin.enrolment_code(post.officer_id) for post in posts}
    with ThreadPoolExecutor(_ENROLLING_AT_ONCE) as pool:
        enrolled = list(pool.map(enrol, posts))
    write_crew(folder, enrolled)
    return enrolled


def write_crew(folder: Path, posts: Sequence[Post]) -> None:
    """Write the crew list, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{CREW_FILE}.part"
    partial.write_text(json.dumps([asdict(post) for post in posts], ensure_ascii=False, indent=1), encoding="utf-8")
    partial.replace(folder / CREW_FILE)


def read_crew(folder: Path) -> list[Post]:
    """Read the crew list of a run; FileNotFoundError when the folder holds no run."""
    posts = json.loads((folder / CREW_FILE).read_text(encoding="utf-8"))
    return [Post(**{**post, "duty": Duty(post["duty"])}) for post in posts]


def fetch_officers(admin: Desk) -> dict[Duty, list[dict[str, Any]]]:
    """Ask the server for the officers that each duty needs."""
    return {duty: admin.officers(role) for duty, role in _ROLES.items()}


def _spread(officers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Order squad members so that the first of every squad come before the second of any."""
    seen: dict[str, int] = {}
    ranked = []
    for officer in officers:
        squad = str(officer["squad_id"])
        seen[squad] = seen.get(squad, 0) + 1
        ranked.append((seen[squad], officer))
    return [officer for _, officer in sorted(ranked, key=lambda pair: pair[0])]


def _group(duty: Duty, officer: Mapping[str, Any]) -> str:
    return f"squad {officer['squad_id']}" if duty is Duty.SQUAD else f"officer {officer['id']}"


def _post(plan: HandsetPlan, officer: Mapping[str, Any], group: Sequence[int]) -> Post:
    return Post(
        number=plan.number,
        duty=plan.duty,
        officer_id=str(officer["id"]),
        officer_name=str(officer["name"]),
        agency_id=str(officer["agency_id"]),
        squad_id=officer["squad_id"],
        turn=list(group).index(plan.number),
        of=len(group),
    )
