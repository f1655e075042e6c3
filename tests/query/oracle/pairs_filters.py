"""Which records a ``filter`` keeps."""

from __future__ import annotations

from tests.query.oracle.pair import Pair, inside, kept
from tests.query.oracle.records import FIRST_START

_NOON = FIRST_START + 36 * 3600
_ONE_ADDRESS = "'2001:db8::1'"

NUMBERS = (
    kept("equal", "dstPort = 22", "dstport = 22"),
    kept("unequal_leaves_nulls_out", "dstPort != 22", "dstport <> 22"),
    kept("less", "bytes < 1000000", "bytes < 1000000"),
    kept("less_or_equal", "bytes <= 1000000", "bytes <= 1000000"),
    kept("greater", "bytes > 1000000", "bytes > 1000000"),
    kept("greater_or_equal", "bytes >= 1000000", "bytes >= 1000000"),
    kept("constant_first", "1000000 < bytes", "bytes > 1000000"),
    kept("beyond_the_exact_range_of_a_double", "bytes = 9007199254740993", "bytes = 9007199254740993"),
    kept("decimal", "packets > 2.5", "packets > 2.5"),
    kept("two_fields", "srcPort > dstPort", "srcport > dstport"),
    kept("in_numbers", "protocol in [6, 17]", "protocol IN (6, 17)"),
    kept("not_in_numbers", "protocol not in [6, 17]", "protocol NOT IN (6, 17)"),
    kept("in_a_mixed_list", 'dstPort in ["22", 80]', "dstport IN (22, 80)"),
    kept("number_against_text", 'protocol = "6"', "protocol = 6"),
    kept("text_against_number", "accountId = 42", "account_id::BIGINT = 42"),
    kept("numeric_text_above", "note > 100", "num(note) > 100"),
    kept("numeric_text_below", "note <= 2.5", "num(note) <= 2.5"),
    kept("numeric_text_unequal", "note != 200", "note IS NOT NULL AND num(note) IS DISTINCT FROM 200"),
    kept("text_that_is_a_number_compares_as_text_with_text", 'note = "200"', "note = '200'"),
    kept("bytes_like_digits", 'bytes like "00"', "contains(bytes::VARCHAR, '00')"),
)

ARITHMETIC = (
    kept("ratio", "bytes / packets > 1500.5", "bytes / packets > 1500.5"),
    kept(
        "ratio_is_no_whole_number",
        "srcPort / 443 > 2 and srcPort / 443 < 3",
        "srcport / 443 > 2 AND srcport / 443 < 3",
    ),
    kept("division_by_zero_is_null", "bytes / dstPort > 0", "dstport <> 0 AND bytes / dstport > 0"),
    kept("remainder", "dstPort % 10 = 3", "dstport % 10 = 3"),
    kept(
        "remainder_has_the_sign_of_the_dividend", "(srcPort - dstPort) % 7 < 0", "(srcport - dstport) % 7 < 0"
    ),
    kept("remainder_of_zero_is_null", "bytes % dstPort >= 0", "dstport <> 0 AND bytes % dstport >= 0"),
    kept("difference", "srcPort - dstPort < 0", "srcport - dstport < 0"),
    kept("power", "packets ^ 2 = 9", "pow(packets, 2) = 9"),
    kept("product_before_sum", "packets + protocol * 2 = 15", "packets + protocol * 2 = 15"),
    kept("parentheses_before_product", "(packets + protocol) * 2 = 32", "(packets + protocol) * 2 = 32"),
    kept("negative", "-packets < -50", "-packets < -50"),
    kept("with_a_null_is_null", "bytes + tcpFlags > 0", "bytes + tcp_flags > 0"),
    kept("numeric_text_adds_up", "note + 1 = 201", "num(note) + 1 = 201"),
    kept("both_sides", "bytes - 140 = packets * 40", "bytes - 140 = packets * 40"),
)

TEXTS = (
    kept("equal", 'action = "REJECT"', "action = 'REJECT'"),
    kept("equal_minds_case", 'action = "reject"', "false"),
    kept("unequal", 'action != "REJECT"', "action <> 'REJECT'"),
    kept("before", 'action < "B"', "action < 'B'"),
    kept("in", 'logStatus in ["NODATA", "SKIPDATA"]', "log_status IN ('NODATA', 'SKIPDATA')"),
    kept("not_in", 'logStatus not in ["NODATA", "x"]', "log_status <> 'NODATA'"),
    kept("like_is_a_part", 'srcAddr like "10.0.0.1"', "contains(srcaddr, '10.0.0.1')"),
    kept("not_like", 'srcAddr not like "10."', "NOT contains(srcaddr, '10.')"),
    kept("like_regex", r"srcAddr like /^10\.[0-3]\./", r"regexp_matches(srcaddr, '^10\.[0-3]\.')"),
    kept("match_regex", "srcAddr =~ /7$/", "regexp_matches(srcaddr, '7$')"),
    kept(
        "regex_without_case", "interfaceId like /(?i)ENI-0[AB]/", "interface_id IN ('eni-0a47', 'eni-0b11')"
    ),
    kept("not_like_regex", "note not like /^[0-9]+$/", "NOT regexp_full_match(note, '[0-9]+')"),
    kept("single_quotes", "action = 'REJECT'", "action = 'REJECT'"),
    kept("message", "@message like /NODATA$/", "regexp_matches(message, 'NODATA$')"),
    kept("stream", '@logStream = "eni-0a47"', "interface_id = 'eni-0a47'"),
    kept("group", '@log like "copied"', "log_group = 'copied'"),
    kept("log_stream_without_at", "logStream = 'eni-9c00'", "interface_id = 'eni-9c00'"),
)

LOGIC = (
    kept(
        "not_binds_tighter_than_and",
        'not action = "REJECT" and dstPort = 22',
        "action IS DISTINCT FROM 'REJECT' AND dstport = 22",
    ),
    kept(
        "and_binds_tighter_than_or",
        'action = "REJECT" or dstPort = 22 and protocol = 17',
        "coalesce(action = 'REJECT', false) OR coalesce(dstport = 22 AND protocol = 17, false)",
    ),
    kept(
        "parentheses",
        '(action = "REJECT" or dstPort = 22) and protocol = 17',
        "(coalesce(action = 'REJECT', false) OR coalesce(dstport = 22, false)) AND protocol = 17",
    ),
    kept(
        "not_makes_of_an_unknown_comparison_a_true_one",
        "not (bytes > 1000 or ispresent(note))",
        "coalesce(bytes <= 1000, true) AND note IS NULL",
    ),
    kept("not_not", "not not dstPort > 22", "dstport > 22"),
    kept("not_not_in", "not (dstPort not in [22, 80])", "dstport IS NULL OR dstport IN (22, 80)"),
    kept(
        "keywords_in_capitals",
        "NOT dstPort IN [22] AND protocol = 6",
        "dstport IS DISTINCT FROM 22 AND protocol = 6",
    ),
    Pair(
        "two_filters_are_one_with_and",
        "filter protocol = 6 | filter dstPort = 22 | display end",
        'SELECT "end" FROM flows WHERE protocol = 6 AND dstport = 22',
    ),
    Pair("where", "where protocol = 17 | display end", 'SELECT "end" FROM flows WHERE protocol = 17'),
    Pair(
        "filter_index",
        'filterIndex action = "REJECT" | display end',
        """SELECT "end" FROM flows WHERE action = 'REJECT'""",
    ),
    Pair(
        "comments",
        "# all of it\nfilter protocol = 17 # udp\n# | filter dstPort = 1\n| display end",
        'SELECT "end" FROM flows WHERE protocol = 17',
    ),
)

NAMES_AND_NULLS = (
    kept("unknown_field_equals_nothing", "nosuch = 1", "false"),
    kept("unknown_field_differs_from_nothing", "nosuch != 1", "false"),
    kept("not_with_an_unknown_field", "not nosuch = 1", "true"),
    kept("field_of_one_group_only", "tcpFlags >= 3", "tcp_flags >= 3"),
    kept("ispresent", "ispresent(srcAddr)", "srcaddr IS NOT NULL"),
    kept("isempty", "isempty(note)", "note IS NULL"),
    kept("hyphen_means_no_value", 'action != "-"', "action IS NOT NULL"),
    kept("backticks", '`log-status` = "NODATA"', "log_status = 'NODATA'"),
    kept("underscore", 'log_status = "SKIPDATA"', "log_status = 'SKIPDATA'"),
    kept(
        "capitals",
        "DSTPORT = 443 and pktsrcaddr like '10.'",
        "dstport = 443 AND contains(pkt_srcaddr, '10.')",
    ),
    kept(
        "start_time",
        f"startTime >= {_NOON} and endTime < {_NOON + 3600}",
        f'start >= {_NOON} AND "end" < {_NOON + 3600}',
    ),
    kept("timestamp", f"@timestamp < {_NOON * 1000}", f"ts < {_NOON * 1000}"),
    kept("to_millis", f"toMillis(@timestamp) >= ({_NOON} * 1000 - 7200000)", f"start >= {_NOON - 7200}"),
)

ADDRESSES = (
    kept("one_ipv6_address_in_any_spelling", 'srcAddr = "2001:DB8:0:0::1"', f"src_text = {_ONE_ADDRESS}"),
    kept("ipv6_unequal", "srcAddr != '2001:db8::1'", f"src_text <> {_ONE_ADDRESS}"),
    kept("ipv6_in", "srcAddr in ['2001:0db8::1', '8.8.8.8']", f"src_text IN ({_ONE_ADDRESS}, '8.8.8.8')"),
    kept("two_addresses", "srcAddr = dstAddr", "src_text = dst_text"),
    kept("in_subnet", 'isIpInSubnet(srcAddr, "10.0.0.0/23")', inside("src", "10.0.0.0/23")),
    kept("in_subnet_4", 'isIpv4InSubnet(srcAddr, "172.16.0.0/12")', inside("src", "172.16.0.0/12")),
    kept("in_subnet_6", 'isIpv6InSubnet(dstAddr, "2001:db8::/33")', inside("dst", "2001:db8::/33")),
    kept("everything_of_a_version", 'isIpInSubnet(srcAddr, "::/0")', "src_v = 6"),
    kept(
        "not_in_subnet_holds_for_no_address",
        'not isIpInSubnet(srcAddr, "10.0.0.0/8")',
        f"coalesce(NOT {inside('src', '10.0.0.0/8')}, true)",
    ),
    kept("valid", "isValidIp(srcAddr) and not isValidIpV4(srcAddr)", "src_v = 6"),
    kept("valid_6", "isValidIpV6(dstAddr) or isValidIp(note)", "dst_v = 6"),
    kept(
        "private",
        "isPrivateIP(srcAddr) and isValidIpV4(srcAddr)",
        " OR ".join(inside("src", network) for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),
    ),
    kept(
        "public",
        "isPublicIP(srcAddr) and isValidIpV4(srcAddr)",
        "srcaddr IN ('8.8.8.8', '52.95.110.1', '110.0.0.1', '172.32.0.1')",
    ),
)

SUBJECTS = {
    "numbers": NUMBERS,
    "arithmetic": ARITHMETIC,
    "texts": TEXTS,
    "logic": LOGIC,
    "names_and_nulls": NAMES_AND_NULLS,
    "addresses": ADDRESSES,
}
