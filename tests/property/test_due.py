"""The deadline engine against a naive one that walks minute by minute, and against itself backwards."""

from datetime import date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from hypothesis import assume, example, given
from hypothesis import strategies as st
from support.minutes import CHINA, EPOCH, HORIZON, Span, Town, Walk

from server.standards.timing import Calendar, Clock, Limit, Pause, WorkPeriod, due_at, time_left

MONDAY = datetime(2026, 2, 9, tzinfo=CHINA)
# The Spring Festival of 2026: nine days off, a make-up Saturday before and one after (State Council's notice).
OFF = {date(2026, 2, 15) + timedelta(days=number) for number in range(9)}
MAKE_UP = {date(2026, 2, 14), date(2026, 2, 28)}
HOURS = (
    ((8 * 60, 12 * 60), (14 * 60, 18 * 60)),
    ((9 * 60, 17 * 60 + 30),),
    ((0, 24 * 60),),
    ((6 * 60, 9 * 60), (9 * 60, 11 * 60), (20 * 60, 24 * 60)),
)
BIT = Decimal(1).scaleb(-9)


def works(day: date) -> bool:
    return day in MAKE_UP or (day.weekday() < 5 and day not in OFF)


def of_day(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)


def calendar_of(town: Town) -> Calendar:
    periods = tuple(WorkPeriod(of_day(first), of_day(after)) for first, after in town.hours)
    return Calendar(CHINA, periods, town.works, "end_of_day" if town.whole_days else "hours")


def moments(days: int) -> st.SearchStrategy[datetime]:
    return st.integers(0, days * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes))


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    """Return pauses unordered, overlapping, touching, outside; the last may be open."""
    lengths = st.integers(0, 3 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
    begun = draw(st.lists(moments(16), max_size=4))
    closed: list[Span] = [(moment, moment + draw(lengths)) for moment in begun]
    if draw(st.integers(0, 4)) == 0:
        closed.insert(0, (draw(moments(20)), None))
    return closed


towns = st.builds(Town, st.sampled_from(HOURS), st.just(works), st.booleans())
clocks = st.sampled_from(Clock)


@st.composite
def walks(draw: st.DrawFn) -> Walk:
    """Keep days few: the naive one walks every minute of them."""
    clock = draw(clocks)
    quarters = Fraction(draw(st.integers(1, 40)), 4 if clock in {Clock.EMERGENCY_HOUR, Clock.WORK_HOUR} else 16)
    return Walk(clock, quarters, draw(moments(8)), draw(towns), draw(spans()))


def pauses_of(known: list[Span]) -> list[Pause]:
    return [Pause(begun, ended) for begun, ended in known]


def limit_of(walk: Walk) -> Limit:
    return Limit(Clock(walk.clock), Decimal(walk.amount.numerator) / walk.amount.denominator)


@given(walk=walks())
@example(Walk("work_day", Fraction(1), MONDAY + timedelta(days=4, hours=17), Town(HOURS[0], works), []))
def test_a_deadline_is_where_walking_minute_by_minute_arrives(walk: Walk) -> None:
    due = due_at(walk.start, limit_of(walk), calendar_of(walk.town), pauses_of(list(walk.pauses)))
    expected = walk.due()
    if expected is None:
        assert due is None or due >= walk.start + timedelta(minutes=HORIZON)
    else:
        assert due is not None
        assert abs(due - expected) <= timedelta(milliseconds=1)


@given(walk=walks(), later=st.integers(-600, 18000))
def test_what_is_left_is_what_walking_minute_by_minute_leaves(walk: Walk, later: int) -> None:
    at = walk.start + timedelta(minutes=later)
    left = time_left(at, walk.start, limit_of(walk), calendar_of(walk.town), pauses_of(list(walk.pauses)))
    assert abs(Fraction(left) - walk.left(at)) < Fraction(BIT)


starts = st.integers(-6 * 365 * 86400, 4 * 365 * 86400).map(lambda seconds: EPOCH + timedelta(seconds=seconds))
any_amount = st.integers(1, 60_000).map(lambda number: Decimal(number) / 1000)
any_limit = st.builds(Limit, clocks, any_amount)


@given(limit=any_limit, start=starts, town=towns, known=spans())
def test_nothing_is_left_at_the_deadline_and_something_a_moment_before(
    limit: Limit, start: datetime, town: Town, known: list[Span]
) -> None:
    calendar, pauses = calendar_of(town), pauses_of(known)
    due = due_at(start, limit, calendar, pauses)
    assume(due is not None)
    assert due is not None
    assert abs(time_left(due, start, limit, calendar, pauses)) < BIT
    assert time_left(due - timedelta(milliseconds=1), start, limit, calendar, pauses) > 0


@given(limit=any_limit, start=starts, town=towns, known=spans(), later=st.integers(1, 5_000_000))
def test_what_was_used_until_a_moment_is_a_limit_that_ends_by_then(
    limit: Limit, start: datetime, town: Town, known: list[Span], later: int
) -> None:
    assume(not (town.whole_days and limit.clock is Clock.WORK_DAY))
    calendar, pauses, at = calendar_of(town), pauses_of(known), start + timedelta(seconds=later)
    # Rounded down: a third of an hour more than it is would end after the next break.
    used = (limit.amount - time_left(at, start, limit, calendar, pauses)).quantize(BIT, ROUND_DOWN)
    assume(used > 0)
    due = due_at(start, Limit(limit.clock, used), calendar, pauses)
    assert due is not None
    assert due <= at
    assert abs(time_left(at, start, Limit(limit.clock, used), calendar, pauses)) <= BIT


@given(limit=any_limit, start=starts, town=towns, known=spans())
def test_the_order_and_the_pieces_of_pauses_do_not_matter(
    limit: Limit, start: datetime, town: Town, known: list[Span]
) -> None:
    calendar, pauses = calendar_of(town), pauses_of(known)
    pieces = []
    for pause in reversed(pauses):
        middle = pause.begun if pause.ended is None else pause.begun + (pause.ended - pause.begun) / 2
        pieces += [Pause(middle, pause.ended), Pause(pause.begun, middle), pause]
    assert due_at(start, limit, calendar, pieces) == due_at(start, limit, calendar, pauses)


@given(limit=any_limit, start=starts, town=towns, gone=st.integers(0, 400), length=st.integers(0, 400))
def test_what_happens_after_the_deadline_does_not_move_it(
    limit: Limit, start: datetime, town: Town, gone: int, length: int
) -> None:
    calendar = calendar_of(town)
    due = due_at(start, limit, calendar)
    assert due is not None
    later = due + timedelta(hours=gone)
    assert due_at(start, limit, calendar, [Pause(later, later + timedelta(hours=length))]) == due
    assert due_at(start, limit, calendar, [Pause(later, None)]) == due


@given(limit=any_limit, start=starts, town=towns, known=spans(), more=st.integers(0, 100))
def test_a_later_start_or_a_longer_limit_never_ends_sooner(
    limit: Limit, start: datetime, town: Town, known: list[Span], more: int
) -> None:
    calendar = calendar_of(town)
    pauses = [pause for pause in pauses_of(known) if pause.ended is not None]
    due = due_at(start, limit, calendar, pauses)
    later = due_at(start + timedelta(hours=more), limit, calendar, pauses)
    extended = due_at(start, limit.times(2), calendar, pauses)
    assert due is not None
    assert later is not None
    assert extended is not None
    assert start < due <= later
    assert due <= extended


@given(limit=any_limit, start=starts, town=towns, hours=st.integers(1, 2000))
def test_a_clock_that_never_stops_is_moved_by_a_pause_exactly_as_long_as_it_lasts(
    limit: Limit, start: datetime, town: Town, hours: int
) -> None:
    assume(limit.clock in {Clock.EMERGENCY_HOUR, Clock.NATURAL_DAY})
    calendar, length = calendar_of(town), timedelta(hours=hours)
    due = due_at(start, limit, calendar)
    assert due is not None
    assert due_at(start, limit, calendar, [Pause(start, start + length)]) == due + length
