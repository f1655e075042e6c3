"""Charts of the answers to queries about real files: what is drawn, and that it is what the records say."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from tests.loaders.files import START, nodata, record
from tests.query.asking import BEGIN, ask, at, flow_log, json_log, read
from tests.tui.test_query_command import query
from tui.charts.chart import BARS, COLUMNS, LINES
from tui.charts.draw import Look, draw
from tui.charts.from_answer import MOST_SERIES, NoChartError, chart_of
from tui.charts.glyphs import BLOCKS

# Records as tuples: minute, source, port, bytes, action. Minutes 7, 8 and 13 have none, 14 has NODATA only.
ROWS = [
    (minute, f"10.0.0.{minute % 9}", (22, 443, 8080)[minute % 3], minute * 100 + 1, action)
    for minute in range(20)
    if minute not in {7, 8, 13, 14}
    for action in (("REJECT", "ACCEPT") if minute % 4 == 0 else ("ACCEPT",))
]


def lines():
    for minute, source, port, size, action in ROWS:
        start = START + 60 * minute
        yield record(srcaddr=source, dstport=port, bytes=size, action=action, start=start)
    yield nodata().replace(str(START), str(START + 14 * 60))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return flow_log(tmp_path_factory.mktemp("x"), *lines())


@pytest.fixture(scope="module")
def dataset(folder):
    return read(folder)


def chart(dataset, text, **options):
    return chart_of(ask(dataset, text), **options)


def names(drawn):
    return [series.name for series in drawn.series]


def values(drawn, index=0):
    """The values of a series by place, without those that there are none of."""
    found = drawn.frame.select("place", str(index)).drop_nulls()
    return {place: value for place, value in found.iter_rows() if value}


def bars(drawn):
    """The total of each bar by its name, from the top."""
    return dict(zip(drawn.labels, drawn.slots(drawn.height).totals(), strict=True))


# -- over time -----------------------------------------------------------------------------------------------


def test_counts_by_time_are_columns_with_gaps_where_nothing_is(dataset):
    drawn = chart(dataset, "filter ispresent(action) | stats count(*) as n by bin(1m)")
    assert (drawn.kind, drawn.measure, drawn.height) == (COLUMNS, "n", 20)
    assert (drawn.begin, drawn.step, names(drawn)) == (BEGIN, 60_000, [""])
    assert values(drawn) == Counter(row[0] for row in ROWS)
    shown = draw(drawn, 27, 5, Look(BLOCKS), exact=True)
    foot = "".join(text for text, _, _ in shown.lines[3])[7:]
    assert [place for place, sign in enumerate(foot) if sign == " "] == [7, 8, 13, 14]


def test_rejects_stand_on_the_axis_and_accepts_on_them(dataset):
    drawn = chart(dataset, "filter ispresent(action) | stats count(*) as n by bin(5m), action")
    assert [(series.name, series.tone) for series in drawn.series] == [
        ("REJECT", "reject"),
        ("ACCEPT", "accept"),
    ]
    for index, action in enumerate(("REJECT", "ACCEPT")):
        assert values(drawn, index) == Counter(row[0] // 5 for row in ROWS if row[4] == action)


def test_averages_by_time_are_a_line_that_breaks_where_there_is_no_number(dataset):
    drawn = chart(dataset, "stats avg(bytes) as size by bin(1m)")
    assert (drawn.kind, drawn.is_bytes) == (LINES, True)
    assert values(drawn) == {row[0]: float(row[3]) for row in ROWS}
    (missing,) = drawn.frame.filter(pl.col("place") == 14)["0"].to_list()
    assert missing is None, "the record says that there was no traffic"


def test_the_largest_series_are_drawn_and_the_others_added_up(dataset):
    drawn = chart(dataset, "filter ispresent(action) | stats sum(bytes) as sent by bin(5m), srcAddr")
    totals = defaultdict(int)
    for _, source, _, size, _ in ROWS:
        totals[source] += size
    largest = sorted(totals, key=totals.get, reverse=True)[: MOST_SERIES - 1]
    assert names(drawn) == [*largest, f"{len(totals) - len(largest)} others"]
    assert drawn.series[-1].tone == "dim"
    expected = defaultdict(int)
    for minute, source, _, size, _ in ROWS:
        if source not in largest:
            expected[minute // 5] += size
    assert values(drawn, len(largest)) == expected
    assert drawn.left_out == 0
    assert sum(drawn.slots(99).totals()) == sum(row[3] for row in ROWS)


def test_averages_of_other_series_are_left_out_and_counted(dataset):
    drawn = chart(dataset, "filter ispresent(action) | stats avg(bytes) as size by bin(5m), srcAddr")
    assert (drawn.kind, len(drawn.series), drawn.left_out) == (LINES, MOST_SERIES, 9 - MOST_SERIES)
    assert not any("others" in name for name in names(drawn))


def test_records_without_a_value_are_a_series_of_their_own(dataset):
    drawn = chart(dataset, "stats count(*) as n by bin(5m), action")
    assert names(drawn) == ["REJECT", "ACCEPT", "-"]
    assert drawn.series[2].key == {"action": None}
    assert values(drawn, 2) == {2: 1}


def test_several_measures_are_lines_beside_each_other_and_each_can_be_chosen(dataset):
    text = "filter ispresent(action) | stats count(*) as n, sum(bytes) as sent by bin(5m)"
    drawn = chart(dataset, text)
    assert (drawn.kind, names(drawn), drawn.measure) == (LINES, ["n", "sent"], "n, sent")
    sent = defaultdict(int)
    for minute, _, _, size, _ in ROWS:
        sent[minute // 5] += size
    assert values(drawn, 1) == sent
    one = chart(dataset, text, measure="sent")
    assert (one.kind, one.measure, values(one)) == (COLUMNS, "sent", sent)
    assert chart(dataset, text, measure="no such").measure == "n, sent"


def test_months_are_places_one_after_the_other(tmp_path):
    months = [START, START + 40 * 86_400, START + 41 * 86_400, START + 100 * 86_400]
    found = read(flow_log(tmp_path, *(record(start=start) for start in months)))
    drawn = chart(found, "stats count(*) as n by bin(1mo) as month")
    begins = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 4)]
    assert (drawn.kind, drawn.step, drawn.height) == (COLUMNS, None, 3)
    assert values(drawn) == {0: 1, 1: 2, 2: 1}
    assert [drawn.begins(place) for place in range(3)] == begins
    assert drawn.key(1, None) == {"month": begins[1]}
    axis = "".join(text for text, _, _ in draw(drawn, 80, 5, Look(BLOCKS)).lines[-1])
    assert [axis.count(text) for text in ("2026-01-01", "02-01", "04-01", "03-01")] == [1, 1, 1, 0]


def test_two_bins_a_year_apart_are_no_more_work_than_what_they_hold(tmp_path):
    found = read(flow_log(tmp_path, record(start=START), record(start=START + 365 * 86_400)))
    drawn = chart(found, "stats count(*) as n by bin(1s)")
    assert (drawn.height, drawn.frame.height) == (365 * 86_400 + 1, 2)
    assert sum(drawn.slots(100).totals()) == 2


@pytest.mark.parametrize(
    ("word", "kind"), [("line", LINES), ("bar", COLUMNS), ("stacked", COLUMNS), ("table", COLUMNS)]
)
def test_the_query_may_say_how_it_is_drawn(dataset, word, kind):
    assert chart(dataset, f"stats count(*) as n by bin(5m) | chart {word}").kind == kind
    assert chart(dataset, f"stats count(*) as n by bin(5m) | chart {word}", kind=LINES).kind == LINES


# -- categories ----------------------------------------------------------------------------------------------


def test_fields_are_bars_with_the_largest_at_the_top(dataset):
    drawn = chart(dataset, "filter ispresent(action) | stats count(*) as n by srcAddr")
    counts = Counter(row[1] for row in ROWS)
    assert drawn.kind == BARS
    assert bars(drawn) == counts
    assert list(bars(drawn).values()) == sorted(counts.values(), reverse=True)


def test_a_query_that_sorts_decides_about_the_order(dataset):
    drawn = chart(dataset, "filter ispresent(action) | stats count(*) as n by srcAddr | sort srcAddr desc")
    assert list(drawn.labels) == [f"10.0.0.{number}" for number in range(8, -1, -1)]


def test_ports_are_names_though_they_are_numbers_and_none_is_one_too(dataset):
    drawn = chart(dataset, "stats sum(bytes) as sent, count(*) as n by dstPort", measure="n")
    counts = Counter(str(row[2]) for row in ROWS) + Counter(["-"])
    assert bars(drawn) == counts
    assert {"dstPort": None} in drawn.keys
    assert drawn.key(list(drawn.labels).index("443"), None) == {"dstPort": 443}


def test_a_few_outcomes_are_stacked_on_the_bars_of_another_field(dataset):
    drawn = chart(dataset, "filter ispresent(action) | stats count(*) as n by dstPort, action")
    assert (drawn.name, names(drawn)) == ("dstPort", ["REJECT", "ACCEPT"])
    for index, action in enumerate(names(drawn)):
        counts = Counter(str(row[2]) for row in ROWS if row[4] == action)
        assert {drawn.labels[place]: value for place, value in values(drawn, index).items()} == counts
    place = list(drawn.labels).index("22")
    assert drawn.key(place, 0) == {"dstPort": 22, "action": "REJECT"}


def test_averages_are_never_stacked(dataset):
    drawn = chart(dataset, "filter ispresent(action) | stats avg(bytes) as size by dstPort, action")
    assert (drawn.name, names(drawn)) == ("dstPort · action", [""])
    sizes = defaultdict(list)
    for _, _, port, size, action in ROWS:
        sizes[f"{port} · {action}"].append(size)
    assert bars(drawn) == {name: pytest.approx(sum(found) / len(found)) for name, found in sizes.items()}


def test_many_values_of_the_last_field_are_names_rather_than_series(dataset):
    drawn = chart(dataset, "filter ispresent(action) | stats count(*) as n by dstPort, srcAddr")
    assert names(drawn) == [""]
    assert bars(drawn) == Counter(f"{row[2]} · {row[1]}" for row in ROWS)


@pytest.mark.parametrize("by", ["dstPort", "srcAddr", "dstPort, action", "bin(5m), action"])
def test_a_row_of_totals_is_no_bar(dataset, by):
    text = f"filter ispresent(action) | stats count(*) as n by {by}"
    plain, totals = chart(dataset, text), chart(dataset, f"{text} | addtotals row=false col=true")
    assert plain.frame.equals(totals.frame)
    assert (names(plain), list(plain.labels)) == (names(totals), list(totals.labels))


@pytest.mark.parametrize(
    "by", ["srcAddr", "dstPort", "dstPort, action", "bin(1m)", "bin(5m), srcAddr", "bin(1mo)"]
)
def test_what_is_drawn_adds_up_to_what_polars_finds_in_the_same_rows(dataset, by):
    frame = dataset.lazy().select(pl.col("bytes").sum()).collect()
    drawn = chart(dataset, f"stats sum(bytes) as sent by {by}")
    assert sum(drawn.slots(10_000).totals()) == frame["bytes"][0] == sum(row[3] for row in ROWS)


# -- nothing to draw -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("fields srcAddr", "Only groups can be drawn: add | stats count(*) by bin(5m), or by a field."),
        ("stats count(*) by nosuch | filter 1 = 2", "There is no row to draw."),
        (
            "stats count(*) as n",
            "To be drawn, a result needs a group: write stats … by bin(5m), or by a field.",
        ),
        ("stats max(action) by dstPort", "To be drawn, a result needs a column with numbers."),
        ("filter not ispresent(bytes) | stats avg(bytes) as n by dstPort", "There is no number to draw."),
    ],
)
def test_what_cannot_be_drawn_says_what_it_lacks(dataset, text, why):
    with pytest.raises(NoChartError) as found:
        chart(dataset, text)
    assert str(found.value) == why


def test_records_without_a_time_cannot_stand_above_an_axis_of_times(tmp_path):
    found = read(json_log(tmp_path, '{"code": 1}', '{"code": 2}'))
    with pytest.raises(NoChartError, match="No row has a time"):
        chart(found, "stats count(*) as n by bin(5m)")


# -- the command ---------------------------------------------------------------------------------------------

BY_PORT = "filter ispresent(action) | stats count(*) as n by dstPort"


def test_the_command_draws_on_standard_output(folder):
    out, err = query(folder, BY_PORT, "--format", "chart")
    head, *drawn = out.splitlines()
    counts = Counter(row[2] for row in ROWS)
    assert (head, err) == ("n", "")
    assert {int(port): int(number) for port, number, *_ in map(str.split, drawn)} == counts
    assert all("█" in line and len(line) <= 80 and line == line.rstrip() for line in drawn)
    assert "\x1b" not in out


def test_the_command_draws_into_a_file(folder, tmp_path):
    path = tmp_path / "ports.txt"
    assert query(folder, BY_PORT, "--format", "chart", "--output", path) == ("", "")
    printed, _ = query(folder, BY_PORT, "--format", "chart")
    assert path.read_text() == printed
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_the_command_says_why_it_cannot_draw_and_leaves_the_file_as_it_was(folder, tmp_path):
    path = tmp_path / "ports.txt"
    path.write_text("dear")
    for more in ((), ("--output", path)):
        out, err = query(folder, "fields srcAddr", "--format", "chart", *more, status=1)
        assert (out, err) == (
            "",
            "flowtui: Only groups can be drawn: add | stats count(*) by bin(5m), or by a field.\n",
        )
    assert path.read_text() == "dear"


def test_more_bars_than_fit_are_counted(tmp_path):
    found = flow_log(tmp_path, *(record(srcport=number) for number in range(55)))
    out, _ = query(found, "stats count(*) as n by srcPort", "--format", "chart")
    assert len(out.splitlines()) == 42
    assert out.splitlines()[-1] == "… and 15 more rows; the query's limit says how many are drawn."


def test_columns_on_paper_have_an_axis_of_times_and_say_that_they_were_folded(tmp_path):
    starts = (START + 10 * number for number in range(1000))
    found = flow_log(tmp_path, *(record(start=start) for start in starts))
    out, _ = query(found, "stats count(*) as n by bin(10s)", "--format", "chart")
    *_, axis, note = out.splitlines()
    assert "01-15 10:00" in axis
    assert note == "Each column is the highest of 14 bins."
    assert at(0) + timedelta(seconds=9990) < at(168), "and so 72 columns hold all of it"
