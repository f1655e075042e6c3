"""Calls of AWS interfaces, as CloudTrail records them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.explain import Line, address_kind
from tui.kinds import documents
from tui.kinds.base import Outcome, Telling, column, having, in_a_cell, others, said, value_of, when

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUFFIX = ".amazonaws.com"
_WHO = ("userIdentity.userName", "userIdentity.arn", "userIdentity.type")
_IDENTITIES = {
    "Root": "the account's root user",
    "IAMUser": "an IAM user",
    "AssumedRole": "somebody with a role's temporary credentials",
    "Role": "a role",
    "FederatedUser": "a user with temporary credentials of another user",
    "Directory": "a user of a directory",
    "AWSAccount": "another account",
    "AWSService": "an AWS service, for the account",
    "IdentityCenterUser": "a user of IAM Identity Center",
    "SAMLUser": "signed in through SAML",
    "WebIdentityUser": "signed in through a web identity provider",
    "Unknown": "CloudTrail could not tell",
}
_TYPES = {
    "AwsApiCall": "a call of an AWS interface",
    "AwsServiceEvent": "done by an AWS service, nobody called it",
    "AwsConsoleAction": "done in the console",
    "AwsConsoleSignIn": "somebody signed in to the console",
    "AwsVpceEvent": "a call through a VPC endpoint",
    "AwsCloudTrailInsight": "unusual activity",
}
_READS = {"true": "only reads", "false": "may change something"}
_TOLD = frozenset(
    {
        *(
            "eventName",
            "eventSource",
            "eventTime",
            "eventVersion",
            "awsRegion",
            "sourceIPAddress",
            "userAgent",
        ),
        *("errorCode", "errorMessage", "eventType", "readOnly", "userIdentity.accountId", *_WHO),
    }
)


def _outcome(record: Mapping[str, Any]) -> Outcome:
    error = said(record, "errorCode")
    if error or record.get("errorMessage"):
        return Outcome("✗", error or "failed", "reject")
    return Outcome("✓", "ok", "accept")


def _service(record: Mapping[str, Any]) -> str:
    return said(record, "eventSource").removesuffix(_SUFFIX)


def _who(record: Mapping[str, Any]) -> str:
    """Who called: the user's name, else the end of the ARN, else what sort of identity it is."""
    name, arn, sort = (said(record, field) for field in _WHO)
    return name or arn.replace("/", ":").rpartition(":")[2] or sort


def _headline(record: Mapping[str, Any]) -> str:
    service, source = _service(record), said(record, "sourceIPAddress")
    call = f"{service}:{said(record, 'eventName') or '?'}" if service else said(record, "eventName")
    told = f"{_who(record) or 'Somebody'} called {call or 'something'}{f' from {source}' if source else ''}"
    outcome = _outcome(record)
    return f"{told}: {outcome.word}." if outcome.tone == "reject" else f"{told}."


def _explain(record: Mapping[str, Any]) -> list[Line]:
    sort, source, event_type = (
        said(record, name) for name in ("userIdentity.type", "sourceIPAddress", "eventType")
    )
    account, arn = said(record, "userIdentity.accountId"), said(record, "userIdentity.arn")
    error = ": ".join(part for part in (said(record, "errorCode"), said(record, "errorMessage")) if part)
    # An address when a person or a program called, a name when a service of AWS did.
    kind = address_kind(source) if source[:1].isdigit() or ":" in source else "a service of AWS"
    lines = [
        when(record),
        Line("event", said(record, "eventName"), _READS.get(said(record, "readOnly").lower(), "")),
        Line("service", said(record, "eventSource")),
        Line("error", f"✗ {error}" if error else ""),
        Line("who", _who(record), _IDENTITIES.get(sort, sort)),
        Line("arn", arn, f"account {account}" if account else ""),
        Line("from", source, kind),
        Line("with", said(record, "userAgent")),
        Line("region", said(record, "awsRegion")),
        Line("type", event_type, _TYPES.get(event_type, "")),
        *others(record, _TOLD),
        *documents.rest(record, _TOLD),
    ]
    return [line for line in lines if line.value]


TELLING = Telling(
    having(
        column("outcome", (10, 18), 0, "errorCode", text=lambda r: str(_outcome(r)), toned=True),
        column("event", (16, 20), 0, "eventName", grow=True),
        column("service", (8, 16), 2, "eventSource", text=_service),
        column("who", (10, 24), 1, *_WHO, text=lambda r: in_a_cell(_who(r))),
        column("from", (13, 30), 3, "sourceIPAddress"),
        column("region", (9, 14), 4, "awsRegion"),
    ),
    _outcome,
    _headline,
    _explain,
    value_of("message"),
)
