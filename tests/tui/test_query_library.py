"""The list of ready-made queries: a few letters find one, Enter runs it."""

from __future__ import annotations

import pytest

from query.library import Parameter, ReadyMade, read_library
from tests.tui.conftest import (
    HOSTILE,
    NARROW,
    WIDE,
    explorer_on,
    in_records,
    lines_in,
    press,
    seen,
    settled,
    strips,
    title,
    until,
)
from tests.tui.test_query_screen import answered, burst, rows, told
from tui.querying.ready_made import LibrarySource
from tui.screens.library import LibraryScreen
from tui.screens.query import QueryScreen

FLOW = ("srcaddr", "dstaddr", "bytes", "action")


def made(name, title, description="", *, needs=(), questions=()):
    return ReadyMade(name, title, description, "fields srcAddr", tuple(needs), tuple(questions))


TALKERS = made("top", "Top talkers", "Who sent the most bytes?", needs=["bytes"], questions=[13])
REJECTS = made("rej", "Rejected traffic", "What was stopped?", needs=["action"], questions=[1, 3])
NAMES = made(
    "dns", "Names that failed", "Which lookups failed?", needs=["rcode|responseCode"], questions=[33]
)
EVERY = (NAMES, TALKERS, REJECTS)


def found(words, fields=FLOW, queries=EVERY):
    return [query.name for query in LibrarySource(queries, fields, words).queries]


# -- finding -------------------------------------------------------------------------------------------------


def test_what_the_logs_have_no_fields_for_stands_at_the_end_dimmed_with_what_it_needs():
    source = LibrarySource(EVERY, FLOW)
    assert [row.cells[0] for row in source.window(0, 9)] == [
        "Top talkers",
        "Rejected traffic",
        "Names that failed",
    ]
    assert [row.tone for row in source.window(0, 9)] == ["", "", "dim"]
    assert source.window(2, 1)[0].cells[1] == "needs rcode or responseCode"


def test_every_word_is_found_in_title_name_or_description_whatever_its_case():
    assert found("TALK bytes") == ["top"]
    assert found("stopped") == ["rej"]
    assert found("dns") == ["dns"]
    assert found("talk stopped") == []


def test_a_number_finds_the_query_that_answers_this_question():
    assert found("13") == ["top"]
    assert found("3") == ["rej"]


def test_a_word_that_begins_one_of_the_title_counts_more_than_one_inside_it():
    queries = (made("a", "All", "stopped"), made("b", "Stopped"), made("c", "Top ports"))
    assert found("top", (), queries) == ["c", "b", "a"]


@pytest.mark.parametrize("words", ["(", "\\", "[", "\x1b", "²"])
def test_no_text_is_too_odd_to_be_looked_for(words):
    assert found(words) == []


# -- the screen ----------------------------------------------------------------------------------------------


async def open_library(pilot, *keys):
    await settled(pilot)
    await pilot.press("Q")
    await until("the list is there", lambda: isinstance(pilot.app.screen, LibraryScreen))
    await pilot.pause()
    if keys:
        await pilot.press(*keys)
        await pilot.pause()
    return pilot.app.screen


def listed(screen):
    return lines_in(screen.app, screen._table)


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
async def test_the_list_offers_what_can_be_asked_and_tells_of_the_one_under_the_cursor(two_streams, size):
    app = explorer_on(two_streams)
    async with app.run_test(size=size) as pilot:
        screen = await open_library(pilot)
        shipped, _ = read_library()
        fitting = [query for query in shipped if query.fits(app.explorer.state.fields)]
        assert 10 < len(fitting) < len(shipped)
        others = len(shipped) - len(fitting)
        assert (
            title(app, "queries")
            == f"queries · {len(fitting)} for these logs, and {others} that need other fields"
        )
        assert listed(screen)[1].startswith(fitting[0].title)
        await seen(app, fitting[0].description)
        await pilot.press("down")
        await pilot.pause()
        await seen(app, fitting[1].description)


async def test_six_keys_lead_from_the_open_directory_to_an_answer(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        burst(app, "Q", *"talk", "enter")
        await until("the query screen is there", lambda: isinstance(app.screen, QueryScreen))
        screen = await answered(pilot, app.screen)
        assert told(screen).startswith("11 rows of 11 records")
        assert rows(screen)[0][0] == "srcAddr"
        assert app.focused is screen._table


async def test_what_is_typed_is_looked_for_at_once_and_nothing_found_says_what_to_do(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        screen = await open_library(pilot, *"talkers")
        assert listed(screen)[1].startswith("Top talkers")
        await pilot.press(*"?q")
        await pilot.pause()
        await seen(app, "No query has these words")
        await pilot.press("enter")
        assert app.screen is screen
        await pilot.press("backspace", "backspace")
        await pilot.pause()
        assert listed(screen)[1].startswith("Top talkers")
        await pilot.press("escape")
        assert app.screen is app.explorer


async def test_what_cannot_be_asked_here_says_what_it_needs(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=WIDE) as pilot:
        screen = await open_library(pilot, *"dns queries by type")
        await pilot.press("enter")
        assert app.screen is screen
        await seen(app, "needs query_type, which these logs do not have.")


async def test_a_query_that_asks_for_values_gets_those_of_the_record_and_waits(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=WIDE) as pilot:
        await in_records(pilot)
        await press(pilot, "j")
        await open_library(pilot, *"traffic from an address", "enter")
        await until("the query screen is there", lambda: isinstance(app.screen, QueryScreen))
        screen = app.screen
        await pilot.pause()
        await pilot.pause()
        assert '"10.0.0.8"' in screen._editor.text
        assert told(screen) == "The address of the record under the cursor: 10.0.0.8. Enter runs it."
        assert screen._asked is None
        await pilot.press("enter")
        await answered(pilot, screen)
        assert told(screen).startswith("1 row of 11 records")


async def test_without_a_record_the_value_is_a_sample_to_be_replaced(logs):
    logs.deliver()
    app = explorer_on(logs)
    ready = ReadyMade(
        "x",
        "X",
        "",
        'filter srcAddr = "{{address}}"',
        parameters=(Parameter("address", "srcaddr", "10.0.1.10"),),
    )
    async with app.run_test(size=NARROW) as pilot:
        await until("all is read", lambda: app.explorer.state.dataset is not None)
        app.explorer._queries._take(app, ready)
        await until("the query screen is there", lambda: isinstance(app.screen, QueryScreen))
        await pilot.pause()
        await pilot.pause()
        assert told(app.screen) == "Put your address in place of 10.0.1.10, then Enter."


async def test_the_list_opens_from_the_query_and_from_its_result_too(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await pilot.press("semicolon", "ctrl+o")
        await until("the list is there", lambda: isinstance(app.screen, LibraryScreen))
        await pilot.press(*"talkers", "enter")
        await until("the query screen is there", lambda: isinstance(app.screen, QueryScreen))
        screen = await answered(pilot, app.screen)
        await pilot.press("Q")
        await until("the list is there", lambda: isinstance(app.screen, LibraryScreen))
        await pilot.press("escape")
        assert app.screen is screen
        await pilot.press("escape")
        assert app.screen is app.explorer, "one query screen is enough"


async def test_a_person_s_own_queries_are_offered_and_broken_files_are_told_of(
    two_streams, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    own = tmp_path / "flowtui" / "queries"
    own.mkdir(parents=True)
    (own / "mine.insights").write_text(
        "# title: My \x1b[2Jown\n# description: [/x] mine\nstats count(*) as mine\n"
    )
    (own / "broken.insights").write_text("stats count(*)")
    app = explorer_on(two_streams)
    async with app.run_test(size=WIDE) as pilot:
        screen = await open_library(pilot)
        await seen(app, "broken.insights")
        await pilot.press(*"mine")
        await pilot.pause()
        assert "own" in listed(screen)[1]
        assert not any(HOSTILE.search(segment.text) for strip in strips(app) for segment in strip)
        await pilot.press("enter")
        await until("the query screen is there", lambda: isinstance(app.screen, QueryScreen))
        screen = await answered(pilot, app.screen)
        assert rows(screen) == [["mine"], ["11"]]
