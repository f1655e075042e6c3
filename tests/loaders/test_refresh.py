"""Reading again: what is new, changed or gone since the last time, with no row lost, doubled or stale."""

from __future__ import annotations

import random
import shutil
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loaders import batch
from loaders import load as loading
from loaders.load import Library
from loaders.run import Cancelled, Ticket
from tests.loaders.files import HEADER, delivery, packed, problems, put, record, records, reports, text


@pytest.fixture
def library(tmp_path):
    put(tmp_path, "a.log", text(HEADER, record(srcport=1), record(srcport=2)))
    put(tmp_path, "b.log", text(HEADER, record(srcport=3)))
    library = Library([str(tmp_path)])
    library.read_all()
    return library


def refresh(library):
    """Read what has changed, and insist that the numbers of the data set agree with one another."""
    for dataset in library.refresh():
        consistent(dataset)
    return library.dataset


def consistent(dataset):
    frame = dataset.lazy().collect()
    counted = dict(frame.group_by("_file").len().iter_rows())
    assert {number: report.records for number, report in dataset.files.items() if report.records} == counted
    assert dataset.summary()["records"].sum() == dataset.height == frame.height
    assert frame.select("_file", "_line").is_unique().all()


def test_nothing_is_read_when_nothing_has_changed(library, careful_readings, monkeypatch):
    monkeypatch.setattr(loading, "recognise", lambda file: pytest.fail(f"{file.name} was opened"))
    before = library.dataset
    assert list(library.refresh()) == []
    assert library.dataset is before


def test_a_new_file_is_added(library, tmp_path):
    put(tmp_path, "new/c.log", text(HEADER, record(srcport=4)))
    assert records(refresh(library), "file", "srcport") == [
        ("a.log", 1),
        ("a.log", 2),
        ("b.log", 3),
        ("new/c.log", 4),
    ]


def test_a_file_that_is_gone_takes_its_records_with_it(library, tmp_path):
    (tmp_path / "a.log").unlink()
    dataset = refresh(library)
    assert records(dataset, "file", "srcport") == [("b.log", 3)]
    assert set(reports(dataset)) == {"b.log"}


def test_when_all_files_are_gone_there_are_no_records(library, tmp_path):
    for path in tmp_path.iterdir():
        path.unlink()
    dataset = refresh(library)
    assert (dataset.height, dataset.files, dataset.summary().height) == (0, {}, 0)
    put(tmp_path, "c.log", text(HEADER, record()))
    assert refresh(library).height == 1


def test_a_file_that_grows_is_read_anew(library, tmp_path):
    with (tmp_path / "a.log").open("ab") as file:
        file.write(text(record(srcport=5)))
    assert records(refresh(library), "srcport") == [1, 2, 5, 3]


def test_a_line_that_was_not_finished_is_a_record_once_it_is(library, tmp_path):
    half = len(record()) // 2
    with (tmp_path / "a.log").open("ab") as file:
        file.write(record(srcport=51515).encode()[:half])
    dataset = refresh(library)
    assert reports(dataset)["a.log"].state == "incomplete"
    assert [line for _, line, _ in problems(dataset)] == [4]
    with (tmp_path / "a.log").open("ab") as file:
        file.write(record(srcport=51515).encode()[half:] + b"\n")
    dataset = refresh(library)
    assert reports(dataset)["a.log"].state == "complete"
    assert not problems(dataset)
    assert records(dataset, "srcport") == [1, 2, 51515, 3]


def test_a_cut_delivery_is_complete_once_it_is_whole(library, tmp_path):
    whole = packed(HEADER, *[record(srcport=port) for port in range(100)])
    put(tmp_path, delivery(), whole[:200])
    dataset = refresh(library)
    assert reports(dataset)[delivery()].state == "incomplete"
    put(tmp_path, delivery(), whole)
    dataset = refresh(library)
    assert reports(dataset)[delivery()].state == "complete"
    assert dataset.height == 103


def test_a_file_that_is_replaced_keeps_nothing_of_the_old(library, tmp_path):
    replacement = put(tmp_path.parent, "replacement", text(HEADER, record(srcport=8), record(srcport=9)))
    shutil.copystat(tmp_path / "a.log", replacement)
    replacement.replace(tmp_path / "a.log")
    assert records(refresh(library), "srcport") == [8, 9, 3]


def test_a_file_that_is_replaced_by_one_of_other_columns_keeps_nothing_of_the_old(library, tmp_path):
    put(tmp_path, "a.log", text("dstport region bytes", "80 eu-west-1 5"))
    dataset = refresh(library)
    assert records(dataset, "dstport", "region", "srcport") == [(80, "eu-west-1", None), (443, None, 3)]


def test_a_file_that_becomes_no_log_keeps_nothing_of_the_old(library, tmp_path):
    put(tmp_path, "a.log", b"\0hello")
    dataset = refresh(library)
    assert (dataset.height, reports(dataset)["a.log"].state) == (1, "skipped")


def test_a_file_that_is_mended_loses_its_problems(library, tmp_path):
    put(tmp_path, "a.log", text(HEADER, "bogus"))
    assert len(problems(refresh(library))) == 1
    put(tmp_path, "a.log", text(HEADER, record()))
    assert not problems(refresh(library))


def test_a_file_that_is_renamed_is_known_by_its_new_name(library, tmp_path):
    (tmp_path / "a.log").rename(tmp_path / "z.log")
    assert records(refresh(library), "file", "srcport") == [("b.log", 3), ("z.log", 1), ("z.log", 2)]


def test_whatever_happens_to_the_files_reading_again_is_like_reading_anew(tmp_path):
    chance = random.Random(3)
    library = Library([str(tmp_path)])
    for _ in range(60):
        for _ in range(chance.randrange(4)):
            name = chance.choice(["a.log", "b.log", "c/d.gz", "c/e.log", delivery()])
            path = tmp_path / name
            if path.exists() and chance.random() < 0.4:
                path.unlink()
                continue
            names = chance.choice([HEADER, "srcport srcaddr start"])
            make = chance.choice([text, packed])
            lines = [record(names.split(), srcport=chance.randrange(9)) for _ in range(chance.randrange(5))]
            lines.insert(
                chance.randrange(len(lines) + 1), chance.choice(["", "bogus", record(names.split())])
            )
            put(tmp_path, name, make(names, *lines) + chance.choice([b"", b"", b"half"]))
        dataset = refresh(library)
        anew = Library([str(tmp_path)])
        refresh(anew)
        columns = ["file", "line", "srcport", "srcaddr", "log_group"]
        if dataset.height:
            assert records(dataset, *columns) == records(anew.dataset, *columns)
        assert dataset.height == anew.dataset.height
        assert problems(dataset) == problems(anew.dataset)
        assert {n: (r.state, r.reason) for n, r in reports(dataset).items()} == {
            n: (r.state, r.reason) for n, r in reports(anew.dataset).items()
        }


def test_what_a_reader_holds_never_changes(library, tmp_path):
    before = library.dataset
    rows = before.lazy().collect()
    put(tmp_path, "c.log", text(HEADER, record()))
    (tmp_path / "a.log").unlink()
    refresh(library)
    assert before.height == 3
    assert before.lazy().collect().equals(rows)


# Parts


def test_many_small_deliveries_grow_into_one_part(tmp_path):
    library = Library([str(tmp_path)])
    for number in range(30):
        put(tmp_path, delivery(code=f"{number:08x}"), packed(HEADER, record(srcport=number)))
        refresh(library)
    assert len(library.dataset.parts) == 1
    assert sorted(records(library.dataset, "srcport")) == list(range(30))


def test_a_part_that_is_large_enough_stays_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "_GROW_BELOW", 10)
    library = Library([str(tmp_path)])
    for number in range(7):
        put(tmp_path, delivery(code=f"{number:08x}"), packed(HEADER, *[record(srcport=number)] * 4))
        refresh(library)
    assert [part.frame.height for part in library.dataset.parts] == [8, 8, 8, 4]
    assert library.dataset.height == 28


def test_files_of_several_shapes_each_have_their_part(tmp_path):
    custom = ["srcaddr", "dstaddr", "bytes"]
    library = Library([str(tmp_path)])
    for number in range(6):
        put(
            tmp_path,
            f"{number}.log",
            text(HEADER, record()) if number % 2 else text(" ".join(custom), record(custom)),
        )
        refresh(library)
    assert [part.frame.height for part in library.dataset.parts] == [3, 3]


def test_untidy_files_join_the_part_of_the_tidy_ones(tmp_path):
    put(tmp_path, "a.log", text(HEADER, record()))
    put(tmp_path, "b.log", text("", HEADER, record()))
    put(tmp_path, "c.log", text(HEADER, record(), "bogus"))
    library = Library([str(tmp_path)])
    assert [part.frame.height for part in refresh(library).parts] == [3]


# Batches, progress, cancelling


def test_batches_bring_the_newest_first_and_tell_how_far_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "_FIRST_BATCH", 1)
    monkeypatch.setattr(batch, "_LARGEST_BATCH", 1)
    for minute in range(0, 20, 5):
        put(tmp_path, delivery(f"20260115T10{minute:02}Z"), packed(HEADER, record(srcport=minute)))
    seen = []
    for dataset in Library([str(tmp_path)]).refresh():
        consistent(dataset)
        seen.append((records(dataset, "srcport"), dataset.progress and dataset.progress.files))
    assert seen == [
        *(([15], 0), ([15], 1)),  # shown before anything else is done, then with what there is to read
        *(([10, 15], 2), ([5, 10, 15], 3), ([0, 5, 10, 15], None)),
    ]


def test_the_first_records_come_before_the_directories_are_walked(tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "_FIRST_BATCH", 1)
    for minute in range(0, 20, 5):
        put(tmp_path, delivery(f"20260115T10{minute:02}Z"), packed(HEADER, record(srcport=minute)))
    library = Library([str(tmp_path)])
    monkeypatch.setattr(library, "_walk", lambda: pytest.fail("walked"))
    first = next(library.refresh())
    assert records(first, "srcport") == [15]
    assert first.progress is not None
    assert not first.progress.files_total


def test_a_copy_among_the_first_records_is_passed_over_there_and_later(tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "_FIRST_BATCH", 1_000)
    for folder in ("a", "b"):
        put(tmp_path, f"{folder}/{delivery('20260115T1000Z')}", packed(HEADER, record(srcport=1)))
    for minute in range(5, 50, 5):
        name = delivery(f"20260115T09{minute:02}Z")
        put(tmp_path, name, packed(HEADER, *(record(srcport=minute * 100 + line) for line in range(300))))
    seen = [records(dataset, "srcport").count(1) for dataset in Library([str(tmp_path)]).refresh()]
    assert len(seen) > 2
    assert set(seen) == {1}


def test_progress_goes_from_nothing_to_all(tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "_MOST_FILES", 1)
    for number in range(4):
        put(tmp_path, f"{number}.log", text(HEADER, record()))
    told = [dataset.progress for dataset in Library([str(tmp_path)]).refresh()]
    shares = [progress.share for progress in told if progress is not None and progress.files_total]
    assert shares == [0.25, 0.5, 0.75]


def test_a_cancelled_reading_keeps_what_it_has_and_goes_on_later(tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "_MOST_FILES", 1)
    for number in range(5):
        put(tmp_path, f"{number}.log", text(HEADER, record(srcport=number)))
    library, ticket = Library([str(tmp_path)]), Ticket()
    reading = library.refresh(ticket)
    assert [next(reading).height for _ in range(3)] == [1, 1, 2]
    ticket.cancel()
    with pytest.raises(Cancelled):
        next(reading)
    assert library.dataset.height == 2
    assert sorted(records(refresh(library), "srcport")) == [0, 1, 2, 3, 4]


def test_a_reading_that_is_dropped_goes_on_later(tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "_MOST_FILES", 1)
    for number in range(4):
        put(tmp_path, f"{number}.log", text(HEADER, record(srcport=number)))
    library = Library([str(tmp_path)])
    next(library.refresh())
    assert sorted(records(refresh(library), "srcport")) == [0, 1, 2, 3]
    assert library.dataset.progress is None


def test_a_reading_that_fails_can_be_tried_again(tmp_path, monkeypatch):
    put(tmp_path, "a.log", text(HEADER, record()))
    library = Library([str(tmp_path)])
    with monkeypatch.context() as patch:
        patch.setattr(loading, "recognise", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            list(library.refresh())
    assert refresh(library).height == 1


# --since and --until


NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


def opened(tmp_path, monkeypatch, **limits):
    """The times of the deliveries that are opened."""
    times = [NOON + timedelta(hours=hour) for hour in (-24, -3, -2, -1, 0, 1, 2, 3, 24)]
    for time in times:
        put(tmp_path, delivery(f"{time:%Y%m%dT%H%MZ}"), packed(HEADER, record()))
    put(tmp_path, "plain.log", text(HEADER, record()))
    seen = []
    recognise = loading.recognise

    def spy(file):
        seen.append(file)
        return recognise(file)

    monkeypatch.setattr(loading, "recognise", spy)
    refresh(Library([str(tmp_path)], **limits))
    assert any(file.name == "plain.log" for file in seen)
    return sorted((file.place.time - NOON) // timedelta(hours=1) for file in seen if file.place.time)


def test_since_opens_no_file_whose_name_rules_it_out_but_for_a_margin(tmp_path, monkeypatch):
    assert opened(tmp_path, monkeypatch, since=NOON) == [-2, -1, 0, 1, 2, 3, 24]


def test_until_opens_no_file_whose_name_rules_it_out_but_for_a_margin(tmp_path, monkeypatch):
    assert opened(tmp_path, monkeypatch, until=NOON) == [-24, -3, -2, -1, 0, 1, 2]


def test_since_and_until_together(tmp_path, monkeypatch):
    assert opened(tmp_path, monkeypatch, since=NOON, until=NOON) == [-2, -1, 0, 1, 2]


def test_deliveries_of_another_time_are_logs_although_none_is_read(tmp_path):
    put(tmp_path, delivery(), packed(HEADER, record()))
    put(tmp_path, "readme.txt", b"hello")
    assert Library([str(tmp_path)], since=NOON + timedelta(days=9)).read_all().height == 0


def test_a_name_with_an_impossible_time_is_always_opened(tmp_path):
    put(tmp_path, delivery("20269999T9999Z"), packed(HEADER, record()))
    library = Library([str(tmp_path)], since=NOON, until=NOON)
    assert refresh(library).height == 1
    assert records(library.dataset, "log_group") == ["123456789012/us-east-1/fl-0123456789abcdef0"]


def test_file_numbers_are_never_given_twice(library, tmp_path):
    first = set(library.dataset.files)
    put(tmp_path, "a.log", text(HEADER, record(), record(), record()))
    refresh(library)
    put(tmp_path, "c.log", text(HEADER, record()))
    refresh(library)
    later = set(library.dataset.files)
    assert len(first & later) == 1
    assert library.dataset.lazy().collect()["_file"].is_in(pl.Series(sorted(later), dtype=pl.UInt32)).all()
