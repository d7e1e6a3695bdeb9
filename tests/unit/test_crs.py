"""Coordinate systems: the vectors of design/domain.md section 2.10, and what is no place."""

import math

import pytest

from server.geography.crs import canonical, shown_in

TAICANG, BEIJING = (121.1130, 31.4575), (116.404, 39.915)
VECTORS = [
    (TAICANG, "gcj02", (121.1176336, 31.455733)),
    (TAICANG, "bd09", (121.1241845, 31.4615953)),
    (BEIJING, "gcj02", (116.4102445, 39.9164043)),
]
OFFSETS = [
    (TAICANG, 481, 1154),
    ((117.677, 36.214), 528, 1290),
    (BEIJING, 555, 1376),
    ((104.066, 30.659), 361, 950),
    ((87.617, 43.793), 266, 1106),
]
LONDON, TOKYO = (-0.1276, 51.5072), (139.6917, 35.6895)


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    east = (one[0] - other[0]) * math.cos(math.radians(one[1]))
    return math.hypot(east, one[1] - other[1]) * 111_195


@pytest.mark.parametrize(("place", "crs", "shown"), VECTORS)
def test_a_map_service_shows_a_place_where_the_vectors_say(
    place: tuple[float, float], crs: str, shown: tuple[float, float]
) -> None:
    assert shown_in(*place, crs) == pytest.approx(shown, abs=6e-8)


@pytest.mark.parametrize(("place", "crs", "shown"), VECTORS)
def test_the_way_back_leads_to_the_place_itself(
    place: tuple[float, float], crs: str, shown: tuple[float, float]
) -> None:
    assert canonical(*shown, crs) == pytest.approx(place, abs=1e-7)


@pytest.mark.parametrize(("place", "gcj", "bd"), OFFSETS)
def test_the_shift_is_as_large_as_known(place: tuple[float, float], gcj: int, bd: int) -> None:
    assert round(metres(place, shown_in(*place, "gcj02"))) == gcj
    assert round(metres(place, shown_in(*place, "bd09"))) == bd


@pytest.mark.parametrize("crs", ["wgs84", "cgcs2000"])
def test_what_a_receiver_gives_passes_to_the_last_digit(crs: str) -> None:
    assert canonical(121.1130000001, 31.4575000001, crs) == (121.1130000001, 31.4575000001)
    assert shown_in(121.1130000001, 31.4575000001, crs) == (121.1130000001, 31.4575000001)


@pytest.mark.parametrize("place", [LONDON, TOKYO])
@pytest.mark.parametrize("crs", ["gcj02", "bd09"])
def test_outside_the_mainland_nothing_is_shifted(place: tuple[float, float], crs: str) -> None:
    assert canonical(*place, crs) == place
    assert shown_in(*place, crs) == place


@pytest.mark.parametrize(
    ("lon", "lat"), [(31.4575, 121.1130), (181.0, 0.0), (math.nan, 30.0), (120.0, math.inf), (120.0, -91.0)]
)
def test_what_is_no_place_is_refused(lon: float, lat: float) -> None:
    with pytest.raises(ValueError, match="is no place"):
        canonical(lon, lat, "gcj02")


def test_an_unknown_system_is_refused() -> None:
    with pytest.raises(ValueError, match="epsg:4326"):
        canonical(121.0, 31.0, "epsg:4326")
