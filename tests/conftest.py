"""The test rig: every test that asks for `database`, `app`, `client` or `live_server` runs on SQLite and PostgreSQL.

Fixtures stand in tests/support by noun. A test changes settings by overriding the fixture `settings` in its module.
"""

import gc
import os

import pytest
from hypothesis import settings as hypothesis_settings
from support.room import MEMORY, room_in_memory

pytest_plugins = [
    "support.databases",
    "support.postgresql",
    "support.application",
    "support.live",
    "support.people",
    "support.keeping",
    "support.bundled",
    "support.photo_pool",
    "support.custody_log",
    "support.time_authority",
    "support.object_store",
    "support.store_gate",
    "support.scenario_servers",
]

# No deadline: a slow machine is no bug. CI tries the same examples every time; elsewhere new ones are found.
hypothesis_settings.register_profile("xuncha", deadline=None, derandomize="CI" in os.environ, max_examples=60)
hypothesis_settings.load_profile("xuncha")

# Tests sync thousands of small files. What they prove of syncing is the order of calls, which memory shows as well.
if room_in_memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, the only ones that ask for more time: at the end all processes should have work."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Take what was imported out of the collector's sight, and let it look less often: it costs a twentieth of all."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
