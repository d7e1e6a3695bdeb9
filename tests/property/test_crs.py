"""Coordinate systems: there and back again is the same place, everywhere."""

from hypothesis import example, given
from hypothesis import strategies as st

from server.geography.crs import canonical, shown_in

# A shift is below two hundredths of a degree: so far inside the box it never leads out of it.
MAINLAND = st.tuples(st.floats(72.05, 137.80), st.floats(0.87, 55.80))
ANYWHERE = st.tuples(st.floats(-180, 180), st.floats(-90, 90))
SHIFTED = st.sampled_from(["gcj02", "bd09"])


@given(MAINLAND, SHIFTED)
def test_there_and_back_is_the_same_place_to_a_tenth_of_a_millimetre(place: tuple[float, float], crs: str) -> None:
    lon, lat = canonical(*shown_in(*place, crs), crs)
    assert abs(lon - place[0]) < 1e-9
    assert abs(lat - place[1]) < 1e-9


@given(MAINLAND, SHIFTED)
def test_back_and_there_is_the_same_place_too(shown: tuple[float, float], crs: str) -> None:
    lon, lat = shown_in(*canonical(*shown, crs), crs)
    assert abs(lon - shown[0]) < 1e-9
    assert abs(lat - shown[1]) < 1e-9


@given(ANYWHERE, st.sampled_from(["wgs84", "cgcs2000", "gcj02", "bd09"]))
@example((0.0, 89.99609375), "bd09")
def test_every_place_on_earth_has_a_canonical_form_near_it(place: tuple[float, float], crs: str) -> None:
    lon, lat = canonical(*place, crs)
    assert abs(lat - place[1]) < 0.05
    assert abs(lon - place[0]) < 0.05
