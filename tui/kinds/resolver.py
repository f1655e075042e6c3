"""Queries to the Route 53 resolver of a VPC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.explain import Line, address_kind, endpoint
from tui.kinds import documents
from tui.kinds.base import Outcome, Telling, column, having, others, said, value_of, when
from tui.kinds.dns import asked_for, rcode_meaning, rcode_outcome, type_meaning
from tui.units import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FIREWALL = {
    "BLOCK": Outcome("✗", "BLOCK", "reject"),
    "ALERT": Outcome("!", "ALERT", "warn"),
}
_FIREWALL_MEANS = {
    "BLOCK": "a rule of the DNS firewall blocked the query",
    "ALERT": "a rule of the DNS firewall matched, and let it pass",
    "ALLOW": "a rule of the DNS firewall let it pass",
}
_INSTANCE = "srcids.instance"
_MOST_ANSWERS = 20
# The id of a VPC says less than what is asked in it.
_SHORT = 13
_TOLD = frozenset(
    {
        *(
            "query_name",
            "query_type",
            "query_class",
            "query_timestamp",
            "rcode",
            "answers",
            "answer",
            "srcaddr",
        ),
        *("srcport", "transport", _INSTANCE, "vpc_id", "firewall_rule_action", "version"),
    }
)


def _outcome(record: Mapping[str, Any]) -> Outcome:
    return _FIREWALL.get(said(record, "firewall_rule_action")) or rcode_outcome(said(record, "rcode"))


def _headline(record: Mapping[str, Any]) -> str:
    instance, address, vpc = (said(record, name) for name in (_INSTANCE, "srcaddr", "vpc_id"))
    who = instance or address or "somebody"
    name = asked_for(said(record, "query_name"), said(record, "query_type"))
    whose = f"{shorten(vpc, _SHORT)}'s " if vpc else ""
    return f"{whose}{who} asked for {name}: {_ended(record)}."


def _ended(record: Mapping[str, Any]) -> str:
    """How the query ended, in a few words."""
    rcode = said(record, "rcode")
    if record.get("firewall_rule_action") == "BLOCK":
        return "blocked by the DNS firewall"
    if rcode != "NOERROR":
        return ", ".join(part for part in (rcode, rcode_meaning(rcode)) if part) or "no answer is logged"
    answers = _answers(record)
    first = answers[0][0] if answers else said(record, "answer")
    if not first:
        return f"{rcode}, but no record of this type"
    return first if len(answers) < 2 else f"{first} and {len(answers) - 1} more"


def _answers(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The answers' data and types, whatever the case of their names."""
    found = documents.parse(said(record, "answers"))
    answers = []
    for answer in found if isinstance(found, list) else [found]:
        if isinstance(answer, dict):
            lower = {str(key).lower(): value for key, value in answer.items()}
            data = documents.shown(lower.get("rdata"))
            answers.append((data, documents.shown(lower.get("type") or lower.get("answer_type"))))
    return [pair for pair in answers if pair[0]]


def _explain(record: Mapping[str, Any]) -> list[Line]:
    rcode, asked = said(record, "rcode"), said(record, "query_type")
    firewall = said(record, "firewall_rule_action")
    verdict = rcode_outcome(rcode)
    source, vpc = said(record, "srcaddr"), said(record, "vpc_id")
    port = documents.whole_number(record.get("srcport"))
    query_class = said(record, "query_class")
    lines = [
        when(record),
        Line("name", said(record, "query_name")),
        Line("type", asked, type_meaning(asked)),
        Line("class", "" if query_class == "IN" else query_class, "IN is the internet's"),
        Line("rcode", str(verdict), rcode_meaning(rcode)),
        *_answer_lines(record),
        Line("firewall", str(_FIREWALL.get(firewall, firewall)), _FIREWALL_MEANS.get(firewall, "")),
        Line("asked from", endpoint(source, port), address_kind(source)),
        Line("instance", said(record, _INSTANCE), "instance that asked"),
        Line("vpc", vpc),
        Line("transport", said(record, "transport")),
        *others(record, _TOLD),
        *documents.rest(record, _TOLD),
    ]
    return [line for line in lines if line.value]


def _answer_lines(record: Mapping[str, Any]) -> Iterator[Line]:
    answers = _answers(record)
    for number, (data, kind) in enumerate(answers[:_MOST_ANSWERS]):
        yield Line("" if number else "answer", data, kind)
    if len(answers) > _MOST_ANSWERS:
        yield Line("", f"… {len(answers) - _MOST_ANSWERS} more answers")
    if not answers:
        nothing = "none" if record.get("rcode") == "NOERROR" else ""
        yield Line("answer", said(record, "answer") or nothing)


TELLING = Telling(
    having(
        column("outcome", (10, 10), 0, "rcode", text=lambda r: str(_outcome(r)), toned=True),
        column("name", (20, 36), 0, "query_name", grow=True),
        column("type", (5, 6), 1, "query_type"),
        column("answer", (12, 39), 3, "answer"),
        column("source", (12, 39), 2, "srcaddr"),
        column("instance", (10, 19), 4, _INSTANCE),
    ),
    _outcome,
    _headline,
    _explain,
    value_of("message"),
)
