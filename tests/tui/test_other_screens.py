"""The lists behind the explorer: problems, help, the palette; and the clothes they all wear."""

from __future__ import annotations

import pytest
from textual.command import CommandPalette

import themes
from tests.tui.conftest import (
    BEGIN,
    NARROW,
    WIDE,
    explorer_on,
    in_records,
    line,
    lines_in,
    picture,
    press,
    quoted,
    screen_text,
    seen,
    settled,
    strips,
    until,
)
from tui.keymap import ACTIONS, EVERYWHERE, PANES, key_sign

# -- problems ------------------------------------------------------------------------------------------------


@pytest.fixture
def with_problems(logs):
    """Three bad lines in two files, and a file that was cut off."""
    logs.deliver(line(), "what is this", line(start=BEGIN + 1, packets="many"), name="a/first.log.gz")
    logs.deliver(line(), "2 too short", name="b/second.log.gz")
    path = logs.deliver(
        *(line(start=BEGIN + number, srcport=number) for number in range(500)), name="c/cut.log.gz"
    )
    path.write_bytes(path.read_bytes()[:-2000])
    return logs


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
async def test_problems_are_listed_with_file_and_line_and_shown_as_they_stand(with_problems, size):
    app = explorer_on(with_problems)
    async with app.run_test(size=size) as pilot:
        explorer = await settled(pilot)
        assert "4 problems (p)" in picture(app)[0]
        await pilot.press("p")
        await until("the list is there", lambda: "problems" in picture(app)[0])
        await pilot.pause()
        assert "4 problems in 3 files" in picture(app)[0]
        listed = lines_in(app, app.screen.query_one("#problem-table"))[1:8]
        expected = (
            "a/first.log.gz",
            "3 3 fields where 14 are expected",
            "4 packets is not a number: many",
            "b/second.log.gz",
            "3 3 fields where 14 are expected",
            "c/cut.log.gz",
            "the gzip data ends too early",
        )
        for row, what in zip(listed, expected, strict=True):
            assert what in " ".join(row.split()), listed
        quote = app.screen.query_one("RecordPane")
        await pilot.press("j")
        await until("the line under the cursor is quoted", lambda: lines_in(app, quote)[0] == "what is this")
        await pilot.press("j")
        bad = line(start=BEGIN + 1, packets="many")
        await until("the next line is quoted", lambda: bad in " ".join(lines_in(app, quote)))
        await pilot.press("escape")
        assert app.screen is explorer


async def test_problems_of_clean_logs_are_none_and_q_only_closes_the_list(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        await pilot.press("p")
        await until("the list is there", lambda: "problems · none" in picture(app)[0])
        await seen(app, "Every line of every file was read.")
        await pilot.press("j", "G", "enter", "y")
        await pilot.press("q")
        assert app.screen is explorer
        assert not app._exit


# -- help and palette ----------------------------------------------------------------------------------------


async def test_help_lists_every_action_with_its_keys_and_every_short_form(two_streams):
    from query.shorthand import SHORTHANDS

    app = explorer_on(two_streams)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await settled(pilot)
        await pilot.press("question_mark")
        seen = []
        for _ in range(110):
            seen += [row.strip() for row in picture(app)]
            await pilot.press("j")
        for action in ACTIONS:
            if set(action.where) & {*PANES, EVERYWHERE}:
                keys = "  ".join(key_sign(key) for key in action.keys)
                wanted = [row for row in seen if row.startswith(f"{keys} ") and action.help in row]
                assert wanted, f"{action.name} ({keys}) is not in the help"
        for short in SHORTHANDS:
            assert any(short.example in row and short.meaning in row for row in seen), short.example
        await pilot.press("escape")
        assert app.screen is explorer


@pytest.mark.parametrize("key", ["escape", "q", "question_mark"])
async def test_help_is_closed_by_the_keys_that_one_tries(two_streams, key):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        await pilot.press("question_mark")
        assert app.screen is not explorer
        await pilot.press(key)
        assert app.screen is explorer
        assert not app._exit


async def test_help_opens_from_the_problems_too(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await pilot.press("p")
        await until("the list is there", lambda: "problems" in picture(app)[0])
        await pilot.press("question_mark")
        await until("help is there", lambda: "help" in picture(app)[0])
        await pilot.press("escape", "escape")
        assert app.screen is app.explorer


async def palette(pilot, text):
    """Find something in the palette and choose it."""
    app = pilot.app
    await pilot.press("ctrl+p")
    await until("the palette is open", lambda: CommandPalette.is_open(app))
    await pilot.press(*text)
    hits = app.screen.query_one("CommandList")
    await until("something is found", lambda: hits.option_count and text.split()[0] in screen_text(app))
    await pilot.pause(0.1)
    await pilot.press("enter")
    if CommandPalette.is_open(app):
        await pilot.press("enter")
    await until("the palette is closed", lambda: not CommandPalette.is_open(app))
    await pilot.pause()


async def test_the_palette_offers_every_theme_and_dresses_the_screen(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        offered = {command.title for command in app.get_system_commands(explorer)}
        assert {f"theme {name}" for name in themes.themes()} <= offered
        assert not any("nord" in name or "dracula" in name for name in offered), (
            "only our own are fit for this"
        )
        await palette(pilot, "theme light")
        assert app.theme == "light"
        assert next(iter(strips(app)[5])).style.bgcolor.name == app.current_theme.background.lower()


async def test_the_palette_runs_actions_of_the_focused_pane(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        await palette(pilot, "follow")
        await until("it follows", lambda: explorer.state.following)


async def test_the_palette_finds_every_labelled_action_by_its_name(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        offered = [command.title for command in app.get_system_commands(explorer)]
        for action in ACTIONS:
            here = {*PANES, EVERYWHERE} & set(action.where)
            assert (f"{action.label} ({key_sign(action.keys[0])})" in offered) == bool(action.label and here)


# -- the footer ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
async def test_the_footer_fits_and_always_ends_with_help_and_quit(two_streams, width):
    app = explorer_on(two_streams)
    async with app.run_test(size=(width, 24)) as pilot:
        explorer = await settled(pilot)
        for pane in PANES:
            explorer.set_focus(explorer.query_one(f"#{pane}"))
            await pilot.pause()
            footer = picture(app)[-1].rstrip()
            assert footer.endswith("? help  q quit"), footer
            assert len(footer) <= width


async def test_keys_that_a_person_chose_work_and_are_shown_everywhere(two_streams):
    app = explorer_on(two_streams, keys={"filter": "f2", "line_down": "n,down"})
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        assert " f2 filter " in picture(app)[-1]
        await press(pilot, "n")
        assert explorer.records.cursor == 1
        await press(pilot, "j")
        assert explorer.records.cursor == 1, "the key that was replaced does nothing"
        offered = {command.title for command in app.get_system_commands(explorer)}
        assert "filter (f2)" in offered
        await pilot.press("question_mark")
        await until("help is there", lambda: "help" in picture(app)[0])
        assert any(row.split()[:1] == ["f2"] for row in picture(app))
        await pilot.press("escape", "f2")
        assert explorer.bar.typing


# -- themes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(themes.themes()))
async def test_every_theme_draws_every_screen(two_streams, name):
    app = explorer_on(two_streams, theme=name)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        assert app.theme == name
        words = screen_text(app)
        for text in ("✗ REJECT", "✓ ACCEPT", "10.0.0.9:50009", "groups", "quit"):
            assert text in words
        cursor = explorer.records.render_line(1)
        other = explorer.records.render_line(2)
        assert list(cursor)[-1].style != list(other)[-1].style, "the cursor is told from the other rows"
        cells = [segment for segment in cursor if segment.text.strip()]
        assert len({str(segment.style) for segment in cells}) > 1, "and its cell from the rest of the row"
        await press(pilot, "enter")
        await pilot.press("question_mark")
        await until("help is drawn", lambda: "help" in picture(app)[0])
        await pilot.press("escape", "p")
        await until("problems are drawn", lambda: "problems" in picture(app)[0])
        await pilot.press("escape", "ctrl+p")
        await until("the palette is drawn", lambda: CommandPalette.is_open(app))
        await pilot.pause()
        screen_text(app)
        await pilot.press("escape")


async def test_switching_through_all_themes_and_back_changes_no_word_on_the_screen(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=WIDE) as pilot:
        await quoted(pilot)
        await press(pilot, "H")  # without colours bars are drawn by other signs
        words = screen_text(app)
        for name in [*themes.themes(), themes.DEFAULT]:
            app.theme = name
            await settled(pilot)
            assert screen_text(app) == words, name


def colours(app):
    """The colours on the screen, other than the terminal's own two."""
    styles = [segment.style for strip in strips(app) for segment in strip if segment.style]
    drawn = {colour for style in styles for colour in (style.color, style.bgcolor) if colour is not None}
    return {colour.name for colour in drawn if not colour.is_default}


async def test_no_color_chooses_monochrome_and_sends_no_colour(two_streams, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app = explorer_on(two_streams, theme="light")
    async with app.run_test(size=WIDE) as pilot:
        await in_records(pilot)
        assert app.theme == themes.MONOCHROME
        assert colours(app) == set()
        await press(pilot, "enter")
        await pilot.press("slash", *"dstPort", "escape")
        assert colours(app) == set()
        await pilot.press("ctrl+p")
        await until("the palette is open", lambda: CommandPalette.is_open(app))
        await pilot.pause(0.1)
        assert colours(app) == set()


async def test_without_colour_rejects_and_the_cursor_still_stand_out(two_streams, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "")
    app = explorer_on(two_streams)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        rows = [explorer.records.render_line(y) for y in (1, 2, 4)]
        cursor, accepted, rejected = (
            next(segment.style for segment in row if "ACCEPT" in segment.text or "REJECT" in segment.text)
            for row in rows
        )
        assert cursor.reverse
        assert not accepted.reverse
        assert rejected.bold
        assert not accepted.bold


async def test_the_filter_needs_no_colour_to_tell_good_from_bad(two_streams, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        told = explorer.bar.query_one("#filter-told")
        await pilot.press("slash", *"dstPort")
        assert lines_in(app, told)[0].startswith("✗")
        await pilot.press(*" = 80")
        assert not lines_in(app, told)[0].startswith("✗")
