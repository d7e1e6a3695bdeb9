"""Coordinate systems of handsets and map services, and the way from each to CGCS2000. Pure.

CGCS2000 is the legal system (Surveying and Mapping Law, articles 10 and 11); WGS 84 as a handset's receiver gives it
differs from it by far less than any fix is wrong, so both pass unchanged. Map services shift their points: GCJ-02
(Amap, Tencent, Apple, WeChat) by 270 to 700 m, BD-09 (Baidu) by 900 to 1,400 m. The shift is public knowledge as a
formula from the true place to the shifted one only; the way back is found by iteration (domain.md section 2.10).
"""

import math
from collections.abc import Callable
from enum import StrEnum

Point = tuple[float, float]


class Crs(StrEnum):
    """The systems that a point may arrive in."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


_FARTHEST_LON, _FARTHEST_LAT = 180.0, 90.0
# Outside this box map services do not shift.
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
# Degrees; nothing in the box is shifted farther.
_LARGEST_SHIFT = 0.05
# The shift is counted in metres on the ellipsoid of Krasovsky, around 105° E 35° N.
_SEMI_AXIS_M, _ECCENTRICITY_SQUARED = 6_378_245.0, 0.006693421622965943
_MIDDLE_LON, _MIDDLE_LAT = 105.0, 35.0
# Each turn brings the result some 50 times nearer, so that six or seven are enough everywhere.
_TURNS = 12
_CLOSE_ENOUGH = 1e-12


def canonical(lon: float, lat: float, crs: str) -> Point:
    """Return a point of any known system as (longitude, latitude) in CGCS2000 degrees, exact to 1e-9°.

    Raises ValueError for an unknown system and for numbers that are no place on earth.
    """
    _demand_place(lon, lat)
    known = Crs(crs)
    if known is Crs.GCJ02:
        return _before(_gcj_shifted, lon, lat)
    if known is Crs.BD09:
        return _before(_bd_shifted, lon, lat)
    return lon, lat


def shown_in(lon: float, lat: float, crs: str) -> Point:
    """Return a point of CGCS2000 as ``crs`` would give it, for laying it over a map service's picture.

    Raises ValueError as `canonical` does.
    """
    _demand_place(lon, lat)
    known = Crs(crs)
    if not _in_mainland(lon, lat):
        return lon, lat
    if known is Crs.GCJ02:
        return _gcj_shifted(lon, lat)
    if known is Crs.BD09:
        return _bd_shifted(lon, lat)
    return lon, lat


def _demand_place(lon: float, lat: float) -> None:
    # Comparing says no to NaN as well.
    if not (abs(lon) <= _FARTHEST_LON and abs(lat) <= _FARTHEST_LAT):
        msg = f"({lon}, {lat}) is no place: longitude -180 to 180 comes first, then latitude -90 to 90"
        raise ValueError(msg)


def _in_mainland(lon: float, lat: float, by: float = 0.0) -> bool:
    """Tell whether a place lies in the box, or at most ``by`` degrees outside it."""
    return _WEST - by <= lon <= _EAST + by and _SOUTH - by <= lat <= _NORTH + by


def _before(shifted: Callable[[float, float], Point], lon: float, lat: float) -> Point:
    """Return the place that ``shifted`` takes to this one: what is too far by a shift is taken back until it fits.

    A place whose origin would lie outside the box was never shifted. Far outside it nothing is tried: at the poles a
    metre is any number of degrees, and taking back by turns would leave the earth.
    """
    if not _in_mainland(lon, lat, by=_LARGEST_SHIFT):
        return lon, lat
    before_lon, before_lat = lon, lat
    for _turn in range(_TURNS):
        got_lon, got_lat = shifted(before_lon, before_lat)
        off_lon, off_lat = got_lon - lon, got_lat - lat
        before_lon, before_lat = before_lon - off_lon, before_lat - off_lat
        if abs(off_lon) < _CLOSE_ENOUGH and abs(off_lat) < _CLOSE_ENOUGH:
            break
    return (before_lon, before_lat) if _in_mainland(before_lon, before_lat) else (lon, lat)


def _gcj_shifted(lon: float, lat: float) -> Point:
    east, north = lon - _MIDDLE_LON, lat - _MIDDLE_LAT
    ripple = _waves(east, (6.0, 20.0), (2.0, 20.0))
    root = math.sqrt(abs(east))
    east_m = 300.0 + east + 2.0 * north + 0.1 * east * (east + north) + 0.1 * root + ripple
    east_m += _waves(east, (1.0, 20.0), (1 / 3, 40.0), (1 / 12, 150.0), (1 / 30, 300.0))
    north_m = -100.0 + 2.0 * east + 3.0 * north + 0.2 * north * north + 0.1 * east * north + 0.2 * root + ripple
    north_m += _waves(north, (1.0, 20.0), (1 / 3, 40.0), (1 / 12, 160.0), (1 / 30, 320.0))
    latitude = math.radians(lat)
    bend = 1.0 - _ECCENTRICITY_SQUARED * math.sin(latitude) ** 2
    along_parallel = _SEMI_AXIS_M / math.sqrt(bend) * math.cos(latitude)
    along_meridian = _SEMI_AXIS_M * (1.0 - _ECCENTRICITY_SQUARED) / bend**1.5
    return lon + math.degrees(east_m / along_parallel), lat + math.degrees(north_m / along_meridian)


def _waves(degrees: float, *waves: tuple[float, float]) -> float:
    """Return the sum of sine waves, each (half waves per degree, metres); two thirds of the metres count."""
    return sum(metres * math.sin(often * degrees * math.pi) for often, metres in waves) * 2.0 / 3.0


def _bd_shifted(lon: float, lat: float) -> Point:
    gcj_lon, gcj_lat = _gcj_shifted(lon, lat)
    fine = math.pi * 3000.0 / 180.0
    distance = math.hypot(gcj_lon, gcj_lat) + 0.00002 * math.sin(gcj_lat * fine)
    angle = math.atan2(gcj_lat, gcj_lon) + 0.000003 * math.cos(gcj_lon * fine)
    return distance * math.cos(angle) + 0.0065, distance * math.sin(angle) + 0.006
