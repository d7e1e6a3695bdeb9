"""Words for geography's identifiers in the reader's language (message ids are the English words)."""

from typing import Any

from server.i18n import lazy_

KINDS: dict[str, Any] = {
    "area": lazy_("Areas"),
    "unit_grid": lazy_("Unit grids"),
    "responsibility_grid": lazy_("Responsibility grids"),
    "other": lazy_("Other things"),
}
STATUSES: dict[str, Any] = {
    "draft": lazy_("Draft"),
    "current": lazy_("Current"),
    "retired": lazy_("Retired"),
}
FINDINGS: dict[str, Any] = {
    "gap": lazy_("Gap"),
    "slit": lazy_("Slit at the edge"),
    "overlap": lazy_("Overlap"),
    "self_crossing": lazy_("Border crosses itself"),
    "broken_shape": lazy_("Broken shape"),
    "duplicate_code": lazy_("Code used twice"),
    "wrong_code": lazy_("Wrong form of code"),
    "unknown_cell": lazy_("Unknown unit grid"),
}
CRS: dict[str, Any] = {
    "cgcs2000": "CGCS2000",
    "wgs84": "WGS 84",
    "gcj02": "GCJ-02",
    "bd09": "BD-09",
}
