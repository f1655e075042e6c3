"""The query screen: a query is typed, completed, run and looked at; its rows lead back to records."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from textual.events import Paste

from loaders.dataset import Progress
from query.scope import Scope
from tests.tui.conftest import (
    BEGIN,
    HOSTILE,
    NARROW,
    WIDE,
    burst,
    enter_filter,
    explorer_on,
    line,
    lines_in,
    picture,
    press,
    screen_text,
    seen,
    settled,
    sources,
    strips,
    styles_of,
    title,
    until,
    written,
)
from tui.querying.history import read
from tui.querying.workers import Answered
from tui.screens.query import QueryScreen

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
BY_PORT = "stats sum(bytes) as sent by dstPort | sort sent desc"


async def open_query(pilot, text=""):
    """Open the query screen and type a text."""
    await settled(pilot)
    await pilot.press("semicolon")
    await until("the query screen is there", lambda: isinstance(pilot.app.screen, QueryScreen))
    await pilot.pause()
    if text:
        await written(pilot, text)
    return pilot.app.screen


async def run(pilot, text):
    """Type a query, run it and wait for its result."""
    screen = await open_query(pilot, text)
    await pilot.press("enter")
    return await answered(pilot, screen)


async def answered(pilot, screen):
    """Wait until the newest query is answered, and painted."""
    await until("the query is answered", lambda: screen._asked is not None and not screen._waiting)
    await pilot.pause()
    await pilot.pause()
    return screen


def told(screen):
    """The line between the query and its result."""
    return lines_in(screen.app, screen.query_one("#told"))[0]


def rows(screen):
    """The rows of the result that are on the screen, titles first."""
    return [row.split() for row in lines_in(screen.app, screen._table) if row]


def choices(screen):
    """What the list offers, without what it means; nothing while it is closed."""
    return [choice.text for choice in screen._choices._choices] if screen._choices.is_open else []


@pytest.fixture
def app(two_streams):
    """An app on ten records of two streams and one of another group."""
    return explorer_on(two_streams)


# -- running -------------------------------------------------------------------------------------------------


@SIZES
async def test_enter_runs_the_query_and_its_rows_stand_below_it(app, size):
    async with app.run_test(size=size) as pilot:
        screen = await run(pilot, BY_PORT)
        assert rows(screen) == [["dstPort", "sent"], ["443", "6000"], ["80", "500"]]
        assert told(screen).startswith("2 rows of 11 records · ")
        assert title(app, "result") == "result · 2 rows"
        assert app.focused is screen._table


async def test_a_query_is_asked_of_what_the_explorer_looks_at(app):
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await enter_filter(pilot, "reject")
        screen = await run(pilot, "stats count(*) as n")
        assert rows(screen) == [["n"], ["2"]]
        assert told(screen).startswith("1 row of 2 records · ")
        assert "› reject" in picture(app)[0]


async def test_keys_that_come_in_a_burst_act_in_their_order(app):
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        burst(app, ";", *"stats counx", "backspace", *"t(*) as n", "enter", "e", *" by dstPort", "enter")
        await until("the query screen is there", lambda: isinstance(app.screen, QueryScreen))
        screen = await answered(pilot, app.screen)
        assert screen._editor.text == "stats count(*) as n by dstPort"
        assert rows(screen)[0] == ["dstPort", "n"]


async def test_only_the_newest_query_is_painted(app):
    async with app.run_test(size=WIDE) as pilot:
        screen = await run(pilot, "stats count(*) as first")
        old = screen._asked
        source = screen._table.answered
        await pilot.press("e", *" by dstPort", "enter")
        await answered(pilot, screen)
        screen.post_message(Answered(old, source))
        await pilot.pause()
        assert rows(screen)[0] == ["dstPort", "first"]


async def test_a_result_that_was_cut_says_how_to_get_all_of_it(logs):
    logs.deliver(*(line(srcport=number) for number in range(10_001)))
    app = explorer_on(logs)
    async with app.run_test(size=WIDE) as pilot:
        screen = await run(pilot, "fields srcPort")
        assert told(screen).startswith("10,000 rows, more were cut: add | limit any")


async def test_an_empty_result_says_why_and_what_to_press(app):
    async with app.run_test(size=NARROW) as pilot:
        screen = await run(pilot, "filter bytes > 5000")
        await seen(app, "None of 11 records answers this query.")
        await seen(app, "Press e to change it.")
        assert told(screen).startswith("0 rows of 11 records")


async def test_nothing_runs_by_itself_when_records_come(app, two_streams):
    async with app.run_test(size=WIDE) as pilot:
        screen = await run(pilot, "stats count(*) as n")
        two_streams.deliver(line(start=BEGIN + 400), end=BEGIN + 600)
        await until("the record is here", lambda: app.explorer.state.dataset.height == 12)
        await pilot.press("escape")
        await settled(pilot)
        await pilot.press("semicolon")
        await pilot.pause()
        assert rows(screen) == [["n"], ["11"]]
        assert told(screen) == "More records have come. Press Enter to run it again."
        await pilot.press("enter")
        await answered(pilot, screen)
        assert rows(screen) == [["n"], ["12"]]


async def test_news_of_records_is_told_at_once_to_who_looks_at_a_result(app, two_streams):
    async with app.run_test(size=WIDE) as pilot:
        screen = await run(pilot, "stats count(*) as n")
        two_streams.deliver(line(start=BEGIN + 400), end=BEGIN + 600)
        await until("it is said", lambda: told(screen).startswith("More records have come."))
        assert told(screen) == "More records have come. Press e and Enter to run it again."
        assert rows(screen) == [["n"], ["11"]]


async def test_records_that_come_while_the_screen_is_being_opened_do_no_harm(app):
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        explorer = app.explorer
        explorer.action_query()
        explorer._queries.records_came(app)
        await until("the query screen is there", lambda: "Type a query" in screen_text(app))
        assert isinstance(app.screen, QueryScreen)


async def test_what_was_asked_while_records_were_read_is_asked_again_when_all_are(app):
    async with app.run_test(size=WIDE) as pilot:
        screen = await run(pilot, "stats count(*) as n")
        whole = app.explorer.state.dataset
        half = replace(whole, parts=whole.parts[:0], progress=Progress(1, 2, 1, 2))
        app.explorer.state.dataset = half
        screen.action_run()
        await answered(pilot, screen)
        assert rows(screen) == [["n"], ["0"]]
        app.explorer.state.dataset = whole
        screen.records_came()
        await answered(pilot, screen)
        assert rows(screen) == [["n"], ["11"]]


async def test_rows_of_the_query_before_lead_nowhere_while_another_runs(app):
    async with app.run_test(size=WIDE) as pilot:
        screen = await run(pilot, "stats count(*) by dstPort")
        screen._waiting = True
        screen._arrange()
        await pilot.press("enter", "x")
        assert app.screen is screen
        assert told(screen) == "The query is still running; these are the rows of the one before."
        assert "of the query before" in title(app, "result")


async def test_enter_takes_the_choice_that_somebody_has_moved_to(app):
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("semicolon", *"stats co", "down", "enter")
        await pilot.pause()
        assert app.screen._editor.text == "stats count_distinct("


async def test_a_result_of_another_scope_is_said_to_be_one(app):
    async with app.run_test(size=WIDE) as pilot:
        screen = await run(pilot, "stats count(*) as n")
        await pilot.press("escape")
        await settled(pilot)
        await enter_filter(pilot, "reject")
        await pilot.press("semicolon")
        await pilot.pause()
        assert told(screen).startswith("This is the result for what was looked at before.")


# -- what is wrong -------------------------------------------------------------------------------------------


async def test_what_is_wrong_is_underlined_and_said_below_it(app):
    async with app.run_test(size=NARROW) as pilot:
        screen = await open_query(pilot, "fields srcAddr | sotr bytes")
        assert told(screen).startswith("✗ 'sotr' is not a command. Did you mean 'sort'?")
        assert any(style.underline for style in styles_of(app, "sotr"))
        assert not any(style.underline for style in styles_of(app, "bytes"))


async def test_a_word_that_is_being_typed_is_not_called_wrong(app):
    async with app.run_test(size=NARROW) as pilot:
        screen = await open_query(pilot, "fields srcAddr | so")
        assert not told(screen).startswith("✗")
        assert not any(style.underline for style in styles_of(app, "so"))
        await pilot.press("escape", "enter")
        assert told(screen).startswith("✗ 'so' is not a command."), "it is to be run as it is"
        assert any(style.underline for style in styles_of(app, "so"))
        assert app.focused is screen._editor


async def test_a_query_that_cannot_be_answered_says_why_in_its_place(app):
    async with app.run_test(size=WIDE) as pilot:
        screen = await run(pilot, "cidrlookup nowhere srcAddr OUTPUT name")
        assert told(screen).startswith("✗ ")
        assert "nowhere" in told(screen)


# -- typing --------------------------------------------------------------------------------------------------


async def test_a_new_line_is_begun_by_a_key_of_its_own_and_the_editor_grows(app):
    async with app.run_test(size=NARROW) as pilot:
        screen = await open_query(pilot, "fields srcAddr")
        assert screen._editor.size.height == 3
        for number in range(10):
            await pilot.press("ctrl+j", *f"| limit {number}")
        await pilot.pause()
        assert screen._editor.text.count("\n") == 10
        assert screen._editor.size.height == 8


async def test_up_and_down_walk_through_the_queries_that_were_run(app):
    older, newer = "stats count(*)", "fields srcAddr\n| limit 2"
    async with app.run_test(size=NARROW) as pilot:
        screen = await run(pilot, older)
        await pilot.press("e", "ctrl+u", *"fields srcAddr", "ctrl+j", *"| limit 2", "enter")
        await answered(pilot, screen)
        editor = screen._editor
        await pilot.press("e", "ctrl+u", "backspace", "ctrl+u", *"# draft")
        assert editor.text == "# draft"
        await pilot.press("up")
        assert editor.text == newer
        await pilot.press("up")
        assert editor.text == older
        await pilot.press("up")
        assert editor.text == older, "there is nothing before it"
        await pilot.press("down")
        assert editor.text == newer
        await pilot.press("up")
        assert editor.text == newer, "there is a line to move up to"
        assert editor.cursor_location[0] == 0
        await pilot.press("down", "down")
        assert editor.text == "# draft"
        await until("both are kept", lambda: read(screen._history._path) == [older, newer])


async def test_tab_completes_what_is_typed(app):
    async with app.run_test(size=NARROW) as pilot:
        screen = await open_query(pilot, "fiel")
        assert choices(screen)[0] == "fields"
        await pilot.press("tab")
        assert screen._editor.text.startswith("fields")
        assert not choices(screen)
        await pilot.press(*" dstA", "tab")
        assert "dstAddr" in screen._editor.text or "dstaddr" in screen._editor.text


async def test_the_list_is_moved_in_and_closed_without_touching_the_text(app):
    async with app.run_test(size=NARROW) as pilot:
        screen = await open_query(pilot, "fields s")
        offered = choices(screen)
        assert len(offered) > 1
        await pilot.press("down")
        assert screen._choices.picked.text == offered[1]
        await pilot.press("up", "up")
        assert screen._choices.picked.text == offered[-1], "at the top it goes on at the bottom"
        await pilot.press("escape")
        assert not choices(screen)
        assert screen._editor.text == "fields s"
        assert app.screen is screen
        await pilot.press("ctrl+@")
        assert choices(screen) == offered


async def test_values_seen_in_the_logs_are_offered_where_one_is_due(app):
    async with app.run_test(size=NARROW) as pilot:
        screen = await open_query(pilot, 'filter action = "')
        await until("values are offered", lambda: choices(screen))
        assert {'"ACCEPT"', '"REJECT"'} <= set(choices(screen))
        await pilot.press(*"REJ", "tab", "enter")
        await answered(pilot, screen)
        assert told(screen).startswith("2 rows of 11 records")


async def test_the_list_closes_when_the_cursor_leaves_its_word(app):
    async with app.run_test(size=NARROW) as pilot:
        screen = await open_query(pilot, "fields s")
        assert choices(screen)
        await pilot.press("home")
        await pilot.pause()
        assert not choices(screen)
        assert screen._editor.text == "fields s"


async def test_values_of_each_column_are_found_however_fast_one_types(app):
    async with app.run_test(size=NARROW) as pilot:
        await open_query(pilot)
        burst(app, *'filter action = "ACCEPT" and srcAddr = "10.9.9.9" and action = "R')
        screen = app.screen
        await until("values are offered", lambda: choices(screen) == ['"REJECT"'])


async def test_nothing_is_offered_inside_a_comment(app):
    async with app.run_test(size=NARROW) as pilot:
        screen = await open_query(pilot, "fields srcAddr # sta")
        assert not choices(screen)
        await pilot.press("tab")
        assert screen._editor.text == "fields srcAddr # sta"


async def test_enter_runs_the_query_even_while_the_list_is_open(app):
    async with app.run_test(size=NARROW) as pilot:
        screen = await open_query(pilot, "fields srcAddr, dst")
        await pilot.press(*"Addr")
        await pilot.press("backspace")
        assert choices(screen)
        await pilot.press(*"r", "enter")
        await answered(pilot, screen)
        assert not choices(screen)
        assert rows(screen)[0] == ["srcAddr", "dstAddr"]


# -- the result ----------------------------------------------------------------------------------------------


async def test_enter_on_a_group_goes_to_its_records(app):
    async with app.run_test(size=WIDE) as pilot:
        screen = await run(pilot, BY_PORT)
        await pilot.press("j", "enter")
        explorer = await settled(pilot)
        assert app.screen is explorer
        assert explorer.state.scope.filter == "dstPort = 80"
        assert sources(explorer) == ["10.0.0.6", "10.0.0.3"]
        assert app.focused is explorer.records
        await press(pilot, "left_square_bracket")
        assert explorer.state.scope == Scope(), "the way back leads to where the query was asked"
        assert screen._editor.text == BY_PORT


async def test_enter_on_a_record_puts_the_cursor_on_it(app):
    async with app.run_test(size=WIDE) as pilot:
        await run(pilot, "fields srcAddr, bytes | sort srcAddr | limit 20")
        await pilot.press("j", "j", "enter")
        explorer = await settled(pilot)
        await until("the cursor is there", lambda: explorer.records.row.record["srcaddr"] == "10.0.0.2")
        assert app.focused is explorer.records


async def test_enter_on_a_sorted_row_goes_where_that_row_leads(app):
    async with app.run_test(size=WIDE) as pilot:
        screen = await run(pilot, BY_PORT)
        await pilot.press("s")
        await until("it is sorted", lambda: rows(screen)[1][0] == "80")
        assert rows(screen)[0] == ["dstPort▲", "sent"]
        await pilot.press("enter")
        explorer = await settled(pilot)
        assert explorer.state.scope.filter == "dstPort = 80"


async def test_sorting_again_turns_the_order_round(app):
    async with app.run_test(size=WIDE) as pilot:
        screen = await run(pilot, "stats count(*) as n by srcAddr")
        await pilot.press("s")
        await until("it is sorted", lambda: screen._table.sorted_by == ("srcAddr", False))
        await pilot.press("s")
        await until("it is turned round", lambda: screen._table.sorted_by == ("srcAddr", True))
        await pilot.pause()
        assert rows(screen)[1][0] == "10.9.9.9"
        assert rows(screen)[-1][0] == "10.0.0.0"


async def test_a_cell_a_row_and_the_query_are_copied(app):
    async with app.run_test(size=WIDE) as pilot:
        screen = await run(pilot, BY_PORT)
        await pilot.press("l", "y")
        assert app.clipboard == "6000"
        await pilot.press("Y")
        assert json.loads(app.clipboard) == {"dstPort": 443, "sent": 6000}
        await pilot.press("C")
        assert app.clipboard == BY_PORT
        assert told(screen) == "Copied the query for Logs Insights."


async def test_a_query_that_aws_would_refuse_is_not_copied_and_it_is_said_why(app):
    async with app.run_test(size=WIDE) as pilot:
        screen = await run(pilot, "stats count(*) as n by dstPort | chart bar")
        app.copy_to_clipboard("before")
        await pilot.press("C")
        assert app.clipboard == "before"
        assert "AWS has no command 'chart'" in told(screen)


async def test_columns_that_do_not_fit_are_reached_by_moving_to_the_side(app):
    names = "interfaceId, srcAddr, dstAddr, srcPort, dstPort, protocol, packets, bytes, start, end, accountId"
    async with app.run_test(size=NARROW) as pilot:
        screen = await run(pilot, f"fields {names}")
        assert "accountId" not in screen_text(app).partition("result")[2]
        assert "columns 1 to " in title(app, "result")
        await pilot.press(*"llllllllll")
        await pilot.pause()
        assert rows(screen)[0][-1] == "accountId"
        assert title(app, "result").endswith("of 11 ←")
        await pilot.press("y")
        assert app.clipboard == "123456789012"
        await pilot.resize_terminal(*WIDE)
        await until("all are on the screen", lambda: title(app, "result") == "result · 11 rows")
        await pilot.resize_terminal(40, 12)
        await until("they are not", lambda: "columns" in title(app, "result"))
        assert screen._table.size.height >= 4, "the text leaves room for the result"


async def test_the_keys_that_lead_back_to_the_text(app):
    async with app.run_test(size=NARROW) as pilot:
        screen = await run(pilot, BY_PORT)
        for key in ("e", "i", "slash", "tab", "shift+tab"):
            await pilot.press(key)
            assert app.focused is screen._editor, key
            await pilot.press("escape")
            assert app.focused is screen._table
        assert screen._editor.text == BY_PORT


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_the_query_and_its_result_are_kept_for_the_next_time(app, key):
    async with app.run_test(size=NARROW) as pilot:
        screen = await run(pilot, BY_PORT)
        await pilot.press("j", key)
        assert app.screen is app.explorer
        await settled(pilot)
        await pilot.press("semicolon")
        await pilot.pause()
        assert app.screen is screen
        assert screen._editor.text == BY_PORT
        assert rows(screen)[1:] == [["443", "6000"], ["80", "500"]]
        assert screen._table.cursor == 1


async def test_help_opens_from_the_result_and_not_while_text_is_typed(app):
    async with app.run_test(size=NARROW) as pilot:
        screen = await run(pilot, BY_PORT)
        await pilot.press("question_mark")
        assert app.screen.id == "help"
        await until("help is there", lambda: "Run the query" in screen_text(app))
        await pilot.press("escape", "e", "question_mark", "q")
        assert app.screen is screen
        assert screen._editor.text == BY_PORT + "?q"


# -- export --------------------------------------------------------------------------------------------------


async def test_a_result_is_written_as_it_is_shown_to_a_file_of_a_name_one_types(app, folder, monkeypatch):
    monkeypatch.chdir(folder)
    async with app.run_test(size=NARROW) as pilot:
        screen = await run(pilot, BY_PORT)
        await pilot.press("s")
        await until("it is sorted", lambda: screen._table.sorted_by is not None)
        await pilot.press("x")
        await seen(app, "write to query.csv")
        await pilot.press("enter")
        await until("it is written", lambda: "Wrote" in told(screen))
        assert told(screen) == "Wrote 2 rows to query.csv."
        assert (folder / "query.csv").read_text() == "dstPort,sent\n80,500\n443,6000\n"
        assert app.focused is screen._table


async def test_a_file_is_replaced_only_when_asked_twice(app, folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "query.csv").write_text("dear")
    async with app.run_test(size=NARROW) as pilot:
        screen = await run(pilot, BY_PORT)
        await pilot.press("x", "enter")
        await until("it is said", lambda: "is there already" in told(screen))
        assert (folder / "query.csv").read_text() == "dear"
        await pilot.press("enter")
        await until("it is written", lambda: "Wrote" in told(screen))
        assert (folder / "query.csv").read_text().startswith("dstPort,sent")


async def test_escape_leaves_the_name_and_writes_nothing(app, folder, monkeypatch):
    monkeypatch.chdir(folder)
    async with app.run_test(size=NARROW) as pilot:
        screen = await run(pilot, BY_PORT)
        await pilot.press("x", "backspace", *"q?j", "escape", "j")
        assert screen._table.cursor == 1
        assert app.screen is screen
        assert not list(folder.glob("query*"))


async def test_a_name_that_says_no_form_is_refused_with_those_there_are(app):
    async with app.run_test(size=NARROW) as pilot:
        screen = await run(pilot, BY_PORT)
        await pilot.press("x", "ctrl+u", *"out.txt", "enter")
        await until("it is said", lambda: "has to end with .csv, .json" in told(screen))


# -- hostile data --------------------------------------------------------------------------------------------

NASTY = ("\x1b[2Jevil", "[/x][red]evil", "\u202eevil", "ev\x9b31mil", "e\x00v\x07il", "evil\u200b\ufeff")


def assert_harmless(app):
    """No piece of the screen holds anything but visible characters, and no line is too long."""
    for strip in strips(app):
        assert strip.cell_length == app.size.width
        for segment in strip:
            assert not HOSTILE.search(segment.text), segment.text


@SIZES
async def test_no_value_of_the_logs_steers_the_terminal(logs, size):
    logs.deliver(*(line(interface_id=nasty.replace(" ", "_")) for nasty in NASTY), name="g/nasty.log")
    app = explorer_on(logs)
    async with app.run_test(size=size) as pilot:
        screen = await run(pilot, "stats count(*) as n by interfaceId")
        assert screen._table.answered.height > 1
        for key in ("j", "y", "Y", "s", "l", "y", "C", "e", "escape"):
            await pilot.press(key)
            await pilot.pause()
            assert_harmless(app)
        await pilot.press("enter")
        explorer = await settled(pilot)
        assert explorer.state.scope.filter
        assert_harmless(app)
        await pilot.press("semicolon")
        await pilot.pause()
        assert_harmless(app)


async def test_what_is_pasted_into_the_query_steers_nothing_either(app):
    async with app.run_test(size=NARROW) as pilot:
        screen = await open_query(pilot)
        screen._editor.post_message(Paste('filter srcAddr = "\x1b[2J\u202e\tx"\r\n| limit 5'))
        await pilot.pause()
        assert_harmless(app)
        assert screen._editor.text.endswith("| limit 5")
