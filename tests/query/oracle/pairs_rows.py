"""Which rows come out, with which columns, in which order."""

from __future__ import annotations

from tests.query.oracle.pair import Pair

# The notes that are no numbers in natural order: letters by code point, shorter runs of digits first.
_WORDS = "['0x10', 'Abc', 'a/b', 'abc9', 'abc10', 'inf', 'nan']"
_FIRST = 'SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY "end" DESC) AS place FROM flows'

COLUMNS = (
    Pair(
        "fields_add_up",
        "fields end, bytes | fields bytes * 2 as twice",
        'SELECT "end", bytes, bytes * 2 AS twice FROM flows',
    ),
    Pair(
        "unnamed_columns_keep_their_text",
        "fields end, bytes / packets",
        'SELECT "end", bytes / packets AS "bytes / packets" FROM flows',
    ),
    Pair(
        "names_as_written",
        "display END, SrcAddr, `log-status`",
        'SELECT "end" AS "END", srcaddr AS "SrcAddr", log_status AS "log-status" FROM flows',
    ),
    Pair(
        "the_last_display_wins", "display action | display end, protocol", 'SELECT "end", protocol FROM flows'
    ),
    Pair(
        "display_after_fields",
        "fields end, action, bytes | display bytes, end",
        'SELECT bytes, "end" FROM flows',
    ),
    Pair(
        "an_alias_can_be_filtered",
        "fields bytes / 1000 as kb | filter kb > 5.5 | display end, kb",
        'SELECT "end", bytes / 1000 AS kb FROM flows WHERE bytes / 1000 > 5.5',
    ),
    Pair(
        "an_alias_in_the_next_one",
        "fields bytes * 8 as bits | fields bits + 1 as more | display end, more",
        'SELECT "end", bytes * 8 + 1 AS more FROM flows',
    ),
    Pair(
        "display_of_a_condition",
        'display end, action = "REJECT" as isRejected',
        """SELECT "end", coalesce(action = 'REJECT', false)::INTEGER AS "isRejected" FROM flows""",
    ),
    Pair(
        "time_and_message_by_default",
        'filter logStatus = "SKIPDATA"',
        """SELECT ts AS "@timestamp", message AS "@message" FROM flows WHERE log_status = 'SKIPDATA'""",
    ),
    Pair(
        "fields_that_no_record_has",
        "display end, nosuch, subnetId",
        'SELECT "end", NULL AS nosuch, NULL AS "subnetId" FROM flows',
    ),
    Pair(
        "where_it_came_from",
        "display end, @logStream, @log",
        'SELECT "end", interface_id AS "@logStream", log_group AS "@log" FROM flows',
    ),
    Pair(
        "message_of_every_record", "display end, @message", 'SELECT "end", message AS "@message" FROM flows'
    ),
)

ORDER = (
    Pair(
        "newest_first_by_default",
        "display @timestamp",
        'SELECT ts AS "@timestamp" FROM flows ORDER BY ts DESC',
        ordered=True,
    ),
    Pair("up_by_default", "fields end | sort end", 'SELECT "end" FROM flows ORDER BY "end"', ordered=True),
    Pair("down", "fields end | sort end desc", 'SELECT "end" FROM flows ORDER BY "end" DESC', ordered=True),
    Pair(
        "ties_and_nulls",
        "fields protocol, bytes, end | sort protocol asc, bytes desc, end",
        'SELECT protocol, bytes, "end" FROM flows '
        'ORDER BY protocol NULLS FIRST, bytes DESC NULLS LAST, "end"',
        ordered=True,
    ),
    Pair(
        "expression",
        "fields end | sort bytes / packets desc, end desc",
        'SELECT "end" FROM flows ORDER BY bytes / packets DESC NULLS LAST, "end" DESC',
        ordered=True,
    ),
    Pair(
        "text",
        "fields action, end | sort action desc, end",
        'SELECT action, "end" FROM flows ORDER BY action DESC NULLS LAST, "end"',
        ordered=True,
    ),
    Pair(
        "addresses_by_their_numbers",
        "filter isValidIpV4(srcAddr) | fields srcAddr, end | sort srcAddr, end",
        'SELECT srcaddr AS "srcAddr", "end" FROM flows WHERE src_v = 4 ORDER BY src_ip, "end"',
        ordered=True,
    ),
    Pair(
        "numbers_among_words",
        "filter ispresent(note) | fields note, end | sort note, end",
        f'SELECT note, "end" FROM flows WHERE note IS NOT NULL '
        f'ORDER BY num(note) NULLS FIRST, list_position({_WORDS}, note), "end"',
        ordered=True,
    ),
    Pair(
        "numbers_among_words_down",
        "filter ispresent(note) | fields note, end | sort note desc, end",
        f'SELECT note, "end" FROM flows WHERE note IS NOT NULL '
        f'ORDER BY num(note) DESC NULLS LAST, list_position({_WORDS}, note) DESC, "end"',
        ordered=True,
    ),
    Pair(
        "the_last_sort_counts",
        "fields end | sort end desc | sort end",
        'SELECT "end" FROM flows ORDER BY "end"',
        ordered=True,
    ),
    Pair(
        "by_what_is_not_shown",
        "display end | sort bytes desc, end",
        'SELECT "end" FROM flows ORDER BY bytes DESC NULLS LAST, "end"',
        ordered=True,
    ),
)

LIMIT = (
    Pair(
        "first_ones",
        "fields end, bytes | sort bytes desc, end | limit 7",
        'SELECT "end", bytes FROM flows ORDER BY bytes DESC NULLS LAST, "end" LIMIT 7',
        ordered=True,
    ),
    Pair(
        "newest_ones_by_default",
        "display @timestamp | limit 25",
        'SELECT ts AS "@timestamp" FROM flows ORDER BY ts DESC LIMIT 25',
        ordered=True,
    ),
    Pair(
        "more_than_there_are",
        "filter dstPort = 22 | display end | limit 100000",
        'SELECT "end" FROM flows WHERE dstport = 22',
    ),
    Pair("any", "display end | limit any", 'SELECT "end" FROM flows'),
)

DEDUP = (
    Pair(
        "keeps_the_first",
        "filter ispresent(dstPort) | fields end, dstPort | sort end desc | dedup dstPort",
        f'SELECT "end", dstport AS "dstPort" FROM ({_FIRST.format(keys="dstport")} '
        f'WHERE dstport IS NOT NULL) WHERE place = 1 ORDER BY "end" DESC',
        ordered=True,
    ),
    Pair(
        "keeps_all_without_a_value",
        "fields end, action | sort end desc | dedup action",
        f'SELECT "end", action FROM ({_FIRST.format(keys="action")}) '
        f'WHERE place = 1 OR action IS NULL ORDER BY "end" DESC',
        ordered=True,
    ),
    Pair(
        "several_keys",
        "fields end, srcAddr, dstPort | sort end desc | dedup srcAddr, dstPort | limit 200",
        f'SELECT "end", srcaddr AS "srcAddr", dstport AS "dstPort" '
        f"FROM ({_FIRST.format(keys='srcaddr, dstport')}) "
        f'WHERE place = 1 OR srcaddr IS NULL OR dstport IS NULL ORDER BY "end" DESC LIMIT 200',
        ordered=True,
    ),
    Pair(
        "the_newest_by_default",
        "fields @timestamp, interfaceId | dedup interfaceId",
        'SELECT max(ts) AS "@timestamp", interface_id AS "interfaceId" FROM flows GROUP BY interface_id',
    ),
    Pair(
        "by_a_field_that_is_not_shown",
        "display end | sort end desc | dedup interfaceId",
        'SELECT max("end") AS "end" FROM flows GROUP BY interface_id',
    ),
)

PARSE = (
    Pair(
        "glob",
        'filter ispresent(version) | parse @message "* * * * *" as a, b, c, d, e | display end, a, c, e',
        r"""SELECT "end", version::VARCHAR AS a, interface_id AS c, regexp_extract(message, """
        r"""'^(\S+ ){4}(.*)$', 2) AS e FROM flows WHERE version IS NOT NULL""",
    ),
    Pair(
        "glob_between",
        'parse @message "eni-* " as eni | display end, eni',
        """SELECT "end", interface_id[5:] AS eni FROM flows""",
    ),
    Pair(
        "glob_of_a_field",
        'parse srcAddr "*.*" as head, tail | display end, head, tail',
        """SELECT "end", CASE WHEN src_v = 4 THEN split_part(srcaddr, '.', 1) END AS head, """
        """CASE WHEN src_v = 4 THEN substring(srcaddr, length(split_part(srcaddr, '.', """
        """1)) + 2) END AS tail FROM flows""",
    ),
    Pair(
        "regex",
        "parse @message /(?<NetworkInterface>eni-.*?) / | display NetworkInterface, @message",
        'SELECT interface_id AS "NetworkInterface", message AS "@message" FROM flows',
    ),
    Pair(
        "regex_that_fits_some",
        "parse note /abc(?<n>[0-9]+)/ | display end, n",
        """SELECT "end", CASE WHEN note LIKE 'abc%' THEN note[4:] END AS n FROM flows""",
    ),
    Pair(
        "what_was_found_counts_as_a_number",
        "parse note /abc(?<n>[0-9]+)/ | filter n > 9 | display end, n * 2 as twice",
        """SELECT "end", 20 AS twice FROM flows WHERE note = 'abc10'""",
    ),
    Pair(
        "what_was_found_is_added_up",
        r"parse srcAddr /^(?<net>10\.\d+)\./ | stats count(*) as n, sum(bytes) by net",
        r"""SELECT nullif(regexp_extract(srcaddr, '^(10\.\d+)\.', 1), '') AS net, count(*) AS n, """
        r"""sum(bytes) AS "sum(bytes)" FROM flows GROUP BY 1""",
    ),
)

SUBJECTS = {"columns": COLUMNS, "order": ORDER, "limit": LIMIT, "dedup": DEDUP, "parse": PARSE}
