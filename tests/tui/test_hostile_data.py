"""Data written by strangers: nothing in it steers the terminal, is taken for markup, or stops the explorer.

Records, headers, folders and file names below hold escape sequences, markup, text that turns round or hides,
endless words, NUL, and bytes that are not UTF-8. Every screen is drawn and searched for what must not be sent.
"""

from __future__ import annotations

import os

import pytest

from tests.tui.conftest import (
    BEGIN,
    ENI,
    HEADER,
    HOSTILE,
    NARROW,
    WIDE,
    Logs,
    enter_filter,
    explorer_on,
    in_records,
    line,
    picture,
    press,
    quoted,
    screen_text,
    seen,
    settled,
    strips,
    until,
)
from tui.sanitise import clean

NASTY = {
    "esc": "\x1b[31mred\x1b[0m",
    "clear": "\x1b[2J\x1b[H",
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "title": "\x1b]0;evil\x07",
    "c1": "\x9b31m",
    "bell": "\x07\x08\x7f",
    "closing tag": "[/x]",
    "tag": "[red]",
    "link": "[@click=app.quit]x[/]",
    "open tag": "[bold",
    "dollar": "$foreground",
    "override": "\u202e10.0.0.1\u202c",
    "isolate": "\u2066a\u2069",
    "zero width": "a\u200bb\ufeffc",
    "combining": "a" + "\u0301" * 200,
    "wide": "日本語のログ",
    "emoji": "👩\u200d👩\u200d👧",
    "nul": "a\x00b",
    "long": "x" * 5000,
    "tags": "\U000e0041",
}


def assert_harmless(app):
    """No piece of the screen holds anything but visible characters, and no line is too long."""
    for strip in strips(app):
        for segment in strip:
            assert segment.control is None
            found = HOSTILE.search(segment.text)
            assert not found, f"{segment.text!r} is on the screen"
        assert strip.cell_length == app.size.width
    assert all(
        "evil" not in (segment.style.link or "") for s in strips(app) for segment in s if segment.style
    )


async def walk_about(pilot, *, records=5):
    """Show everything that the explorer has to show of some records, and look at each picture."""
    app = pilot.app
    explorer = await settled(pilot)
    assert_harmless(app)
    for key in ("enter", "down", "y", "tab", "y"):
        await press(pilot, key)
        assert_harmless(app)
    explorer.records.move_to(0)
    for _ in range(min(records, explorer.records.source.height)):
        await quoted(pilot)
        assert_harmless(app)
        await press(pilot, "j")
    await press(pilot, "enter")
    await quoted(pilot)
    await press(pilot, "Y", "pagedown")
    assert_harmless(app)
    await pilot.press("p")
    await until("the problems are listed", lambda: app.screen is not explorer)
    for key in ("j", "G"):
        await pilot.press(key)
        await pilot.pause()
        assert_harmless(app)
    await pilot.press("escape")


def lines_with(nasty):
    """Lines with a value wherever it fits, and where it does not."""
    return (
        line(srcaddr=nasty, dstaddr=nasty, start=BEGIN + 3),
        line(interface_id=nasty, action=nasty, start=BEGIN + 2),
        line(account_id=nasty, action="-", log_status=nasty, start=BEGIN + 1),
        line(packets=nasty),
        nasty,
    )


async def test_hostile_values_are_shown_harmless_everywhere(logs):
    logs.deliver(*(text for nasty in NASTY.values() for text in lines_with(nasty)), name="g/nasty.log")
    app = explorer_on(logs)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await settled(pilot)
        assert explorer.state.view.height > 2 * len(NASTY)
        await walk_about(pilot, records=explorer.state.view.height)
        assert not app._exit, "nothing was pressed that leaves"


async def test_hostile_values_are_shown_harmless_at_80_columns(logs):
    logs.deliver(*(text for nasty in NASTY.values() for text in lines_with(nasty)), name="g/nasty.log")
    app = explorer_on(logs)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        for key in (
            "enter",
            "G",
            "up",
            "pageup",
            "home",
            "tab",
            *["pagedown"] * 9,
            "tab",
            "p",
            *["pagedown"] * 9,
        ):
            await pilot.press(key)
            await pilot.pause()
            assert_harmless(app)


def test_a_real_terminal_is_sent_nothing_that_came_from_the_logs(logs, terminal):
    logs.deliver(*(text for nasty in NASTY.values() for text in lines_with(nasty)), name="g/nasty.log")
    shell = terminal(logs.root, size=WIDE)
    shell.wait_for("records ·")
    for keys in ("\r", "\t", "\x06\x06\x06", "\x02", "l+", "/\r", "y", "\r", "p", "\x06", "G", "\x1b", "Y"):
        shell.keys(keys)
        shell.quiet(0.2)
    shell.keys("q")
    shell.ended()
    sent = shell.sent.decode("utf-8", "replace")
    for nasty in (
        "\x1b[31mred",
        "\x1b[2J\x1b[H",
        "\x1b]52;c;ZXZpbA==",
        "\x1b]0;evil",
        "\x9b",
        "\u202e",
        "\u200b",
        "\x00",
    ):
        assert nasty not in sent


async def test_hostile_values_can_be_filtered_on_and_copied_as_they_are(logs):
    some = [
        NASTY[name]
        for name in ("esc", "c1", "nul", "override", "closing tag", "tag", "long", "combining", "tags")
    ]
    logs.deliver(*(line(srcaddr=nasty, start=BEGIN - n) for n, nasty in enumerate(some)), name="g/n.log")
    app = explorer_on(logs)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        while explorer.records.field != "srcaddr":
            await pilot.press("l")
        for number, nasty in enumerate(some):
            explorer.records.move_to(number)
            await press(pilot, "y")
            assert app.clipboard == explorer.records.row.record["srcaddr"] == nasty
            await press(pilot, "plus")
            assert_harmless(app)
            assert explorer.state.view.height == 1, "only that record has the value"
            assert explorer.records.row.record["srcaddr"] == nasty
            await pilot.press("slash", "x")
            assert_harmless(app)
            await press(pilot, "backspace", "enter")
            assert explorer.state.view.height == 1, "the filter in the bar says the same as the cell did"
            await press(pilot, "left_square_bracket")
            explorer.records.move_to(number)
            await press(pilot, "minus")
            assert_harmless(app)
            assert explorer.state.view.height == len(some) - 1
            await press(pilot, "left_square_bracket")


async def test_hostile_file_and_folder_names_are_shown_harmless(logs):
    for nasty in NASTY.values():
        name = nasty.replace("/", "∕").replace("\x00", "")[:80]
        logs.deliver(line(), "bad line", name=f"{name}/{name}.log")
    logs.deliver(line(), "bad line", name="a [/x]/[red] [/].log")
    app = explorer_on(logs)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await settled(pilot)
        assert explorer.groups.source.height == len(NASTY) + 1
        await walk_about(pilot)


NAMES = [b"\xff\xfe.log", b"caf\xe9/a.log", b"new\nline.log", b"tab\there.log.gz", b"-rf.log", b" .log"]


@pytest.mark.parametrize("name", NAMES, ids=repr)
async def test_names_that_are_not_utf_8_or_not_one_line_are_read_and_shown(logs, name):
    logs.deliver(line(srcaddr="10.0.0.77"), "bad line", name=name)
    app = explorer_on(logs)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        assert explorer.records.row.record["srcaddr"] == "10.0.0.77"
        await walk_about(pilot)
        await pilot.press("p")
        await until("the problem is listed", lambda: clean(os.fsdecode(name)) in screen_text(app))
        assert_harmless(app)


async def test_a_delivery_with_a_name_that_is_not_utf_8_does_not_end_the_watching(logs):
    logs.deliver(line(), name="g/a.log")
    app = explorer_on(logs)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await settled(pilot)
        for number, name in enumerate((b"g/\xff\xfe.log", "g/plain.log"), start=2):
            logs.deliver(line(start=BEGIN + number), name=name)
            known = explorer.state
            await until("the delivery is there", lambda known=known, n=number: known.dataset.height == n)


async def test_a_root_with_a_hostile_name_is_shown_harmless(logs):
    root = logs.root / "\x1b[31m[red]\u202e"
    root.mkdir()
    Logs(root).deliver(line())
    app = explorer_on(root)
    async with app.run_test(size=WIDE) as pilot:
        await walk_about(pilot)
        assert "␛" in picture(app)[0]


async def test_hostile_header_names_are_shown_harmless(logs):
    names = ["\x1b[31mevil", "[red]", "$x", "\u202eevil", "日本語", "a\x00b", "x" * 300, "toString", "[bold"]
    for number, name in enumerate(names):
        records = (f"{line(start=BEGIN + number)} value", f"{line(start=BEGIN + number)} [/x]")
        logs.deliver(*records, header=f"{HEADER} {name}", name=f"g/{number}.log")
    app = explorer_on(logs)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        assert explorer.state.view.height == 2 * len(names)
        await walk_about(pilot)
        await enter_filter(pilot, "accept")
        await pilot.press("slash", *"evil = 3")
        await pilot.pause()
        assert_harmless(app)


async def test_bytes_that_are_not_utf_8_are_shown_as_such(logs):
    raw = line(srcaddr="10.0.0.8").encode().replace(b" 443 ", b" 443 ").replace(b"OK", b"O\xffK")
    logs.deliver(line(start=BEGIN - 1), raw, b"\xff\xfe\x00 not a record", name="g/bytes.log")
    app = explorer_on(logs)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        assert explorer.records.row.record["srcaddr"] == "10.0.0.8"
        await walk_about(pilot)
        await in_records(pilot)
        await press(pilot, "g", "enter")
        await quoted(pilot)
        await seen(app, "O\\xffK")


async def test_numbers_at_their_limits_are_shown(logs):
    most = 2**63 - 1
    logs.deliver(
        line(packets=most, bytes=most, srcport=65535, protocol=255),
        line(packets=0, bytes=0, start=BEGIN + 1, end=BEGIN - 100),
        line(start=BEGIN + 2, end=most),
        line(start=0, end=0, packets=-1, bytes=-1, srcport=-1),
        name="g/numbers.log",
    )
    app = explorer_on(logs)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await settled(pilot)
        assert explorer.state.view.height == 4
        await walk_about(pilot)


async def test_a_record_at_the_end_of_time_does_not_stop_the_explorer(logs):
    logs.deliver(line(srcaddr="10.0.0.1"), line(start=99_999_999_999, srcaddr="10.0.0.2"), name="g/time.log")
    logs.deliver(
        line(start=2**62, srcaddr="10.0.0.3"), line(start=-(2**62), srcaddr="10.0.0.4"), name="g/more.log"
    )
    app = explorer_on(logs)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await settled(pilot)
        assert explorer.state.dataset.height + explorer.state.dataset.problem_count >= 4
        await walk_about(pilot)


async def test_one_interface_that_is_named_like_markup_keeps_its_name(logs):
    logs.deliver(line(interface_id="[prod]", srcaddr="[/x]"), line(interface_id=ENI), name="g/markup.log")
    app = explorer_on(logs)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "enter")
        await seen(app, "[prod]")
        await seen(app, "[/x]")
