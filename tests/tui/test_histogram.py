"""The bars over time: they count what was delivered, a range of them is looked at, and they follow."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from tests.tui.conftest import (
    BEGIN,
    ENI,
    NARROW,
    WIDE,
    burst,
    enter_filter,
    explorer_on,
    in_records,
    line,
    lines_in,
    picture,
    press,
    settled,
    title,
    until,
)

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
OTHER = "eni-0fedcba9876543210"
# Second, source, action and interface of each record: twenty minutes, with nothing from the 6th to the 9th.
ROWS = [
    (
        60 * minute + number * 7,
        f"10.0.0.{number % 5}",
        "REJECT" if (minute + number) % 4 == 0 else "ACCEPT",
        OTHER if minute > 14 else ENI,
    )
    for minute in range(21)
    if minute not in {6, 7, 8, 9}
    for number in range(1 if minute == 20 else minute * 5 % 7 + 1)
]


def lines():
    for second, source, action, interface in ROWS:
        yield line(srcaddr=source, action=action, start=BEGIN + second, interface_id=interface)


@pytest.fixture
def app(logs):
    logs.deliver(*lines())
    return explorer_on(logs)


def silent(status, second, interface=ENI):
    """A record that says that there was no traffic, or that it was skipped."""
    return f"2 123456789012 {interface} - - - - - - - {BEGIN + second} {BEGIN + second + 9} - {status}"


async def in_bars(pilot):
    """Go to the bars, and wait until they are those of what is looked at."""
    explorer = await settled(pilot)
    await press(pilot, "b")
    await counted(pilot)
    assert explorer.pane == "histogram"
    return explorer


async def counted(pilot):
    """Wait until the bars are those of the scope, drawn for the room there is, with all that was read."""
    explorer = await settled(pilot)
    bars = explorer.bars

    def done():
        shown, view = bars.shown, explorer.state.view
        if shown is None or bars.picture is None or bars.chart is not shown.chart:
            return False
        if shown.timeline.scope != explorer.state.scope:
            return False
        quiet = sum(part.summary["nodata"].sum() for part in explorer.state.dataset.parts)
        return view.height - quiet <= sum(shown.timeline.totals().values()) <= view.height

    await until("the bars are counted", done)
    await pilot.pause()
    return bars


def drawn(bars):
    """What the bars show: for each that has any, when it begins in seconds and how many of each series."""
    names, found = [series.name for series in bars.chart.series], {}
    for place, values in zip(bars.picture.slots.places, bars.picture.slots.values, strict=True):
        begins = int(bars.chart.begins(place).timestamp()) - BEGIN
        if any(values):
            found[begins] = {name: int(value) for name, value in zip(names, values, strict=True) if value}
    return found


def expected(rows, step):
    """The same from the lines as they were delivered."""
    found = {}
    for second, _, action, _ in rows:
        name = {"ACCEPT": "✓ ACCEPT", "REJECT": "✗ REJECT"}[action]
        found.setdefault((BEGIN + second) // step * step - BEGIN, Counter())[name] += 1
    return found


def groups_of(explorer):
    """What the groups pane counts."""
    found = explorer.groups.source.groups
    return sum(stream["records"] for streams in found.values() for stream in streams)


def second(moment):
    """A time as the lines have it."""
    return int(moment.timestamp()) - BEGIN


def picture_line(bars):
    """The axis as it is drawn, with the cursor on it."""
    return bars.render_line(bars.picture.axis + 1).text


# -- what they count -----------------------------------------------------------------------------------------


@SIZES
async def test_the_bars_count_the_records_as_they_were_delivered(app, size):
    async with app.run_test(size=size) as pilot:
        explorer = await in_bars(pilot)
        bars = explorer.bars
        step = bars.shown.timeline.step
        assert 1200 / step <= bars.room
        assert drawn(bars) == expected(ROWS, step)
        tones = {series.name: series.tone for series in bars.chart.series}
        assert tones == {"✗ REJECT": "reject", "✓ ACCEPT": "accept"}
        assert any(sign in lines_in(app, bars)[1] for sign in "▁▂▃▄▅▆▇█"), "the largest bar reaches the top"


async def test_the_bars_follow_a_filter_a_stream_and_the_way_back(app):
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        bars = await counted(pilot)
        step = bars.shown.timeline.step
        await enter_filter(pilot, "reject and srcAddr = '10.0.0.1'")
        await counted(pilot)
        narrowed = [row for row in ROWS if row[1:3] == ("10.0.0.1", "REJECT")]
        assert narrowed
        assert drawn(bars) == expected(narrowed, step)
        await press(pilot, "left_square_bracket")
        await counted(pilot)
        assert drawn(bars) == expected(ROWS, step)
        explorer.set_focus(explorer.groups)
        await press(pilot, "enter", "down", "enter")
        await counted(pilot)
        stream = explorer.state.scope.stream
        assert stream in {ENI, OTHER}
        assert drawn(bars) == expected([row for row in ROWS if row[3] == stream], step)


async def test_the_line_above_the_bars_says_the_bar_under_the_cursor_exactly(app):
    async with app.run_test(size=NARROW) as pilot:
        bars = (await in_bars(pilot)).bars
        step = bars.shown.timeline.step
        await press(pilot, "home", "right", "right", "right")
        count = expected(ROWS, step)[3 * step]
        told = lines_in(app, bars)[0]
        assert told.endswith(f"total {sum(count.values())}")
        for name, number in count.items():
            assert f"{name} {number}" in told


# -- going to a range ----------------------------------------------------------------------------------------


@SIZES
async def test_a_marked_range_is_looked_at_everywhere_and_undone_by_one_key(app, size):
    async with app.run_test(size=size) as pilot:
        explorer = await in_bars(pilot)
        bars, step = explorer.bars, explorer.bars.shown.timeline.step
        await press(pilot, "home", *["right"] * 4, "space", *["right"] * 5)
        axis = picture_line(bars)
        assert axis.count("▲") == 2
        assert axis.index("▲") == bars.picture.cell_of(4)
        assert axis[axis.index("▲") + 1 : axis.rindex("▲")] == "━" * (
            abs(bars.picture.cell_of(bars.cursor) - bars.picture.cell_of(bars.mark)) - 1
        )
        await press(pilot, "enter")
        await counted(pilot)
        scope = explorer.state.scope
        assert (second(scope.since), second(scope.until)) == (4 * step, 10 * step)
        inside = [row for row in ROWS if 4 * step <= row[0] < 10 * step]
        assert 0 < len(inside) < len(ROWS)
        assert explorer.state.view.height == len(inside)
        assert title(app, "records").startswith(f"records · {len(inside)} of {len(ROWS)}")
        assert groups_of(explorer) == len(inside)
        since, until_ = (datetime.fromtimestamp(BEGIN + number * step, UTC) for number in (4, 10))
        clock = "%H:%M" if not (since.second or until_.second) else "%H:%M:%S"
        assert f"2026-01-15 {since.strftime(clock)}–{until_.strftime(clock)} UTC" in picture(app)[0]
        assert drawn(bars) == expected(inside, bars.shown.timeline.step)
        assert explorer.pane == "records"

        await press(pilot, "left_square_bracket")
        await counted(pilot)
        assert explorer.state.view.height == groups_of(explorer) == len(ROWS)
        assert "UTC" not in picture(app)[0]
        assert drawn(bars) == expected(ROWS, step)


async def test_enter_without_a_range_looks_at_one_bar(app):
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_bars(pilot)
        step = explorer.bars.shown.timeline.step
        await press(pilot, "home", "right", "right", "right", "enter")
        found = sum(3 * step <= row[0] < 4 * step for row in ROWS)
        assert explorer.state.view.height == found > 0


async def test_a_range_can_be_marked_from_the_right_and_given_up(app):
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_bars(pilot)
        bars, step = explorer.bars, explorer.bars.shown.timeline.step
        await press(pilot, "home", *["right"] * 6, "space", "left", "left", "left")
        assert tuple(map(second, bars.span)) == (3 * step, 7 * step)
        await press(pilot, "escape")
        assert (bars.mark, explorer.pane) == (None, "histogram")
        assert picture_line(bars).count("▲") == 1
        assert tuple(map(second, bars.span)) == (3 * step, 4 * step)
        await press(pilot, "v", "right", "space")
        assert bars.mark is None
        await press(pilot, "escape")
        assert explorer.pane == "records"
        assert explorer.state.scope.since is None


async def test_plus_looks_at_half_the_time_around_the_cursor_and_minus_at_all_again(app):
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_bars(pilot)
        bars = explorer.bars
        whole = bars.shown.timeline
        await press(pilot, "home", *["right"] * (whole.height // 2), "plus")
        await counted(pilot)
        scope = explorer.state.scope
        length = (scope.until - scope.since).total_seconds()
        assert length == round(whole.height * 0.5) * whole.step
        middle = whole.height // 2 * whole.step
        assert second(scope.since) < middle < second(scope.until)
        inside = [row for row in ROWS if second(scope.since) <= row[0] < second(scope.until)]
        assert explorer.state.view.height == len(inside)
        assert drawn(bars) == expected(inside, bars.shown.timeline.step)
        assert explorer.pane == "histogram", "so that one can go on"
        assert second(bars.span[0]) <= middle < second(bars.span[1]), "the cursor stays where it is"
        for _ in range(2):
            await press(pilot, "minus")
            await counted(pilot)
        assert (explorer.state.scope.since, explorer.state.scope.until) == (None, None)
        assert explorer.state.view.height == len(ROWS)


async def test_nobody_looks_beyond_the_times_that_were_asked_for(logs):
    logs.deliver(*lines())
    since, until_ = (datetime.fromtimestamp(BEGIN + 60 * minute, UTC) for minute in (2, 12))
    app = explorer_on(logs, since=since, until=until_)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_bars(pilot)
        await press(pilot, "minus", "minus", "minus")
        assert (explorer.state.scope.since, explorer.state.scope.until) == (since, until_)


# -- what was not recorded -----------------------------------------------------------------------------------


async def test_what_was_skipped_is_hatched_and_what_nobody_wrote_of_has_no_axis(logs):
    found = [line(start=BEGIN + second) for second in (0, 1, 2, 60)]
    nothing = (16, 24, 33, 41, 49, 58)
    logs.deliver(*found, silent("SKIPDATA", 20), *(silent("NODATA", second) for second in nothing))
    app = explorer_on(logs)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_bars(pilot)
        bars = explorer.bars
        assert bars.shown.timeline.step == 1
        await press(pilot, "home")
        columns = [bars.picture.cell_of(second) for second in (0, 20, 22, 24, 26)]
        shown = [bars.render_line(row).text for row in range(1, bars.picture.axis + 2)]
        *plot, axis = shown
        plot = ["".join(row[cell] for cell in columns) for row in plot]
        assert {row[1] for row in plot} == {"╱"}
        assert plot[-1] == "█╱   ", "no record, and none of traffic"
        signs = {second: axis[bars.picture.cell_of(second)] for second in range(3, bars.slots)}
        free = {
            second: sign for second, sign in signs.items() if sign in "─┈"
        }  # the others have a time there
        said = {second for second, sign in free.items() if sign == "─"}
        assert said == free.keys() & {20, 60, *nothing}, "somebody wrote that there was nothing"
        assert said & {*nothing}


# -- coming and going ----------------------------------------------------------------------------------------


async def test_the_bars_are_hidden_and_shown_again(app):
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_bars(pilot)
        high = explorer.records.size.height
        await press(pilot, "H")
        assert (explorer.pane, explorer.bars.display) == ("records", False)
        assert explorer.records.size.height > high
        await press(pilot, "H")
        await counted(pilot)
        assert explorer.bars.display
        await press(pilot, "H", "b")
        assert explorer.bars.display


async def test_a_delivery_makes_the_bars_grow_and_the_cursor_stays(app, logs):
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_bars(pilot)
        bars, step = explorer.bars, explorer.bars.shown.timeline.step
        await press(pilot, "home", "right", "right")
        more = [
            (70, "10.0.0.1", "REJECT", ENI),
            (45, "10.0.0.1", "ACCEPT", ENI),
            (45, "10.0.0.2", "ACCEPT", ENI),
        ]
        logs.deliver(
            *(line(srcaddr=source, action=action, start=BEGIN + at) for at, source, action, _ in more),
            end=BEGIN + 1500,
        )
        await until("they are here", lambda: explorer.state.dataset.height == len(ROWS) + 3)
        await counted(pilot)
        assert drawn(bars) == expected(ROWS + more, step)
        assert bars.cursor == 2
        assert explorer.pane == "histogram"


async def test_the_bars_point_at_the_record_under_the_cursor(app):
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        bars = await counted(pilot)
        for _ in range(4):
            await press(pilot, *"jjjjj")
            moment = explorer.records.row.record["timestamp"]
            await until(
                "they point there", lambda when=moment: bars.place == bars.shown.timeline.place_at(when)
            )


async def test_a_delivery_of_later_times_leaves_the_cursor_on_its_time(app, logs):
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_bars(pilot)
        bars, step = explorer.bars, explorer.bars.shown.timeline.step
        await press(pilot, "home", *["right"] * 10)
        moment = bars.span[0]
        logs.deliver(line(start=BEGIN + 7200), end=BEGIN + 7500)
        await until("it is here", lambda: explorer.state.dataset.height == len(ROWS) + 1)
        await counted(pilot)
        assert bars.shown.timeline.step > step
        assert bars.span[0] <= moment < bars.span[1]


async def test_they_point_at_the_newest_record_while_it_is_followed(app, logs):
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        bars = await counted(pilot)
        await press(pilot, "f")
        for delivery in range(1, 4):
            newest = BEGIN + 7200 * delivery
            logs.deliver(line(start=newest), end=newest + 300)
            records = len(ROWS) + delivery
            await until("it is here", lambda records=records: explorer.state.dataset.height == records)
            await counted(pilot)
            await until("they point there", lambda: bars.cursor == bars.slots - 1)


@pytest.mark.parametrize(("keys", "factor"), [(("plus",) * 2, 4), (("plus",) * 3 + ("minus",), 4)])
async def test_keys_that_come_in_a_burst_zoom_as_often(app, keys, factor):
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_bars(pilot)
        whole = explorer.bars.shown.timeline
        await press(pilot, "home", *["right"] * (whole.height // 2))
        burst(app, *keys)
        wanted = whole.height * whole.step / factor
        await until(
            "all of them have acted",
            lambda: (
                (scope := explorer.state.scope).since is not None
                and (scope.until - scope.since).total_seconds() < 1.2 * wanted
            ),
        )
        await counted(pilot)
        scope = explorer.state.scope
        assert (scope.until - scope.since).total_seconds() > 0.8 * wanted
