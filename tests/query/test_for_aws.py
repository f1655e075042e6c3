"""The query as CloudWatch takes it: as it was typed, with the short forms of flowtui written out."""

from __future__ import annotations

import pytest

from query.errors import QueryError
from query.for_aws import for_aws
from query.local import FIELDS
from query.parse import parse_query
from tests.query.aws_samples import SAMPLES


@pytest.mark.parametrize("name", SAMPLES)
def test_a_query_of_aws_stays_as_it_is(name: str):
    assert for_aws(parse_query(SAMPLES[name])) == SAMPLES[name]


UNCHANGED = (
    "# why\nfilter  action='REJECT'  AND\n\tbytes>1000 # and\n| stats count(*) as n by bin( 5m ), srcaddr | limit any 500",
    "filter a = -5 and b = .5 and c in [-1, 'x'] and d =~ /x#y/",
    "filter brand = 'x' and (android = 1 or not `band` = 2)",
    "fields `flow-direction`, `detail-type` as `my-type` | sort `my-type`",
    "parse @message 'a-*' as b | unnest b into c | dedup c | limit 5",
)


@pytest.mark.parametrize("text", UNCHANGED)
def test_what_aws_knows_stays_to_the_last_space(text: str):
    assert for_aws(parse_query(text)) == text


WRITTEN_OUT = {
    # Shorthand of the filter bar.
    "filter reject": 'filter action = "REJECT"',
    "filter tcp and :22": "filter protocol = 6 and (srcPort = 22 or dstPort = 22)",
    "filter 10.0.0.0/8": (
        'filter isIpInSubnet(srcAddr, "10.0.0.0/8") or isIpInSubnet(dstAddr, "10.0.0.0/8")'
    ),
    "filter >1MB": "filter bytes > 1000000",
    "filter a = 1 b = 2": "filter a = 1 and b = 2",
    "filter a = 1 # and\n b = 2": "filter a = 1 and b = 2",
    "filter eni-0a4": 'filter interfaceId like "eni-0a4"',
    # Numbers with units, addresses and ids without quotes, anywhere.
    "filter a=1 and bytes>1.5kB": "filter a = 1 and bytes > 1500",
    "filter srcAddr in [10.0.0.1, eni-0a4]": 'filter srcAddr in ["10.0.0.1", "eni-0a4"]',
    "fields bytes > 1MB as big, bytes": "fields bytes > 1000000 as big, bytes",
    "stats count(*) by bytes > 1KiB as big": "stats count(*) by bytes > 1024 as big",
    "sort srcAddr = 10.0.0.1 desc": 'sort srcAddr = "10.0.0.1" desc',
    # Names with hyphens, which AWS would read as minus.
    "fields flow-direction, pkt-srcaddr as p": "fields flowDirection, pktSrcaddr as p",
    "stats sum(bytes) by flow-direction | sort flow-direction": (
        "stats sum(bytes) by flowDirection | sort flowDirection"
    ),
    "filter flow-direction = 'egress'": "filter flowDirection = 'egress'",
    "dedup tcp-flags": "dedup tcpFlags",
    "fields a as `flow-direction` | sort flow-direction": "fields a as `flow-direction` | sort `flow-direction`",
    # Only what has to change does; comments and the other commands stay.
    "# top\nfilter reject # these\n|  stats count(*)  as n": (
        '# top\nfilter action = "REJECT" # these\n|  stats count(*)  as n'
    ),
}


@pytest.mark.parametrize("text", WRITTEN_OUT)
def test_short_forms_are_written_out(text: str):
    written = for_aws(parse_query(text))
    assert written == WRITTEN_OUT[text]
    assert for_aws(parse_query(written)) == written
    assert parse_query(written).commands[-1].__class__ is parse_query(text).commands[-1].__class__


@pytest.mark.parametrize("ours", FIELDS.values(), ids=lambda ours: ours.name)
def test_a_field_of_our_own_is_refused_with_what_to_write_instead(ours):
    text = f"fields srcAddr | stats count(*) by {ours.name}"
    with pytest.raises(QueryError) as caught:
        for_aws(parse_query(text))
    assert str(caught.value) == f"{ours.name} is an addition of flowtui. For AWS {ours.instead}."
    assert caught.value.column == text.index(ours.name) + 1


def test_a_name_that_the_query_itself_has_given_is_no_field_of_ours():
    for text in (
        "fields action as direction | filter direction = 'x'",
        "parse @message '* *' as isReply, rest | filter isReply = 1",
        "stats count(*) as direction by action | sort direction",
        "fields action as direction, strlen(direction) as n",
    ):
        assert for_aws(parse_query(text)) == text
    with pytest.raises(QueryError, match="direction is an addition"):
        for_aws(parse_query("filter direction = 'x' | fields action as direction"))


REFUSED = {
    "stats count(*) by action | chart bar": (
        "AWS has no command 'chart'. Leave it out: the console draws by itself.",
        "bar",
    ),
    "stats count(*) as flow-direction": (
        "AWS reads the '-' in the name flow-direction as minus. Write as `flow-direction`.",
        "count(*)",
    ),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_aws_does_not_have_is_refused_at_its_place(text: str):
    with pytest.raises(QueryError) as caught:
        for_aws(parse_query(text))
    sentence, words = REFUSED[text]
    assert str(caught.value) == sentence
    assert caught.value.column == text.index(words) + 1


def test_all_rows_are_only_to_be_had_here():
    with pytest.raises(QueryError) as caught:
        for_aws(parse_query("fields srcAddr | limit any"))
    assert str(caught.value) == "AWS wants a number behind 'limit any'. Write limit 10000."
