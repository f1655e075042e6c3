"""Pictures of every screen at 80x24 and 160x48; look at them before ``pytest --snapshot-update`` takes new ones.

Nothing in them varies: a copy of sample_logs whose files have one age, local time in UTC, and every filter
takes 9 ms.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.tui.conftest import (
    BEGIN,
    NARROW,
    WIDE,
    Logs,
    enter_filter,
    explorer_on,
    line,
    picture,
    press,
    quoted,
    settled,
    type_filter,
    until,
)
from tests.tui.test_query_library import open_library
from tests.tui.test_query_screen import answered, open_query

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
REJECTS = "reject and dstPort = 80"


@pytest.fixture(autouse=True)
def _nothing_varies(sample, utc, monkeypatch):
    monkeypatch.chdir(sample.parent)
    for module in ("tui.wording", "tui.querying.wording"):
        monkeypatch.setattr(f"{module}.duration", lambda _: "9 ms")
    # Two minutes after the files of the sample were written.
    monkeypatch.setattr("tui.clock.now", lambda: datetime.fromtimestamp(BEGIN + 21_720, UTC))
    told = "880 kB in ~/.cache/flowtui/stores/00112233445566778899aabbccddeeff"
    monkeypatch.setattr("tui.screens.problems.about_store", lambda _: told)


@pytest.fixture
def looks_as_before(snap_compare, size):
    """Compares a picture of the explorer, taken after some keys, with the one that was kept."""

    def compare(keys=(), *, after=None, **options):
        async def walk(pilot):
            await settled(pilot)
            await press(pilot, *keys)
            if after is not None:
                await after(pilot)
            else:
                await quoted(pilot)

        return snap_compare(explorer_on("sample_logs", **options), run_before=walk, terminal_size=size)

    return compare


@SIZES
def test_opening(looks_as_before):
    assert looks_as_before()


@SIZES
def test_a_group_unfolded(looks_as_before):
    assert looks_as_before(["enter"])


@SIZES
def test_records_and_the_one_under_the_cursor(looks_as_before):
    assert looks_as_before(["enter", "enter", "j", "j", "l"])


@SIZES
def test_filtered(looks_as_before):
    async def enter(pilot):
        await enter_filter(pilot, REJECTS)
        await quoted(pilot)

    assert looks_as_before(["enter", "enter"], after=enter)


@SIZES
def test_a_filter_that_is_none(looks_as_before):
    async def enter(pilot):
        pilot.app.explorer.bar.query_one("Input").cursor_blink = False
        await type_filter(pilot, "dstProt = 80")

    assert looks_as_before(["enter", "enter"], after=enter)


@SIZES
def test_a_filter_without_a_match(looks_as_before):
    async def enter(pilot):
        await enter_filter(pilot, "reject and dstPort = 81 and bytes > 1MB")

    assert looks_as_before(["enter", "enter"], after=enter)


@SIZES
def test_an_opened_record(looks_as_before):
    assert looks_as_before(["enter", "enter", "enter"], filter=REJECTS)


@SIZES
def test_following(looks_as_before):
    assert looks_as_before(["enter", "enter"], following=True)


@SIZES
def test_help(looks_as_before):
    async def ask(pilot):
        await pilot.press("question_mark")
        await until("help is there", lambda: "help" in picture(pilot.app)[0])

    assert looks_as_before(after=ask)


@SIZES
def test_problems(looks_as_before, sample):
    logs = Logs(sample)
    logs.deliver(line(), "what is this", line(packets="many"), name="plain/first.log")
    cut = logs.deliver(*(line(srcport=number) for number in range(500)), name="plain/cut.log.gz")
    cut.write_bytes(cut.read_bytes()[:-500])

    async def ask(pilot):
        await pilot.press("p")
        await until("the list is there", lambda: "problems" in picture(pilot.app)[0])
        await pilot.press("j", "j", "j")
        await until("a line is quoted", lambda: any("what is this" in row for row in picture(pilot.app)))

    assert looks_as_before(after=ask)


@SIZES
@pytest.mark.parametrize("theme", ["light", "monochrome", "contrast", "sixteen"])
def test_other_themes(looks_as_before, theme):
    assert looks_as_before(["enter", "enter"], filter=REJECTS, theme=theme)


# -- queries -------------------------------------------------------------------------------------------------

TALKERS = "stats count(*) as flows, sum(bytes) as sent by srcAddr, action | sort sent desc | limit 12"


@pytest.fixture
def query_looks_as_before(looks_as_before):
    """Compares a picture of the query screen, taken after a text was typed and perhaps run."""

    def compare(text, *keys, **options):
        async def ask(pilot):
            await open_query(pilot, text)
            if keys:
                await pilot.press(keys[0])
                await answered(pilot, pilot.app.screen)
                await pilot.press(*keys[1:])
            await pilot.pause()

        return looks_as_before(after=ask, **options)

    return compare


@SIZES
def test_a_query_before_anything_is_typed(query_looks_as_before):
    assert query_looks_as_before("")


@SIZES
def test_a_query_and_its_result(query_looks_as_before):
    assert query_looks_as_before(TALKERS, "enter", "j", "j", "l")


@SIZES
def test_records_of_a_query_with_more_columns_than_fit(query_looks_as_before):
    text = "fields @timestamp, srcAddr, srcPort, dstAddr, dstPort, action, bytes, @message"
    assert query_looks_as_before(text, "enter", "j", *"llllll")


@SIZES
def test_a_query_that_is_being_typed(query_looks_as_before):
    assert query_looks_as_before('filter action = "REJECT" | stats co')


@SIZES
def test_a_query_that_is_wrong(query_looks_as_before):
    assert query_looks_as_before("fields srcAddr, bytes | sotr bytes desc | limit 5")


@SIZES
def test_a_query_without_a_row(query_looks_as_before):
    assert query_looks_as_before("filter dstPort = 81 and bytes > 1000000", "enter", filter=REJECTS)


@SIZES
@pytest.mark.parametrize("theme", ["light", "monochrome", "sixteen"])
def test_queries_in_other_themes(query_looks_as_before, theme):
    assert query_looks_as_before(TALKERS, "enter", "j", *"e | fi", theme=theme)


@SIZES
def test_ready_made_queries(looks_as_before):
    async def ask(pilot):
        await open_library(pilot)

    assert looks_as_before(after=ask)


@SIZES
def test_ready_made_queries_that_words_are_found_in(looks_as_before):
    async def ask(pilot):
        await open_library(pilot, *"top", "down")

    assert looks_as_before(after=ask)
