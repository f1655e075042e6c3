"""Which files are found, which are passed over and why; odd names, odd kinds of file, closed doors."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from loaders import discover as walk
from loaders import load as loading
from loaders.discover import NoLogsError, check_roots, discover
from loaders.load import Library
from tests.loaders.files import HEADER, delivery, load, only, packed, put, record, records, reports, text

LOG = text(HEADER, record())


def skipped(root):
    return {name: report.reason for name, report in reports(load(root)).items() if report.state == "skipped"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("aws-logs-write-test", "permission check of a CloudWatch export"),
        ("deep/below/aws-logs-write-test", "permission check of a CloudWatch export"),
        (".DS_Store", "hidden or a marker"),
        ("_SUCCESS", "hidden or a marker"),
        ("Thumbs.db", "not a log"),
        ("a1b2.csv.metadata", "result metadata of Athena"),
        ("x.parquet.crc", "checksum of another file"),
        (delivery() + ".8A3b2C1d", "a transfer that has not finished"),
        (delivery() + ".ABCDEFab", "a transfer that has not finished"),
        ("a\nb.gz.8A3b2C1d", "a transfer that has not finished"),
    ],
)
def test_what_is_no_log_is_passed_over_with_a_reason(tmp_path, name, reason):
    put(tmp_path, name, LOG)
    put(tmp_path, "a.log", LOG)
    assert skipped(tmp_path) == {name: reason}


@pytest.mark.parametrize(
    "name", ["app.log.20260115", "x.gz.12345678", "a.8A3b2C1", "a.8A3b2C1dd", "a.8A3b2C1g", "x"]
)
def test_a_name_that_only_resembles_a_transfer_is_read(tmp_path, name):
    put(tmp_path, name, LOG)
    assert load(tmp_path).height == 1


def test_a_finished_transfer_is_read_under_its_name(tmp_path):
    growing = put(tmp_path, delivery() + ".8A3b2C1d", packed(HEADER, record()))
    library = Library([str(tmp_path)])
    (dataset,) = library.refresh()
    assert dataset.height == 0
    growing.rename(tmp_path / delivery())
    (dataset,) = library.refresh()
    assert (dataset.height, set(reports(dataset))) == (1, {delivery()})


def test_empty_files_are_passed_over(tmp_path):
    put(tmp_path, "a.log", b"")
    put(tmp_path, "b.log", b"\n \n")
    assert skipped(tmp_path) == {"a.log": "empty", "b.log": "empty"}


@pytest.mark.parametrize("name", [".git", ".cache", "_temporary"])
def test_hidden_directories_are_not_entered_and_that_is_said(tmp_path, name):
    put(tmp_path, f"deep/{name}/a.log", LOG)
    assert skipped(tmp_path) == {f"deep/{name}": "a hidden directory, which is not entered"}


def test_a_change_in_a_hidden_directory_is_no_change(tmp_path):
    put(tmp_path, ".git/a", LOG)
    library = Library([str(tmp_path)])
    assert len(list(library.refresh())) == 1
    put(tmp_path, ".git/b", LOG)
    assert list(library.refresh()) == []


def test_a_hidden_directory_that_is_asked_for_is_read(tmp_path):
    put(tmp_path, ".logs/a.log", LOG)
    assert load(tmp_path / ".logs").height == 1


@pytest.mark.parametrize(
    "name",
    [
        "with blanks.log",
        "[x]*.log",
        "?.log",
        "{a,b}.log",
        "new\nline.log",
        "\x1b[31m.log",
        "100%25.log",
        "%zz.log",
        "year%3D2026/a.log",
        "~/a.log",
        "http:/a.log",
        "s3:/bucket/a.log",
        "back\\slash.log",
        "-rf",
        "'quoted\".log",
        "ünï.log",
        "x" * 255,
        "/".join(["deep"] * 60) + "/a.log",
    ],
)
@pytest.mark.parametrize("lines", [[HEADER, record()], [HEADER, record(), ""]], ids=["strict", "careful"])
def test_odd_names_are_read_and_shown_as_they_are(tmp_path, name, lines):
    put(tmp_path, name, text(*lines))
    dataset = load(tmp_path)
    assert records(dataset, "file", "line") == [(name, 2)]
    assert dataset.raw(0, 2) == record()


@pytest.mark.parametrize("lines", [[HEADER, record()], [HEADER, record(), ""]], ids=["strict", "careful"])
@pytest.mark.parametrize(
    ("name", "shown"),
    [(b"\xff.log", r"\xff.log"), (b"d\xff/a.log", r"d\xff/a.log"), (b"\xed\xa0\x80", r"\xed\xa0\x80")],
)
def test_names_that_are_no_utf8_are_read_and_spelt_out(tmp_path, name, shown, lines):
    put(tmp_path, os.fsdecode(name), text(*lines))
    dataset = load(tmp_path)
    assert records(dataset, "file", "line") == [(shown, 2)]
    assert dataset.raw(0, 2) == record()
    assert dataset.summary()["log_group"].to_list() == [r"d\xff" if "/" in shown else tmp_path.name]


@pytest.mark.parametrize("spelling", ["{}", "{}/", "{}//", "{}/.", "{}/../{name}"])
def test_a_directory_may_be_written_in_any_way(tmp_path, spelling):
    put(tmp_path, "a.log", LOG)
    dataset = load(spelling.format(tmp_path, name=tmp_path.name))
    assert records(dataset, "file", "line", "log_group") == [("a.log", 2, tmp_path.name)]


def test_a_relative_directory_is_read(tmp_path, monkeypatch):
    put(tmp_path, "logs/a.log", LOG)
    monkeypatch.chdir(tmp_path)
    assert records(load("logs"), "log_group") == ["logs"]
    monkeypatch.chdir(tmp_path / "logs")
    assert records(load("."), "log_group") == ["logs"]


# Kinds of file


def test_a_fifo_a_socket_and_a_device_are_never_opened(tmp_path):
    os.mkfifo(tmp_path / "fifo.log")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket.log"))
        put(tmp_path, "a.log", LOG)
        assert skipped(tmp_path) == {"fifo.log": "not a regular file", "socket.log": "not a regular file"}


def test_links_are_not_followed(tmp_path):
    put(tmp_path, "logs/a.log", LOG)
    put(tmp_path, "elsewhere/b.log", LOG)
    (tmp_path / "logs/file").symlink_to(tmp_path / "elsewhere/b.log")
    (tmp_path / "logs/directory").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "logs/loop").symlink_to(tmp_path / "logs")
    (tmp_path / "logs/dangling").symlink_to(tmp_path / "nowhere")
    assert skipped(tmp_path / "logs") == dict.fromkeys(
        ["file", "directory", "loop", "dangling"], "a link, which is not followed"
    )


def followed(root):
    """Name, size and reason of what a walk finds that follows links."""
    return sorted((file.name, file.size, file.skip) for file in discover([str(root)], follow_links=True))


def test_links_are_followed_if_asked_and_may_lead_out(tmp_path):
    size = len(LOG)
    put(tmp_path, "logs/a.log", LOG)
    put(tmp_path, "elsewhere/b.log", LOG)
    put(tmp_path, "elsewhere/more/c.log", LOG)
    put(tmp_path, "single.log", LOG)
    (tmp_path / "logs/file").symlink_to(tmp_path / "single.log")
    (tmp_path / "logs/directory").symlink_to(tmp_path / "elsewhere")
    assert followed(tmp_path / "logs") == [
        ("a.log", size, None),
        ("directory/b.log", size, None),
        ("directory/more/c.log", size, None),
        ("file", size, None),
    ]


def test_links_in_a_circle_end(tmp_path):
    put(tmp_path, "logs/deep/a.log", LOG)
    (tmp_path / "logs/deep/up").symlink_to(tmp_path / "logs")
    (tmp_path / "logs/deep/out").symlink_to(tmp_path)
    (tmp_path / "logs/self").symlink_to(tmp_path / "logs/self")
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    found = list(discover([str(tmp_path / "logs")], follow_links=True))
    assert [file.name for file in found if not file.skip and not file.error] == ["deep/a.log"]
    assert {file.error for file in found if file.error} == {"Too many levels of symbolic links"}


def test_what_can_be_met_without_a_link_goes_by_its_own_name(tmp_path):
    put(tmp_path, "m/x.log", LOG)
    (tmp_path / "a.log").symlink_to(tmp_path / "m/x.log")
    (tmp_path / "a").symlink_to(tmp_path / "m")
    (tmp_path / "z").symlink_to(tmp_path / "m")
    assert followed(tmp_path) == [("m/x.log", len(LOG), None)]


def test_a_followed_link_that_leads_to_no_file_is_passed_over_with_a_reason(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    put(tmp_path, ".hidden/a.log", LOG)
    put(tmp_path, "real/aws-logs-write-test", LOG)
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "nowhere").symlink_to(tmp_path / "gone")
    (logs / "pipe").symlink_to(tmp_path / "fifo")
    (logs / ".closed").symlink_to(tmp_path / "real")
    (logs / "aws-logs-write-test").symlink_to(tmp_path / "real/aws-logs-write-test")
    (logs / "device").symlink_to("/dev/zero")
    assert {name: skip for name, _, skip in followed(logs)} == {
        "nowhere": "a link that leads nowhere",
        "pipe": "not a regular file",
        ".closed": "a hidden directory, which is not entered",
        "aws-logs-write-test": "permission check of a CloudWatch export",
        "device": "not a regular file",
    }


def test_a_followed_link_is_known_to_be_unchanged(tmp_path):
    path = put(tmp_path, "real/a.log", LOG)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/a.log").symlink_to(path)
    (file,) = discover([str(tmp_path / "logs")], follow_links=True)
    assert file.unchanged
    path.write_bytes(LOG * 2)
    assert not file.unchanged


def test_a_link_that_is_asked_for_is_followed(tmp_path):
    put(tmp_path, "real/a.log", LOG)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "link.log").symlink_to(tmp_path / "real/a.log")
    assert load(tmp_path / "link").height == 1
    assert records(load(tmp_path / "link.log"), "file", "log_group") == [("link.log", "real")]


def test_one_file_under_two_names_is_read_once(tmp_path):
    path = put(tmp_path, "a.log", LOG)
    (tmp_path / "b.log").hardlink_to(path)
    assert load(tmp_path).height == 1


def test_directories_that_overlap_are_read_once(tmp_path):
    put(tmp_path, "in/a.log", LOG)
    assert load(tmp_path, tmp_path / "in", tmp_path / "in/a.log").height == 1


# Closed doors: root passes through every one, so the refusal is played where it would come from


def refuse(monkeypatch, name):
    """Make opening a path that ends so fail as it does for a stranger."""
    opened, listed = os.open, os.scandir

    def guard(path):
        if os.fspath(path).endswith(name):
            raise PermissionError(13, "Permission denied", os.fspath(path))

    def refuse_open(path, *args, **kwargs):
        guard(path)
        return opened(path, *args, **kwargs)

    def refuse_list(path):
        guard(path)
        return listed(path)

    monkeypatch.setattr(os, "open", refuse_open)
    monkeypatch.setattr(walk.os, "scandir", refuse_list)


def test_a_file_that_may_not_be_read_is_unreadable_and_costs_no_other(tmp_path, monkeypatch):
    put(tmp_path, "a.log", LOG)
    put(tmp_path, "closed.log", LOG)
    refuse(monkeypatch, "closed.log")
    dataset = load(tmp_path)
    assert dataset.height == 1
    report = reports(dataset)["closed.log"]
    assert (report.state, report.reason, report.sound) == ("unreadable", "Permission denied", False)
    assert dataset.problem_count == 1


def test_a_directory_that_may_not_be_listed_is_unreadable_and_costs_no_other(tmp_path, monkeypatch):
    put(tmp_path, "a.log", LOG)
    put(tmp_path, "closed/b.log", LOG)
    refuse(monkeypatch, "closed")
    dataset = load(tmp_path)
    assert dataset.height == 1
    report = reports(dataset)["closed"]
    assert (report.state, report.reason) == ("unreadable", "Permission denied")


def test_nothing_but_closed_files_is_said(tmp_path, monkeypatch):
    put(tmp_path, "closed.log", LOG)
    refuse(monkeypatch, "closed.log")
    with pytest.raises(NoLogsError, match=r"can be read: permission denied\. Check owner and mode"):
        Library([str(tmp_path)]).read_all()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything; the tests above play the refusal")
def test_modes_are_obeyed(tmp_path):
    put(tmp_path, "a.log", LOG)
    put(tmp_path, "closed.log", LOG).chmod(0)
    put(tmp_path, "closed/b.log", LOG).parent.chmod(0)
    states = {name: report.state for name, report in reports(load(tmp_path)).items()}
    (tmp_path / "closed").chmod(0o700)
    assert states == {"a.log": "complete", "closed.log": "unreadable", "closed": "unreadable"}


# Files that vanish


def test_a_file_that_is_gone_before_it_is_opened_is_no_error(tmp_path, monkeypatch):
    put(tmp_path, "a.log", LOG)
    put(tmp_path, "gone.log", LOG)
    recognise = loading.recognise

    def late(file):
        if file.name == "gone.log":
            Path(file.path).unlink()
        return recognise(file)

    monkeypatch.setattr(loading, "recognise", late)
    library = Library([str(tmp_path)])
    (dataset,) = library.refresh()
    report = reports(dataset)["gone.log"]
    assert (report.state, report.reason) == ("skipped", "gone before it could be opened")
    assert dataset.height == 1
    (dataset,) = library.refresh()
    assert set(reports(dataset)) == {"a.log"}


def test_a_file_that_is_gone_before_it_is_scanned_is_no_error(tmp_path, monkeypatch):
    for number in range(9):
        put(tmp_path, f"{number}.log", LOG)
    recognise = loading.recognise

    def early(file):
        shape = recognise(file)
        if file.name == "4.log":
            Path(file.path).unlink()
        return shape

    monkeypatch.setattr(loading, "recognise", early)
    dataset = load(tmp_path)
    assert reports(dataset)["4.log"].reason == "gone before it could be read"
    assert [report.records for _, report in sorted(reports(dataset).items())] == [1, 1, 1, 1, 0, 1, 1, 1, 1]


def test_a_file_that_is_replaced_before_it_is_scanned_is_read_as_it_is_now(tmp_path, monkeypatch):
    put(tmp_path, "a.log", LOG)
    path = put(tmp_path, "b.log", LOG)
    recognise = loading.recognise

    def between(file):
        shape = recognise(file)
        if file.name == "b.log":
            path.write_bytes(text("srcaddr bytes start", "10.0.0.1 5 1768471200", "bogus"))
        return shape

    monkeypatch.setattr(loading, "recognise", between)
    library = Library([str(tmp_path)])
    (dataset,) = library.refresh()
    assert records(dataset, "file", "line", "bytes") == [("a.log", 2, 180), ("b.log", 2, 5)]
    monkeypatch.undo()
    (dataset,) = library.refresh()
    assert records(dataset, "file", "line", "bytes") == [("a.log", 2, 180), ("b.log", 2, 5)]


def test_a_directory_that_is_gone_before_it_is_listed_is_no_error(tmp_path, monkeypatch):
    put(tmp_path, "a.log", LOG)
    put(tmp_path, "b/b.log", LOG)
    listed = os.scandir

    def late(path):
        if os.fspath(path).endswith("/b"):
            raise FileNotFoundError(2, "No such file or directory", path)
        return listed(path)

    monkeypatch.setattr(walk.os, "scandir", late)
    assert set(reports(load(tmp_path))) == {"a.log"}


# What cannot be opened at all


def test_a_path_that_is_not_there_is_refused_with_a_hint(tmp_path):
    with pytest.raises(NoLogsError, match=r"There is no '.*nowhere'\. Name a directory of logs"):
        Library([str(tmp_path / "nowhere")])


def test_a_path_that_is_no_directory_and_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(NoLogsError, match="neither a directory nor a file"):
        check_roots([str(tmp_path / "fifo")])


def test_a_path_that_leads_in_a_circle_is_refused(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(NoLogsError, match="cannot be read: Too many levels of symbolic links"):
        check_roots([str(tmp_path / "loop")])


def test_an_empty_directory_says_how_to_fill_it(tmp_path):
    with pytest.raises(NoLogsError, match=r"is empty\. Fill it with `aws s3 sync"):
        Library([str(tmp_path)]).read_all()


def test_a_directory_without_logs_says_where_to_look(tmp_path):
    put(tmp_path, "readme.txt", b"hello")
    with pytest.raises(NoLogsError, match=r"None of the files below .* `flowtui check`"):
        Library([str(tmp_path)]).read_all()


def test_newest_first_goes_by_the_time_in_the_name(tmp_path):
    for time in ("20260115T1000Z", "20260115T1005Z", "20251231T2355Z"):
        put(tmp_path, delivery(time), packed(HEADER, record()))
    order = sorted(discover([str(tmp_path)]), key=lambda file: file.newness)
    assert [file.name.split("_")[4] for file in order] == [
        "20251231T2355Z",
        "20260115T1000Z",
        "20260115T1005Z",
    ]


def test_every_file_is_reported(tmp_path):
    names = {"a.log", "b.txt", "c/d.gz", "c/e.parquet", "_SUCCESS", "f.gz.8A3b2C1d"}
    for name in names:
        put(tmp_path, name, b"hello" if name == "b.txt" else LOG)
    assert set(reports(load(tmp_path))) == names
    assert only(load(tmp_path / "a.log")).source.size == len(LOG)


def test_of_some_entries_of_each_directory_no_more_are_looked_at(tmp_path):
    for folder in ("2026/01/14", "2026/01/15"):
        for number in range(5):
            put(tmp_path, f"{folder}/{number}.log", LOG)
    found = [file.name for file in discover([str(tmp_path)], most=3)]
    assert len(found) == 6
    assert {name.rpartition("/")[0] for name in found} == {"2026/01/14", "2026/01/15"}
    assert len(list(discover([str(tmp_path)]))) == 10
