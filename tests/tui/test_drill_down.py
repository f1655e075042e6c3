"""Drilling down and up: groups, streams, records, one record; the focus is always plain to see."""

from __future__ import annotations

import pytest

from tests.tui.conftest import (
    ENI,
    GROUP,
    NARROW,
    WIDE,
    explorer_on,
    in_records,
    line,
    lines_in,
    picture,
    press,
    seen,
    settled,
    sources,
    title,
    unseen,
    until,
)

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])


@SIZES
async def test_enter_goes_down_to_a_record_and_escape_comes_all_the_way_up(two_streams, size):
    app = explorer_on(two_streams)
    async with app.run_test(size=size) as pilot:
        explorer = await settled(pilot)
        assert (explorer.pane, explorer.state.view.height) == ("groups", 11)

        await press(pilot, "enter")
        assert explorer.state.scope.group == GROUP
        assert explorer.state.view.height == 10
        assert explorer.groups.row.record["place"].stream == ENI, "the cursor waits on the first stream"

        await press(pilot, "enter")
        assert (explorer.pane, explorer.state.scope.stream) == ("records", ENI)
        assert sources(explorer) == [f"10.0.0.{number}" for number in (9, 8, 7, 6, 5, 4)]

        await press(pilot, "enter")
        assert explorer.pane == "record"
        assert not explorer.records.display, "an opened record has the whole side"
        await seen(app, "10.0.0.9:50009")

        await press(pilot, "escape")
        assert explorer.pane == "records"
        assert explorer.records.display
        await press(pilot, "escape")
        assert (explorer.pane, explorer.state.scope.stream) == ("groups", ENI)
        await press(pilot, "escape")
        assert (explorer.state.scope.group, explorer.state.scope.stream) == (GROUP, None)
        await press(pilot, "escape")
        assert explorer.state.scope.group is None
        assert explorer.state.view.height == 11
        await press(pilot, "escape")
        assert explorer.state.scope.group is None, "there is nothing above everything"


@SIZES
async def test_tab_goes_round_the_panes_and_back(two_streams, size):
    async with explorer_on(two_streams).run_test(size=size) as pilot:
        explorer = await settled(pilot)
        seen = []
        for key in ("tab", "tab", "tab", "shift+tab", "shift+tab", "shift+tab"):
            await press(pilot, key)
            seen.append(explorer.pane)
        assert seen == ["records", "record", "groups", "record", "records", "groups"]


async def test_groups_and_records_take_turns_at_80_columns_and_stand_side_by_side_at_160(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        assert explorer.groups.region.width == 80
        assert not explorer.records.region
        await press(pilot, "tab")
        assert explorer.records.region.width == 80
        assert not explorer.groups.region
    async with explorer_on(two_streams).run_test(size=WIDE) as pilot:
        explorer = await settled(pilot)
        assert explorer.groups.region
        assert explorer.records.region


@pytest.mark.parametrize("theme", ["dark", "monochrome"])
async def test_the_title_of_the_focused_pane_alone_has_a_heavy_rule(two_streams, theme):
    app = explorer_on(two_streams, theme=theme)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        for pane in ("groups", "records", "record"):
            shown = {
                name: app.screen.query_one(f"#{name}-title").render().plain[0]
                for name in ("groups", "records", "record")
            }
            assert [name for name, rule in shown.items() if rule == "━"] == [pane]
            assert {rule for name, rule in shown.items() if name != pane} == {"─"}
            assert sum(row.count("━━ ") for row in picture(app)) == 1, "and so it is drawn"
            await press(pilot, "tab")


async def test_a_record_is_explained_with_its_file_line_and_raw_text(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, "j", "j", "j")
        raw = line(
            srcaddr="10.0.0.6",
            srcport=50_006,
            dstport=80,
            action="REJECT",
            packets=7,
            bytes=300,
            start=explorer.records.row.record["start"],
        )
        await press(pilot, "enter")
        await until("the raw line is there", lambda: raw in " ".join(lines_in(app, explorer.record)))
        shown = "".join(lines_in(app, explorer.record))
        assert "_00000001.log.gz:8" in shown, "the 7th record, below the header"
        assert "✗ REJECT" in shown


async def test_next_and_previous_step_through_records_without_leaving_the_open_one(two_streams):
    async with explorer_on(two_streams).run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, "enter", "n", "n")
        assert (explorer.pane, explorer.records.row.record["srcaddr"]) == ("record", "10.0.0.7")
        await seen(pilot.app, "10.0.0.7:50007")
        await press(pilot, "N")
        assert explorer.records.row.record["srcaddr"] == "10.0.0.8"


async def test_space_folds_and_unfolds_the_streams_of_a_group(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        await press(pilot, "space")
        assert explorer.groups.source.height == 4
        await seen(app, ENI)
        await press(pilot, "down", "space")
        assert explorer.groups.source.height == 2
        await unseen(app, ENI)
        assert explorer.groups.row.record["place"].stream is None, "the cursor went up to the group"


async def test_back_and_forward_retrace_the_way(two_streams):
    async with explorer_on(two_streams).run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        await press(pilot, "enter", "enter")
        at_stream = explorer.state.scope
        await press(pilot, "left_square_bracket")
        assert (explorer.state.scope.group, explorer.state.scope.stream) == (GROUP, None)
        assert explorer.state.view.height == 10
        await press(pilot, "left_square_bracket", "left_square_bracket")
        assert explorer.state.scope.group is None, "nothing lies before the beginning"
        await press(pilot, "right_square_bracket", "right_square_bracket", "right_square_bracket")
        assert explorer.state.scope == at_stream
        assert explorer.state.view.height == 6


async def test_titles_count_what_their_panes_hold(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "2 groups, 3 streams" in title(app, "groups")
        assert "11" in title(app, "records")
        await press(pilot, "enter")
        assert "10 of 11" in title(app, "records")
