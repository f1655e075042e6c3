"""The drawing of charts: every cell against numbers worked out here, and nothing that steers a terminal."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.tui.conftest import HOSTILE
from tui.charts.chart import BARS, COLUMNS, LINES, Chart, Series
from tui.charts.draw import SCALE, Look, draw
from tui.charts.glyphs import ASCII, BLOCKS
from tui.charts.paper import on_paper
from tui.charts.readout import legend, readout

TEN = datetime(2026, 1, 15, 10, tzinfo=UTC)
MINUTE = 60_000
UP, RIGHT = " ▁▂▃▄▅▆▇█", " ▏▎▍▌▋▊▉█"
PLAIN, TEXTURED, LOG = Look(BLOCKS), Look(BLOCKS, textured=True), Look(BLOCKS, log=True)
IN_ASCII = Look(ASCII, textured=True)
OUTCOMES = (
    Series("REJECT", "reject", {"action": "REJECT"}),
    Series("ACCEPT", "accept", {"action": "ACCEPT"}),
)


def chart(kind, values, *, height=None, series=None, step=MINUTE, begin=TEN, labels=(), **options):
    """A chart of ``{place: (value of each series, …)}``."""
    count = max(map(len, values.values()), default=1)
    columns = {"place": pl.Series(list(values), dtype=pl.Int64)} | {
        str(index): pl.Series([row[index] for row in values.values()], dtype=pl.Float64)
        for index in range(count)
    }
    series = series or tuple(Series(f"s{index}", f"series-{index % 6 + 1}") for index in range(count))
    height = max(values, default=-1) + 1 if height is None else height
    if kind == BARS:
        labels = labels or [f"name{place}" for place in range(height)]
        keys = [{"name": label} for label in labels]
        return Chart(
            BARS, "n", series, pl.DataFrame(columns), height, "name", keys=keys, labels=labels, **options
        )
    return Chart(kind, "n", series, pl.DataFrame(columns), height, "time", begin, step, **options)


def cells(line):
    """The cells of a line: the sign, its tone and the tone under it."""
    return [(sign, tone, under) for text, tone, under in line for sign in text]


def texts(picture):
    """The lines as text."""
    return ["".join(text for text, _, _ in line) for line in picture.lines]


def column(picture, slot):
    """The cells of a bar from its foot, without the axis."""
    return [
        cells(line)[picture.cell_of(slot) - (picture.edges[slot + 1] - picture.edges[slot] - 1) // 2]
        for line in reversed(picture.lines[:-1])
    ]


def plot(picture):
    """What stands to the right of the scale, without the axis."""
    return [text[SCALE:] for text in texts(picture)[:-1]]


# -- columns -------------------------------------------------------------------------------------------------


def test_stacked_columns_are_right_to_an_eighth_of_a_cell():
    # Eight lines hold 64 eighths, and the largest total is 64: a record is an eighth of a cell.
    counts = {0: (5, 59), 1: (8, 8), 2: (3, 0), 3: (0, 17), 4: (12, 4), 5: (1, 40), 6: (30, 2)}
    drawn = draw(chart(COLUMNS, counts, series=OUTCOMES), SCALE + 7, 9, PLAIN, exact=True)
    for place, (rejects, accepts) in counts.items():
        for row, (sign, tone, under) in enumerate(column(drawn, place)):
            owners = ["reject"] * rejects + ["accept"] * accepts
            here = owners[row * 8 : row * 8 + 8]
            first, second = here.count("reject"), here.count("accept")
            if not here:
                assert (sign, tone, under) == (" ", "", "")
            elif first and second and len(here) == 8:
                assert (sign, tone, under) == (UP[first], "reject", "accept")
            else:
                most = "reject" if first >= second else "accept"
                assert (sign, tone, under) == (UP[len(here)], most, ""), (place, row)


def test_what_there_is_little_of_is_still_seen():
    drawn = draw(
        chart(COLUMNS, {0: (1, 100_000), 1: (1, 0), 2: (0, 1), 3: (0, 0)}, series=OUTCOMES), 30, 5, PLAIN
    )
    assert column(drawn, 0)[0] == ("▁", "reject", "accept"), "one reject among a hundred thousand"
    assert column(drawn, 1)[0] == ("▁", "reject", "")
    assert column(drawn, 2)[0] == ("▁", "accept", "")
    assert column(drawn, 3)[0][0] == " ", "nothing is nothing"


def test_places_without_a_row_are_empty_and_keep_their_distance():
    drawn = draw(chart(COLUMNS, {0: (4,), 3: (4,), 9: (4,)}), SCALE + 10, 5, PLAIN, exact=True)
    assert plot(drawn) == ["█  █     █"] * 4


def test_wide_columns_stand_apart():
    drawn = draw(chart(COLUMNS, {0: (4,), 1: (4,)}), SCALE + 8, 3, PLAIN, exact=True)
    assert plot(drawn) == ["███ ███ "] * 2
    assert [drawn.cell_of(slot) for slot in (0, 1)] == [SCALE + 1, SCALE + 5]


def test_of_places_that_share_a_column_the_highest_is_shown():
    counts = {place: (place * 37 % 101 + 1,) for place in range(100)}
    drawn = draw(chart(COLUMNS, counts), SCALE + 30, 9, PLAIN, exact=True)
    slots = drawn.slots
    assert (slots.folded, len(slots.places)) == (4, 25)
    for slot in range(25):
        best = max(range(slot * 4, slot * 4 + 4), key=lambda place: counts[place])
        assert slots.places[slot] == best
        assert slots.values[slot][0] == counts[best][0]
        length = sum(UP.index(sign) for sign, _, _ in column(drawn, slot))
        assert length == max(1, round(counts[best][0] / max(counts.values())[0] * 64))


def test_a_logarithmic_scale_shows_the_small_beside_the_large():
    values = (1, 10, 100, 1000, 10_000)
    drawn = draw(
        chart(COLUMNS, {place: (value,) for place, value in enumerate(values)}), 40, 9, LOG, exact=True
    )
    lengths = [sum(UP.index(sign) for sign, _, _ in column(drawn, slot)) for slot in range(5)]
    assert lengths == [round(math.log(1 + value) / math.log(10_001) * 64) for value in values]


def test_times_that_were_not_recorded_are_hatched_above_what_was():
    counts = chart(COLUMNS, {0: (4,), 1: (1,)}, height=3)
    drawn = draw(counts, SCALE + 3, 5, PLAIN, exact=True, hatched={1, 2}, silent={2})
    assert plot(drawn) == ["█╱╱", "█╱╱", "█╱╱", "██╱"]
    assert [tone for _, tone, _ in column(drawn, 2)] == ["warn"] * 4


def test_the_axis_stands_only_where_something_is_known():
    drawn = draw(chart(COLUMNS, {0: (4,)}, height=30), SCALE + 30, 5, PLAIN, silent=range(12, 18))
    assert texts(drawn)[-1][SCALE + 11 : SCALE + 20] == "─┈┈┈┈┈┈──"


# -- the scale and the axis ----------------------------------------------------------------------------------


def test_the_scale_begins_at_nothing_and_ends_at_a_round_number():
    drawn = texts(draw(chart(COLUMNS, {0: (9_700,)}), 30, 13, PLAIN))
    assert [text[:SCALE] for text in drawn] == [
        "   10k┤", *["      ┤"] * 2,
        "  7.5k┤", *["      ┤"] * 2,
        "    5k┤", *["      ┤"] * 2,
        "  2.5k┤", *["      ┤"] * 2,
        "     0└",
    ]  # fmt: skip


def test_the_scale_of_the_bars_over_time_ends_at_the_largest_value():
    assert texts(draw(chart(COLUMNS, {0: (97,)}), 30, 5, PLAIN, exact=True))[0].startswith("    97┤")


def test_the_scale_of_bytes_is_in_bytes():
    drawn = texts(draw(chart(COLUMNS, {0: (1_900_000,)}, is_bytes=True), 30, 5, PLAIN))
    assert drawn[0].startswith("2.0 MB┤")


def test_the_axis_has_the_day_once_and_each_time_where_it_begins():
    drawn = draw(chart(COLUMNS, {0: (1,)}, height=60), SCALE + 60, 4, PLAIN)
    axis = texts(drawn)[-1][SCALE:]
    assert axis.startswith("01-15 10:00─")
    for clock in axis[11:].replace("─", " ").split():
        assert axis.index(clock, 11) == int(clock.partition(":")[2]), "a column is a minute"
    assert len(axis.replace("─", " ").split()) > 3


def test_the_axis_names_the_day_again_where_it_changes():
    late = datetime(2026, 1, 15, 23, 30, tzinfo=UTC)
    axis = texts(draw(chart(COLUMNS, {0: (1,)}, height=60, begin=late), SCALE + 60, 4, PLAIN))[-1]
    assert axis.count("01-15") == axis.count("01-16") == 1


def test_bins_below_a_minute_have_seconds_and_days_have_dates():
    def axis(step):
        return texts(draw(chart(COLUMNS, {0: (1,)}, height=40, step=step), SCALE + 40, 4, PLAIN))[-1]

    assert "10:00:00" in axis(1000)
    assert "2026-01-15" in axis(86_400_000)
    assert ":" not in axis(86_400_000)


# -- bars ----------------------------------------------------------------------------------------------------


def test_bars_have_names_exact_numbers_and_lengths_to_an_eighth():
    values = {0: (1600,), 1: (1234,), 2: (777,), 3: (2,), 4: (0,)}
    lines = texts(draw(chart(BARS, values), 40, 5, PLAIN))
    room = 40 - len("name0") - len(" 1,600 ")
    for place, line in enumerate(lines):
        (value,) = values[place]
        assert line.startswith(f"name{place} {value:>5,} ")
        length = sum(RIGHT.index(sign) for sign in line[12:])
        assert length == (max(1, round(value / 1600 * room * 8)) if value else 0)


def test_stacked_bars_put_their_series_one_after_the_other():
    drawn = draw(chart(BARS, {0: (30, 10), 1: (0, 20)}, series=OUTCOMES), 5 + 4 + 40, 2, PLAIN)
    assert [tone for _, tone, _ in cells(drawn.lines[0])[9:]] == ["reject"] * 30 + ["accept"] * 10
    assert [tone for _, tone, _ in cells(drawn.lines[1])[9:]] == ["accept"] * 20 + [""] * 20


def test_bars_are_drawn_from_the_first_that_is_asked_for():
    drawn = draw(chart(BARS, {place: (place + 1,) for place in range(50)}), 40, 3, PLAIN, first=20)
    assert [line.split()[:2] for line in texts(drawn)] == [
        ["name20", "21"],
        ["name21", "22"],
        ["name22", "23"],
    ]


# -- lines ---------------------------------------------------------------------------------------------------


def has_dot(picture, x, y):
    """Whether a dot of braille is set, counted from the upper left of the plot."""
    sign = plot(picture)[y // 4][x // 2]
    bit = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))[x % 2][y % 4]
    return "\u2800" <= sign <= "\u28ff" and ord(sign) - 0x2800 & bit


@pytest.mark.parametrize("wide", [1, 2, 3])
def test_every_point_of_a_line_has_its_dot(wide):
    values = {place: ((place * 29) % 41, (place * 17) % 23) for place in range(20)}
    drawn = draw(chart(LINES, values), SCALE + 20 * wide, 11, PLAIN, exact=True)
    assert list(drawn.edges) == [wide * slot for slot in range(21)]
    top = max(max(row) for row in values.values())
    for place, row in values.items():
        for value in row:
            assert has_dot(drawn, ((2 * place + 1) * wide * 2 - 1) // 2, round((1 - value / top) * 39))


def test_a_line_goes_through_what_lies_between_its_points():
    drawn = draw(
        chart(LINES, {place: (place * 2,) for place in range(40)}), SCALE + 40, 21, PLAIN, exact=True
    )
    assert all(any("\u2801" <= line[place] <= "\u28ff" for line in plot(drawn)) for place in range(40))
    steep = draw(chart(LINES, {0: (0,), 1: (100,)}), SCALE + 2, 11, PLAIN, exact=True)
    assert all(line.strip() for line in plot(steep))


def test_a_value_that_is_missing_breaks_the_line():
    values = {0: (5,), 1: (5,), 2: (None,), 3: (None,), 6: (5,), 7: (5,)}
    lines = plot(draw(chart(LINES, values), SCALE + 8, 6, PLAIN, exact=True))
    assert [bool(lines[0][place].strip()) for place in range(8)] == [True, True, *[False] * 4, True, True]


# -- without colours, without blocks -------------------------------------------------------------------------


def test_without_colours_every_series_has_a_sign_of_its_own():
    values = chart(COLUMNS, {0: (8,) * 6})
    drawn = draw(values, SCALE + 1, 13, TEXTURED, exact=True)
    signs = [sign for sign, _, _ in column(drawn, 0)]
    assert list(dict.fromkeys(signs)) == list(BLOCKS.fills[:6])
    assert len(signs) == 12
    shown = "".join(text for text, _, _ in legend(values, TEXTURED))
    assert all(sign in shown for sign in signs)


@pytest.mark.parametrize("kind", [COLUMNS, LINES, BARS])
def test_without_blocks_no_sign_is_outside_ascii(kind):
    values = {place: (place * 7 % 11, place * 5 % 13, None) for place in range(30)}
    drawn = draw(chart(kind, values), 60, 12, IN_ASCII, hatched={3}, silent={5})
    assert "".join(texts(drawn)).isascii()
    assert len(set("".join(plot(drawn)))) > 2


def test_lines_without_braille_differ_by_their_marks():
    flat = chart(LINES, dict.fromkeys(range(10), (1, 5, 9)))
    lines = [line.strip() for line in plot(draw(flat, SCALE + 10, 11, IN_ASCII, exact=True)) if line.strip()]
    assert len(lines) == 3
    assert len({line[0] for line in lines}) == 3


# -- whatever comes ------------------------------------------------------------------------------------------

NUMBERS = st.one_of(st.none(), st.floats(), st.integers(-5, 10**18).map(float), st.just(0.0))


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from((COLUMNS, LINES, BARS)),
    rows=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=60),
    width=st.integers(20, 200),
    height=st.integers(2, 40),
    look=st.sampled_from((PLAIN, TEXTURED, LOG, IN_ASCII)),
    is_bytes=st.booleans(),
    exact=st.booleans(),
)
def test_every_line_is_as_wide_as_was_asked_for(kind, rows, width, height, look, is_bytes, exact):
    given_ = chart(kind, dict(enumerate(rows)), is_bytes=is_bytes)
    drawn = draw(given_, width, height, look, exact=exact)
    assert len(drawn.lines) == height
    assert {sum(cell_len(text) for text, _, _ in line) for line in drawn.lines} == {width}
    for slot in range(len(drawn.slots.places)):
        assert readout(given_, drawn.slots, slot, None, look)
        assert kind == BARS or SCALE <= drawn.cell_of(slot) < width


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -7.0, 0.0, 1e308, 5e-324, None])
@pytest.mark.parametrize("kind", [COLUMNS, LINES, BARS])
def test_odd_values_are_drawn_beside_others_and_alone(kind, value):
    for rows in ({0: (value, value)}, {0: (3.0,), 1: (value,), 2: (value,)}):
        for look in (PLAIN, LOG):
            odd = chart(kind, rows, is_bytes=True)
            drawn = draw(odd, 40, 8, look)
            assert len(drawn.lines) == 8
            assert readout(odd, drawn.slots, 0, None, look)


@pytest.mark.parametrize("kind", [COLUMNS, LINES])
def test_what_is_no_number_has_no_bar_and_no_dot_and_folds_away(kind):
    values = {0: (4.0,), 2: (math.nan,), 4: (3.0,), 5: (math.inf,)}
    drawn = draw(chart(kind, values), SCALE + 6, 5, PLAIN, exact=True)
    assert [any(line[place].strip() for line in plot(drawn)) for place in (0, 2, 4, 5)] == [
        True,
        False,
        True,
        False,
    ]
    assert draw(chart(kind, values), SCALE + 3, 5, PLAIN).slots.values[2] == [3.0]


HOSTILE_NAMES = ("\x1b[2Jevil", "two\nlines", "\u202eevil", "a\x9b31mb", "\x07bell", "zero\u200bwidth\ufeff")


@pytest.mark.parametrize("look", [PLAIN, IN_ASCII])
def test_no_label_steers_the_terminal(look):
    labels = (*HOSTILE_NAMES, "日本語" * 30, "e" + "\u0301" * 50)
    series = tuple(Series(name, "series-1") for name in HOSTILE_NAMES[:2])
    values = chart(BARS, dict.fromkeys(range(8), (1, 2)), labels=labels, series=series)
    for width in (20, 33, 80):
        drawn = draw(values, width, 8, look)
        told = [readout(values, drawn.slots, slot, 0, look) for slot in range(8)]
        for line in (*drawn.lines, *told, legend(values, look)):
            assert not HOSTILE.search("".join(text for text, _, _ in line))
        assert {sum(cell_len(text) for text, _, _ in line) for line in drawn.lines} == {width}
    assert not HOSTILE.search(on_paper(values, 60).replace("\n", ""))
