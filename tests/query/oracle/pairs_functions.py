"""What functions and expressions give for a record."""

from __future__ import annotations

from tests.query.oracle.pair import Pair, computed

_BOTH_PORTS = ("ispresent(srcPort) and ispresent(dstPort)", "srcport IS NOT NULL AND dstport IS NOT NULL")
_WITH_NOTE = ("ispresent(note)", "note IS NOT NULL")
_HOUR, _DAY = 3_600_000, 86_400_000

NUMBERS = (
    computed("product_and_quotient", "bytes * 8 / (end - start)", 'bytes * 8 / ("end" - start)'),
    computed("left_to_right", "bytes - packets - 1", "bytes - packets - 1"),
    computed("quotient_of_whole_numbers_has_decimals", "srcPort / 1000", "srcport / 1000"),
    computed("quotient_by_zero", "srcPort / dstPort", "srcport / dstport"),
    computed("remainder", "(dstPort - srcPort) % 1000", "(dstport - srcport) % 1000"),
    computed("power", "packets ^ 2", "pow(packets, 2)"),
    computed("negative", "-(dstPort + 1)", "-(dstport + 1)"),
    computed("product_beyond_64_bits_is_null", "bytes * 1048576", "TRY(bytes * 1048576)"),
    computed("quotient_is_rounded_once", "floor(packets * 49 / 49)", "packets"),
    computed("remainder_of_decimals", "(packets * 49 / 1) % 49", "packets * 0"),
    computed("abs", "abs(srcPort - dstPort)", "abs(srcport - dstport)"),
    computed("ceil", "ceil(bytes / packets)", "ceil(bytes / packets)"),
    computed("floor", "floor(bytes / packets)", "floor(bytes / packets)"),
    computed("floor_of_a_negative", "floor((dstPort - srcPort) / 10)", "floor((dstport - srcport) / 10)"),
    computed("greatest", "greatest(srcPort, dstPort, 100)", "greatest(srcport, dstport, 100)", _BOTH_PORTS),
    computed("least", "least(srcPort, dstPort)", "least(srcport, dstport)", _BOTH_PORTS),
    computed("log_is_natural", "log(bytes)", "ln(bytes)"),
    computed("log_of_zero_is_null", "log(dstPort)", "CASE WHEN dstport > 0 THEN ln(dstport) END"),
    computed("sqrt", "sqrt(packets)", "sqrt(packets)"),
    computed(
        "sqrt_of_a_negative_is_null",
        "sqrt(dstPort - srcPort)",
        "CASE WHEN dstport >= srcport THEN sqrt(dstport - srcport) END",
    ),
    computed("round", "round(bytes / 1000)", "round(bytes / 1000)"),
    computed("round_half_away_from_zero", "round((srcPort - dstPort) / 2)", "round((srcport - dstport) / 2)"),
    computed("round_to_digits", "round(bytes / 7, 2)", "round(bytes / 7, 2)"),
    computed("to_number", "toNumber(note)", "num(note)"),
    computed("is_numeric", "isNumeric(note)", "(num(note) IS NOT NULL)::INTEGER"),
)

TEXTS = (
    computed("strlen", "strlen(srcAddr)", "length(srcaddr)"),
    computed("strlen_of_a_number", "strlen(bytes)", "length(bytes::VARCHAR)"),
    computed("toupper", "toupper(interfaceId)", "upper(interface_id)"),
    computed("tolower", "tolower(srcAddr)", "lower(srcaddr)"),
    computed("substr", "substr(interfaceId, 4)", "substring(interface_id, 5)"),
    computed("substr_with_length", "substr(srcAddr, 1, 3)", "substring(srcaddr, 2, 3)"),
    computed("substr_beyond_the_end", "substr(note, 3, 9)", "substring(note, 4, 9)"),
    computed("ltrim_a_set", 'ltrim(interfaceId, "nie-0")', "ltrim(interface_id, 'nie-0')"),
    computed("rtrim_a_set", 'rtrim(interfaceId, "017")', "rtrim(interface_id, '017')"),
    computed("trim_a_set", 'trim(note, "ac0")', "trim(note, 'ac0')"),
    computed("trim_blanks", 'trim(concat("  ", action, " "))', "coalesce(action, '')"),
    computed("replace_all", 'replace(srcAddr, "0", "zero")', "replace(srcaddr, '0', 'zero')"),
    computed("replace_is_literal", 'replace(srcAddr, ".", "_")', "replace(srcaddr, '.', '_')"),
    computed("concat", 'concat(srcAddr, ":", srcPort)', "concat(srcaddr, ':', srcport)"),
    computed("strcontains", 'strcontains(note, "0")', "contains(note, '0')::INTEGER", _WITH_NOTE),
    computed("starts_with", 'startsWith(note, "abc")', "starts_with(note, 'abc')::INTEGER", _WITH_NOTE),
    computed("ends_with", 'endsWith(note, "0")', "ends_with(note, '0')::INTEGER", _WITH_NOTE),
    computed(
        "regex_replace",
        r'regexReplace(srcAddr, "[0-9]+", "n")',
        "regexp_replace(srcaddr, '[0-9]+', 'n', 'g')",
    ),
)

CONDITIONS = (
    computed("condition_is_1_or_0", 'action = "REJECT"', "coalesce(action = 'REJECT', false)::INTEGER"),
    computed("isempty", "isempty(note)", "(note IS NULL)::INTEGER"),
    computed("isblank", "isblank(concat(note, ' '))", "(note IS NULL)::INTEGER"),
    computed("ispresent", "ispresent(srcPort)", "(srcport IS NOT NULL)::INTEGER"),
    computed("coalesce", 'coalesce(note, action, "none")', "coalesce(note, action, 'none')"),
    computed("coalesce_of_numbers", "coalesce(tcpFlags, dstPort, -1)", "coalesce(tcp_flags, dstport, -1)"),
    computed("if", 'if(action = "REJECT", bytes, 0)', "CASE WHEN action = 'REJECT' THEN bytes ELSE 0 END"),
    computed("if_not_present", "if(ispresent(note), note, srcAddr)", "coalesce(note, srcaddr)"),
    computed(
        "case",
        'case(dstPort = 22, "ssh", dstPort = 443 or dstPort = 8443, "web", "other")',
        "CASE WHEN dstport = 22 THEN 'ssh' WHEN dstport IN (443, 8443) THEN 'web' ELSE 'other' END",
    ),
    computed(
        "case_without_a_default",
        "case(bytes > 1000000, 2, bytes > 1000, 1)",
        "CASE WHEN bytes > 1000000 THEN 2 WHEN bytes > 1000 THEN 1 END",
    ),
    computed("ipv4_to_number", "ipv4ToNumber(srcAddr)", "CASE WHEN src_v = 4 THEN src_ip END::BIGINT"),
    computed("unknown_field", "nosuch", "NULL"),
    computed("unknown_field_in_arithmetic", "nosuch + bytes", "NULL"),
)

TIMES = (
    computed("bin", "bin(1h)", f"ts - ts % {_HOUR}"),
    computed("bin_of_several", "bin(4 hours)", f"ts - ts % ({_HOUR} * 4)"),
    computed("bin_of_minutes", "bin(20m)", "ts - ts % 1200000"),
    computed("bin_is_capped_at_60_seconds", "bin(300s)", "ts - ts % 60000"),
    computed("bin_of_a_day", "bin(1d)", f"ts - ts % {_DAY}"),
    computed("bin_of_a_week", "bin(1w)", "epoch_ms(date_trunc('week', make_timestamp_ms(ts)))"),
    computed("bin_of_a_month", "bin(1mo)", "epoch_ms(date_trunc('month', make_timestamp_ms(ts)))"),
    computed("datefloor", "datefloor(@timestamp, 15m)", "ts - ts % 900000"),
    computed("dateceil", "dateceil(@timestamp, 1h)", f"(ts + {_HOUR - 1}) // {_HOUR} * {_HOUR}"),
    computed("dateceil_of_millis", "dateceil(fromMillis(end * 1000), 10m)", '("end" + 599) // 600 * 600000'),
    computed("from_millis", "fromMillis(start * 1000)", "ts"),
    computed("to_millis", "toMillis(@timestamp) - start * 1000", "0"),
    Pair(
        "two_bins",
        "display end, bin(1h), bin(1d) as day",
        f'SELECT "end", ts - ts % {_HOUR} AS "bin(1h)", ts - ts % {_DAY} AS day FROM flows',
    ),
)

SUBJECTS = {"numbers": NUMBERS, "texts": TEXTS, "conditions": CONDITIONS, "times": TIMES}
