"""GET /metrics for Prometheus: the figures of the database itself, read at each scrape, so that all processes agree.

Open to the machine itself and to who holds the token; figures of a city's enforcement are nothing for strangers.
"""

import hmac
from collections.abc import Iterator
from ipaddress import ip_address

from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from server.clock import now
from server.current import settings
from server.db import read
from server.figures import Figures, figures
from server.ledger.alarms import NAMES
from server.problems import Problem
from server.safekeeping.errors import SafekeepingError
from server.safekeeping.folder_checks import BACKUPS
from server.safekeeping.inventory import newest_backup
from server.safekeeping.manifest import read_manifest
from server.web import bearer

metrics = Blueprint("metrics", __name__)

# What a proxy adds; a request that carries one did not start on this machine.
_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")


class DatabaseCollector(Collector):
    """Reads the database when it is asked; keeps nothing, so restarts and further processes change no figure."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield all families; needs an application context."""
        found = read(figures, now())
        yield from _alarms(found)
        yield _by("xuncha_items", "Items by state; `settled` needs nothing any more.", "state", found.items)
        yield _by("xuncha_installs", "Enrolled handsets.", "status", found.installs)
        for name, (told, value) in _single(found).items():
            yield GaugeMetricFamily(name, told, value=value)


REGISTRY = CollectorRegistry(auto_describe=False)
REGISTRY.register(DatabaseCollector())


@metrics.get("/metrics")
def scrape() -> Response:
    """Return all figures; 401 for everybody but this machine and the holder of the token."""
    if not _admitted():
        raise Problem("sign-in-required", "Ask from this machine, or with XUNCHA_METRICS_TOKEN as Bearer.")
    return Response(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _admitted() -> bool:
    chosen, shown = settings(), bearer()
    if shown is not None:
        expected = chosen.metrics_token
        return bool(expected) and hmac.compare_digest(shown.encode("utf-8", "replace"), expected.encode())
    if chosen.production and not chosen.trusted_proxies:
        # A proxy on this machine that adds no header would make every stranger look local.
        return False
    if not chosen.trusted_proxies and any(name in request.headers for name in _FORWARDED):
        return False
    # The peer as it connected and, behind a trusted proxy, whom that proxy speaks for.
    peer = request.environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR")
    return _is_this_machine(request.remote_addr) and (peer is None or _is_this_machine(peer))


def _is_this_machine(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False


def _alarms(found: Figures) -> Iterator[GaugeMetricFamily]:
    raised = {name: found.alarms.get(name, (0, 0)) for name in NAMES}
    opened = {name: subjects for name, (subjects, _times) in raised.items()}
    counted = {name: times for name, (_subjects, times) in raised.items()}
    yield _by("xuncha_alarms_open", "Alarms that nobody cleared.", "name", opened)
    yield _by("xuncha_alarms_raised", "How often the open alarms were raised.", "name", counted)


def _by(name: str, told: str, label: str, values: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, told, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family


def _single(found: Figures) -> dict[str, tuple[str, float]]:
    return {
        "xuncha_waiting_oldest_seconds": ("Age of the oldest waiting item.", found.waiting_oldest_s),
        "xuncha_interpreting_oldest_seconds": ("Age of the oldest uninterpreted item.", found.interpreting_oldest_s),
        "xuncha_photos_missing": ("Declared photographs that have not arrived.", found.photos_missing),
        "xuncha_photos_missing_oldest_seconds": ("Since when the oldest is missing.", found.photos_missing_oldest_s),
        "xuncha_uploads_open": ("Uploads that are not complete.", found.uploads_open),
        "xuncha_feed_head_max": ("The highest number of any feed.", found.feed_head_max),
        "xuncha_backup_age_seconds": ("Age of the newest backup that was read back.", _backup_age_s()),
    }


def _backup_age_s() -> float:
    """Return infinity when there is none: a rule `> a day` must fire then too."""
    newest = newest_backup(BACKUPS.absolute())
    try:
        return float("inf") if newest is None else (now() - read_manifest(newest).taken).total_seconds()
    except SafekeepingError:
        return float("inf")
