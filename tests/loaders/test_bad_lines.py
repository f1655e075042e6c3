"""Lines that are no records: each is named with file, line and a plain sentence, and costs no other."""

from __future__ import annotations

import pytest

from tests.loaders.files import (
    HEADER,
    NAMES,
    delivery,
    load,
    only,
    packed,
    problems,
    put,
    record,
    records,
    reports,
    text,
)


def one_bad(tmp_path, bad):
    """Read a file whose third line is bad, and give back what is said of it."""
    put(tmp_path, "a.log", text(HEADER, record(), bad, record(srcport=1)))
    dataset = load(tmp_path)
    assert records(dataset, "line", "srcport") == [(2, 51515), (4, 1)]
    ((file, line, what),) = problems(dataset)
    assert (file, line) == ("a.log", 3)
    assert only(dataset).state == "complete"
    assert not only(dataset).sound
    return what


def test_a_short_line_is_named_with_file_and_line(tmp_path):
    assert one_bad(tmp_path, record().removesuffix(" OK")) == "13 fields where 14 are expected"


def test_a_short_line_that_ends_in_a_blank_is_short_nevertheless(tmp_path):
    assert one_bad(tmp_path, record().removesuffix("OK")) == "13 fields where 14 are expected"


def test_a_long_line_is_named_with_file_and_line(tmp_path):
    assert one_bad(tmp_path, record() + " more") == "15 fields where 14 are expected"


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("bogus line", 2),
        ("bytes", 1),
        ("start end", 2),
        ("Phony unsupported log format.", 4),
        ("-", 1),
        (" -", 1),
        ("- - -", 3),
        ('{"message": "2 123"}', 3),
        ("\x1b[2J", 1),
        ("\0", 1),
        ("[red]x[/red] [/]", 2),
    ],
)
def test_garbage_is_named_with_file_and_line(tmp_path, line, count):
    assert one_bad(tmp_path, line) == f"{count} {'field' if count == 1 else 'fields'} where 14 are expected"


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"dstport": "http"}, "dstport is not a number: http"),
        ({"version": "x"}, "version is not a number: x"),
        ({"bytes": "1.5"}, "bytes is not a number: 1.5"),
        ({"packets": "1e3"}, "packets is not a number: 1e3"),
        ({"start": "2026-01-15T10:00:00Z"}, "start is not a number: 2026-01-15T10:00:00Z"),
        ({"srcport": 2**31}, "srcport is too large a number: 2147483648"),
        ({"bytes": 2**63}, "bytes is too large a number: 9223372036854775808"),
        ({"protocol": "tcp", "end": "later"}, "protocol is not a number: tcp"),
    ],
)
def test_a_value_that_is_no_number_is_named(tmp_path, values, what):
    assert one_bad(tmp_path, record(**values)) == what


def test_the_sentence_agrees_in_number(tmp_path):
    put(tmp_path, "a.log", text("srcaddr", "10.0.0.1", "10.0.0.1 10.0.0.2", "10.0.0.1"))
    assert problems(load(tmp_path)) == [("a.log", 3, "2 fields where 1 is expected")]


def test_a_value_that_is_no_number_is_named_in_the_last_column_too(tmp_path):
    names = ["srcaddr", "action", "dstport"]
    put(tmp_path, "a.log", text(" ".join(names), record(names), record(names, dstport="x"), record(names)))
    dataset = load(tmp_path)
    assert records(dataset, "line", "dstport") == [(2, 443), (4, 443)]
    assert problems(dataset) == [("a.log", 3, "dstport is not a number: x")]


def test_the_sentence_shows_no_more_than_the_beginning_of_a_long_value(tmp_path):
    assert one_bad(tmp_path, record(srcport="x" * 100_000)) == f"srcport is not a number: {'x' * 80}"


def test_a_shifted_line_with_two_blanks_is_counted_rather_than_explained(tmp_path):
    # One value is missing and one blank is too much: 14 pieces, but not these 14.
    assert one_bad(tmp_path, record().replace(" 51515 ", " ").replace(" OK", "  OK")) == (
        "13 fields where 14 are expected"
    )


def test_bytes_that_are_no_text_are_garbage_like_any_other(tmp_path):
    put(tmp_path, "a.log", text(HEADER, record()) + b"\xff\xfe\x80\n" + text(record()))
    dataset = load(tmp_path)
    assert records(dataset, "line") == [2, 4]
    assert problems(dataset) == [("a.log", 3, "1 field where 14 are expected")]


def test_one_bad_file_costs_no_other_a_careful_reading(tmp_path, careful_readings):
    for number in range(40):
        put(tmp_path, f"{number:02}.log", packed(HEADER, *[record()] * (number + 1)))
    put(tmp_path, "17.log", packed(HEADER, record(), "bogus", record()))
    put(tmp_path, "23.log", packed(HEADER, record(), record().removesuffix(" OK"), record()))
    dataset = load(tmp_path)
    assert [path[-6:] for path in careful_readings] == ["23.log", "17.log"]
    expected = {f"{number:02}.log": number + 1 for number in range(40)} | {"17.log": 2, "23.log": 2}
    assert {name: report.records for name, report in reports(dataset).items()} == expected
    assert dataset.height == sum(expected.values())
    assert [(file, line) for file, line, _ in problems(dataset)] == [("17.log", 3), ("23.log", 3)]


def test_a_file_of_nothing_but_bad_lines_has_no_records_and_all_of_them_named(tmp_path):
    put(tmp_path, "a.log", text(HEADER, *["bogus"] * 500))
    dataset = load(tmp_path)
    assert (dataset.height, only(dataset).problems.height) == (0, 500)
    assert dataset.problem_count == 500


# Lines that are neither records nor problems


@pytest.mark.parametrize("blank", ["", " ", "\t", "   \t ", "\x0b\x0c"])
def test_blank_lines_are_passed_over_and_counted(tmp_path, blank):
    put(tmp_path, "a.log", text(blank, HEADER, blank, record(), blank, blank, record(), blank))
    dataset = load(tmp_path)
    assert records(dataset, "line") == [4, 7]
    assert not problems(dataset)


@pytest.mark.parametrize(
    "comment", ["# a comment", "#", "  # indented", f"# {HEADER}", f"#{record()}", "#a b"]
)
def test_comments_are_passed_over_and_counted(tmp_path, comment):
    put(tmp_path, "a.log", text(comment, HEADER, comment, record(), comment, record()))
    dataset = load(tmp_path)
    assert records(dataset, "line") == [4, 6]
    assert not problems(dataset)


@pytest.mark.parametrize("above", ["# a comment", "  # indented", "", "\t"])
def test_a_comment_or_a_blank_line_may_stand_above_the_header(tmp_path, above):
    put(tmp_path, "a.log", text(above, above, "srcaddr dstport", "10.0.0.1 80"))
    assert records(load(tmp_path), "line", "dstport") == [(4, 80)]


def test_a_comment_of_as_many_words_as_there_are_fields_is_a_comment(tmp_path):
    put(tmp_path, "a.log", text("interface-id srcaddr dstport", "eni-1 10.0.0.1 1", "#eni-2 10.0.0.2 2"))
    dataset = load(tmp_path)
    assert records(dataset, "interface_id") == ["eni-1"]
    assert not problems(dataset)


def test_a_comment_behind_a_record_is_cut_off(tmp_path):
    put(tmp_path, "a.log", text(HEADER, record() + " # why", record(log_status="#OK"), record() + " #"))
    dataset = load(tmp_path)
    assert records(dataset, "line", "log_status") == [(2, "OK"), (3, "#OK"), (4, "OK")]
    assert not problems(dataset)


# White space


def test_lines_may_end_as_on_windows(load_lines):
    dataset = load_lines(HEADER + "\r", record() + "\r", record(srcport=1) + "\r")
    assert records(dataset, "line", "srcport", "log_status") == [(2, 51515, "OK"), (3, 1, "OK")]


def test_lines_may_end_in_either_way_in_one_file(load_lines):
    dataset = load_lines(HEADER, record() + "\r", record(), record() + "\r")
    assert records(dataset, "line", "log_status") == [(2, "OK"), (3, "OK"), (4, "OK")]


def test_a_byte_order_mark_is_passed_over(load_lines):
    dataset = load_lines("\ufeff" + HEADER, record())
    assert records(dataset, "line", "version") == [(2, 2)]


def test_a_byte_order_mark_in_the_middle_is_passed_over(tmp_path):
    part = b"\xef\xbb\xbf" + text(HEADER, record())
    put(tmp_path, "glued.log", part + part)
    dataset = load(tmp_path)
    assert records(dataset, "line", "version") == [(2, 2), (4, 2)]
    assert not problems(dataset)


@pytest.mark.parametrize(
    "line",
    [
        record().replace(" ", "  "),
        record().replace(" ", "\t"),
        record().replace(" 443 ", "   443\t "),
        "  " + record(),
        record() + "  ",
        "\t" + record() + " \r",
    ],
)
def test_runs_of_white_space_are_one_blank(tmp_path, line):
    put(tmp_path, "a.log", text(HEADER, record(), line, record()))
    dataset = load(tmp_path)
    assert records(dataset, "line", "dstport", "log_status") == [(number, 443, "OK") for number in (2, 3, 4)]
    assert not problems(dataset)


@pytest.mark.parametrize(
    "header", ["  " + HEADER, HEADER + "  ", HEADER.replace(" ", "\t"), HEADER.replace(" ", "  ")]
)
def test_a_header_may_be_set_out_otherwise_than_aws_does(tmp_path, header):
    put(tmp_path, "a.log", text(header, record()))
    assert records(load(tmp_path), "line", "dstport") == [(2, 443)]


def test_a_last_line_without_its_end_is_a_record_when_it_is_whole(load_lines):
    assert records(load_lines(HEADER, record()), "line") == [2]


def test_a_last_line_that_is_not_finished_makes_a_plain_file_incomplete(tmp_path):
    whole = text(HEADER, record(), record())
    put(tmp_path, "a.log", whole[:-30])
    dataset = load(tmp_path)
    assert records(dataset, "line") == [2]
    assert (only(dataset).state, only(dataset).reason) == ("incomplete", "the last line is not finished")
    assert problems(dataset) == [("a.log", 3, "11 fields where 14 are expected")]


def test_a_bad_line_in_the_middle_does_not_make_a_file_incomplete(tmp_path):
    put(tmp_path, "a.log", text(HEADER, "bogus", record()).rstrip(b"\n"))
    assert only(load(tmp_path)).state == "complete"


# Headers


def test_the_same_header_in_the_middle_is_neither_record_nor_problem(tmp_path):
    put(tmp_path, "glued.log", text(HEADER, record(), HEADER, record(), record()))
    dataset = load(tmp_path)
    assert records(dataset, "line") == [2, 4, 5]
    assert not problems(dataset)


def test_another_header_in_the_middle_starts_new_columns(tmp_path):
    custom = ["dstport", "srcaddr", "region"]
    put(
        tmp_path,
        "glued.log",
        text(
            HEADER, record(), " ".join(custom), "80 10.0.0.1 eu-west-1", "bogus", HEADER, record(dstport=22)
        ),
    )
    dataset = load(tmp_path)
    assert records(dataset, "line", "dstport", "region", "action") == [
        (2, 443, None, "ACCEPT"),
        (4, 80, "eu-west-1", None),
        (7, 22, None, "ACCEPT"),
    ]
    assert problems(dataset) == [("glued.log", 5, "1 field where 3 are expected")]


def test_problems_come_in_the_order_of_their_lines_whatever_header_holds(tmp_path):
    other = "dstport srcaddr region"
    put(
        tmp_path,
        "glued.log",
        text(HEADER, "one", other, "two", HEADER, "three", other, "four", HEADER, "five"),
    )
    assert [line for _, line, _ in problems(load(tmp_path))] == [2, 4, 6, 8, 10]
    assert only(load(tmp_path)).problems["line"].is_sorted()


def test_a_header_of_the_same_names_in_another_order_starts_new_columns(tmp_path):
    names = sorted(NAMES)
    put(tmp_path, "glued.log", text(HEADER, record(), " ".join(names), record(names)))
    dataset = load(tmp_path)
    assert records(dataset, "line", "srcaddr", "bytes") == [(2, "203.0.113.9", 180), (4, "203.0.113.9", 180)]


@pytest.mark.parametrize(
    "names", [["interface-id", "srcaddr", "dstaddr"], ["action", "log-status", "srcaddr", "type"]]
)
@pytest.mark.parametrize("spelling", [str, str.upper, lambda header: header.replace("-", "_")])
def test_a_header_in_the_middle_is_seen_where_every_column_is_text(tmp_path, names, spelling):
    header = " ".join(names)
    put(tmp_path, "glued.log", text(header, record(names), spelling(header), record(names)))
    dataset = load(tmp_path)
    assert records(dataset, "line", "srcaddr") == [(2, "203.0.113.9"), (4, "203.0.113.9")]
    assert not problems(dataset)


def test_another_header_is_seen_where_every_column_is_text(tmp_path):
    put(
        tmp_path,
        "a.log",
        text("srcaddr dstaddr action", "10.0.0.1 10.0.0.2 REJECT", "action dstaddr srcaddr", "ACCEPT b a"),
    )
    assert records(load(tmp_path), "line", "srcaddr", "action") == [
        (2, "10.0.0.1", "REJECT"),
        (4, "a", "ACCEPT"),
    ]


def test_the_header_of_a_format_of_two_fields_is_seen_again(tmp_path):
    put(tmp_path, "a.log", text("dstport srcaddr", "80 10.0.0.1", "dstport srcaddr", "81 10.0.0.1"))
    assert records(load(tmp_path), "line", "dstport") == [(2, 80), (4, 81)]


@pytest.mark.parametrize("word", ["bytes", "Start", "account", "type", "end"])
def test_a_stray_word_that_is_the_name_of_a_field_is_no_header(tmp_path, word):
    assert one_bad(tmp_path, word) == "1 field where 14 are expected"


@pytest.mark.parametrize("name", ["naïve", "$x", "a|b", "x%", "(y)"])
def test_a_header_with_a_strange_name_is_a_header_in_a_careful_reading_too(tmp_path, name):
    put(tmp_path, "a.log", text(f"version account-id interface-id {name}", "2 1 eni-1 x", "", "bogus"))
    dataset = load(tmp_path)
    assert records(dataset, "line", "interface_id") == [(2, "eni-1")]
    assert problems(dataset) == [("a.log", 4, "1 field where 4 are expected")]


def test_a_header_that_is_no_utf8_is_a_header(tmp_path):
    put(tmp_path, "a.log", b"version account-id interface-id caf\xe9\n2 1 eni-1 x\n\n")
    assert records(load(tmp_path), "line", "interface_id") == [(2, "eni-1")]


def test_thousands_of_files_glued_together_are_one_reading(tmp_path):
    put(tmp_path, "all.log", text(*[HEADER, record(), record()] * 5_000))
    dataset = load(tmp_path)
    assert records(dataset, "line") == [line for line in range(1, 15_001) if line % 3 != 1]
    assert len(dataset.parts) == 1


# Line numbers


def test_line_numbers_are_exact_in_clean_files_scanned_together(tmp_path, careful_readings):
    for number in range(30):
        lines = [record(srcport=line) for line in range(2, 2 + 7 * number)]
        put(tmp_path, delivery(code=f"{number:08x}"), packed(HEADER, *lines))
    dataset = load(tmp_path)
    assert not careful_readings
    assert all(line == port for line, port in records(dataset, "line", "srcport"))
    assert dataset.height == sum(7 * number for number in range(30))
    assert {name: report.records for name, report in reports(dataset).items()} == {
        delivery(code=f"{number:08x}"): 7 * number for number in range(30)
    }


def test_line_numbers_are_exact_in_a_large_clean_file(tmp_path, careful_readings):
    put(tmp_path, "a.log", text(HEADER, *[record(srcport=line) for line in range(2, 150_000)]))
    put(tmp_path, "b.log", packed(HEADER, *[record(srcport=line) for line in range(2, 150_000)]))
    dataset = load(tmp_path)
    assert not careful_readings
    frame = dataset.lazy().collect()
    assert frame.filter(frame["srcport"] != frame["_line"]).height == 0
    assert frame.height == 2 * (150_000 - 2)


def test_line_numbers_are_exact_around_bad_lines(tmp_path):
    lines = [
        "bogus" if line % 7 == 0 else "" if line % 11 == 0 else record(srcport=line)
        for line in range(2, 2_000)
    ]
    put(tmp_path, "a.log", text(HEADER, *lines))
    dataset = load(tmp_path)
    assert all(line == port for line, port in records(dataset, "line", "srcport"))
    assert [line for _, line, _ in problems(dataset)] == [line for line in range(2, 2_000) if line % 7 == 0]
