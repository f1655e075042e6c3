from __future__ import annotations

import pytest

from query.check import QueryWarning, check_filter
from query.errors import QueryError
from query.parse import parse_filter

COLUMNS = (
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "bytes",
    "action",
    "timestamp",
    "foo-bar",
    "Extra",
)

# text: (sentence, the words that it is about)
ERRORS = {
    "scrAddr = 'x'": ("'scrAddr' is not a field. Did you mean 'srcAddr'?", "scrAddr"),
    "filtr = 1": ("'filtr' is not a field.", "filtr"),
    "tcp and `foo_baz` = 1": ("'foo_baz' is not a field. Did you mean 'foo-bar'?", "`foo_baz`"),
    "isempty(nosuch.field)": ("'nosuch.field' is not a field.", "nosuch.field"),
    "action in [1] and strlen(xtra) = 5": ("'xtra' is not a field. Did you mean 'Extra'?", "xtra"),
    "action = REJECT": ("'REJECT' is not a field. Text stands in quotes: \"REJECT\".", "REJECT"),
    "protocol = tcp": ("'tcp' is not a field. Did you mean protocol = 6?", "tcp"),
    "dstPort != ssh": ("'ssh' is not a field. Did you mean dstPort != 22?", "ssh"),
    "srcaddr = dst_adr": ("'dst_adr' is not a field. Did you mean 'dstAddr'?", "dst_adr"),
    "dstPort = 'abc'": ("dstPort is a number, and 'abc' is not.", "'abc'"),
    "'x' < bytes": ("bytes is a number, and 'x' is not.", "'x'"),
    "dstPort in [22, 'https']": ("dstPort is a number, and 'https' is not. Did you mean 443?", "'https'"),
    "protocol = 'udp'": ("protocol is a number, and 'udp' is not. Did you mean 17?", "'udp'"),
    "@timestamp > '2026-01-01'": (
        "@timestamp is a number, and '2026-01-01' is not. Compare it with milliseconds since 1970.",
        "'2026-01-01'",
    ),
    "tcpFlags = 'SYN'": ("tcpFlags is a number, and 'SYN' is not.", "'SYN'"),
    "isIpInSubnet(srcAddr, '10.0.0.0/33')": (
        "'10.0.0.0/33' is not a network. Write one like \"10.0.0.0/8\".",
        "'10.0.0.0/33'",
    ),
    "isIpv4InSubnet(srcAddr, '::/0')": (
        "'::/0' is not an IPv4 network. Write one like \"10.0.0.0/8\".",
        "'::/0'",
    ),
    "isIpv6InSubnet(srcAddr, '10.0.0.0/8')": (
        "'10.0.0.0/8' is not an IPv6 network. Write one like \"2001:db8::/32\".",
        "'10.0.0.0/8'",
    ),
    "isIpInSubnet(srcAddr, dstAddr)": (
        'Expected a network in quotes here. Write one like "10.0.0.0/8".',
        "dstAddr",
    ),
    "isIpInSubnet(srcAddr, 10)": ('Expected a network in quotes here. Write one like "10.0.0.0/8".', "10"),
    "action like /(/": ("This pattern is not a valid regular expression.", "/(/"),
    "action =~ /a(?=b)/": (
        "This pattern is not a valid regular expression. Look-ahead and look-behind are not available.",
        "/a(?=b)/",
    ),
    "action like /(a)\\1/": (
        "This pattern is not a valid regular expression. References back to a group are not available.",
        "/(a)\\1/",
    ),
    "action like /(a{999}){999}/": (
        "This pattern is not a valid regular expression. It is too large.",
        "/(a{999}){999}/",
    ),
}


@pytest.mark.parametrize("text", ERRORS)
def test_what_has_no_meaning_is_an_error_at_its_place(text: str):
    with pytest.raises(QueryError) as caught:
        check_filter(parse_filter(text), COLUMNS)
    sentence, words = ERRORS[text]
    assert str(caught.value) == sentence
    assert text[caught.value.column - 1 :][: caught.value.length] == words


IMDS = "AWS never logs traffic to 169.254.169.254, so this can never match."
ABSENT = "tcp-flags is not in these logs, so this matches nothing."
EMPTY = "tcp-flags is not in these logs, so it counts as empty."
WARNINGS = {
    # Traffic that AWS never logs.
    "169.254.169.254": [IMDS],
    "dstAddr = '169.254.169.254'": [IMDS],
    "'169.254.169.254' = dstAddr": [IMDS],
    "dstAddr in ['10.0.0.1', '169.254.169.254']": [IMDS],
    "dstAddr = '169.254.169.253'": [IMDS.replace("254,", "253,")],
    "dstAddr = '169.254.169.123'": [IMDS.replace("254,", "123,")],
    "dstAddr = '169.254.1.2'": [IMDS.replace("169.254,", "1.2,")],
    "isIpInSubnet(dstAddr, '169.254.169.0/24')": [IMDS.replace("169.254,", "169.0/24,")],
    "dstAddr != '169.254.169.254'": [],
    "dstAddr not in ['169.254.169.254']": [],
    "not 169.254.169.254": [],
    "not not 169.254.169.254": [IMDS],
    "not isIpInSubnet(dstAddr, '169.254.169.0/24')": [],
    "dstAddr = '169.253.169.254'": [],
    "isIpInSubnet(dstAddr, '169.0.0.0/8')": [],
    "Extra = '169.254.169.254'": [],
    # Fields that these logs lack.
    "tcpFlags = 2": [ABSENT],
    "tcpFlags = 2 or tcpFlags = 3": [ABSENT],
    "tcpFlags > 2 and tcp": [ABSENT],
    "tcpFlags != 2": [ABSENT],
    "tcpFlags != '-'": [ABSENT],
    "tcpFlags like '2'": [ABSENT],
    "tcpFlags in [2]": [ABSENT],
    "tcpFlags not in [2, '-']": [ABSENT],
    "ispresent(tcpFlags)": [ABSENT],
    "not isempty(tcpFlags)": [ABSENT],
    "not (tcpFlags = '-')": [ABSENT],
    "not tcpFlags = 2": [EMPTY],
    "tcpFlags = '-'": [EMPTY],
    "tcpFlags in [2, '-']": [EMPTY],
    "isempty(tcpFlags)": [EMPTY],
    "isblank(tcpFlags) and tcp": [EMPTY],
    "isempty(tcpFlags) = 0": [EMPTY],
    "ispresent(tcpFlags) = 0": [EMPTY],
    "not (ispresent(tcpFlags) = 1)": [EMPTY],
    "@log = 'x'": ["log_group is not in these logs, so this matches nothing."],
    "pktSrcaddr = dstAddr": ["pkt-srcaddr is not in these logs, so this matches nothing."],
    # Slips that have a meaning.
    "action = 'reject'": ['Case counts: action is "REJECT", never "reject".'],
    "action != 'Accept'": ['Case counts: action is "ACCEPT", never "Accept".'],
    "action = 'other'": [],
    "srcAddr = '10.0.0.0/8'": ['srcAddr holds single addresses: write isIpInSubnet(srcAddr, "10.0.0.0/8").'],
    # Nothing to say.
    "foo_bar = 1 and FOO-BAR = 2": [],
    "extra = 'x' and `foo-bar` = 'y'": [],
    "bytes = '5' and protocol = '-' and bytes like '5' and dstPort = '22.0'": [],
    "@timestamp > 1767225600000": [],
}
WARNINGS = {text.replace("FOO-BAR", "`FOO-BAR`"): said for text, said in WARNINGS.items()}


@pytest.mark.parametrize("text", WARNINGS)
def test_what_can_hardly_be_wanted_is_a_warning(text: str):
    assert [warning.message for warning in check_filter(parse_filter(text), COLUMNS)] == WARNINGS[text]


def test_a_warning_knows_its_place():
    text = "tcp and tcpFlags = 2 and dstaddr = '169.254.169.254'"
    first, second = check_filter(parse_filter(text), COLUMNS)
    assert isinstance(first, QueryWarning)
    assert text[first.span.start : first.span.end] == "tcpFlags"
    assert text[second.span.start : second.span.end] == "'169.254.169.254'"


def test_without_columns_nothing_is_said_about_what_the_logs_lack():
    assert check_filter(parse_filter("tcpFlags = 2")) == ()
    with pytest.raises(QueryError):
        check_filter(parse_filter("filtr = 2"))


def test_any_spelling_of_a_loaded_column_is_found():
    for text in ("tgwid = 1", "tgw-id = 1", "tgw_id = 1", "tgwId = 1"):
        assert check_filter(parse_filter(text), ["tgwId"]) == ()
