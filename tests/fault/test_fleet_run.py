"""A small fleet lives a short day against a server that speaks the contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.field_server import OFFICERS, FieldServer, running_field_server

from sync.fleet import Category, DeskError, Errand, Login, Orders, Progress, Shot, read_outbox, run_fleet
from sync.fleet.crew import Post, assign_posts, read_crew
from sync.fleet.plan import Duty, plan_day

CATEGORIES = (Category("s", "0101", "暴露垃圾", "rubbish"),)
ORDERS = Orders(
    handsets=3, hours=1, reports=2, photos=2, seed=5, categories=(Category("s", "0101", "暴露垃圾", "rubbish"),)
)
BOSS = Login("admin", "secret")


@pytest.fixture
def server() -> Iterator[FieldServer]:
    with running_field_server() as state:
        yield state


def draw(shot: Shot) -> bytes:
    return f"{shot.role} {shot.nth} {shot.scene_seed} {shot.taken_at}".encode() * 50


def test_a_day_ends_with_every_case_closed_and_nothing_waiting(server: FieldServer, tmp_path: Path) -> None:
    seen: list[Progress] = []
    notes = run_fleet(ORDERS, Errand(server.url, tmp_path, 2.0, BOSS, BOSS), draw, seen.append)
    assert notes.failures == ()
    assert [case["state"] for case in server.cases.values()] == ["closed"] * 6
    books = [read_outbox(tmp_path / post.folder_name) for post in read_crew(tmp_path)]
    items = [item for book in books for item in book.items]
    # Six reports, each accepted, started, done and checked.
    assert len(items) == len(server.inbox) == 6 * 5
    assert all(item.acked for item in items)
    assert {sha256 for item in items for sha256 in item.photos} == set(server.photos)
    assert seen[-1].made == 30
    assert sum(notes.trouble.values()) > 0


def test_a_fleet_without_a_server_says_so(tmp_path: Path) -> None:
    errand = Errand("http://127.0.0.1:1", tmp_path, 1.0, BOSS, BOSS, patience=0.0)
    with pytest.raises(DeskError, match="make run"):
        run_fleet(ORDERS, errand, draw)


def test_squads_are_filled_evenly_and_share_their_tasks() -> None:
    plans = plan_day(Orders(handsets=9, hours=1, reports=1, photos=1, seed=1, categories=ORDERS.categories))
    collectors = [officer for officer in OFFICERS if "collector" in officer["roles"]]
    members = [{**OFFICERS[2], "id": f"m{n}", "squad_id": squad} for n, squad in enumerate("aaab")]
    posts = assign_posts(plans, {Duty.COLLECTOR: collectors, Duty.SQUAD: members})
    squads = [post for post in posts if post.duty is Duty.SQUAD]
    assert [post.squad_id for post in squads] == ["a", "b", "a"]
    takers = [post for post in squads if post.squad_id == "a" and post.takes(f"{3:032x}")]
    assert len(takers) == 1
    assert all(sum(post.takes(f"{n:032x}") for post in of(posts, collectors[0]["id"])) == 1 for n in range(9))


def of(posts: list[Post], officer_id: str) -> list[Post]:
    return [post for post in posts if post.officer_id == officer_id]


def test_a_role_without_officers_is_named() -> None:
    with pytest.raises(DeskError, match="enforcement_officer"):
        assign_posts(plan_day(ORDERS), {Duty.COLLECTOR: [OFFICERS[0]], Duty.SQUAD: []})
