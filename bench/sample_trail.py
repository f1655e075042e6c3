"""Who called which AWS API in the sample: how rule 90 came about, and why it is still there.

Somebody closes port 80 minutes before the flow logs begin, and opens ssh to the office after the restart of
the application. Somebody else finds rule 90 when the rejects rise, and may not take it away.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

from layouts import write_gzip
from sample_parts import HOUR, MINUTE
from sample_rules import ACLS, describe_security_group_rules
from sample_vpc import ACCOUNT, APP, BEGIN, FINISH, OFFICE, PUBLIC, REGION, TCP, made_up_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sample_rules import Json

_DELIVERY_SECONDS = 300
_BUILD_SERVER = "192.0.2.140"
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"
_AWS_CLI = "aws-cli/2.32.0 md/awscrt#0.28.4 os/linux lang/python#3.13"
_NETWORK_ACL, _WEB_GROUP = made_up_id("acl", PUBLIC.name), made_up_id("sg", "web")
_AWS_PREFIX = f"arn:aws:iam::{ACCOUNT}"


@dataclass(frozen=True, slots=True)
class _Caller:
    """Who calls, and from where."""

    identity: Json
    address: str
    agent: str


def _person(name: str) -> _Caller:
    # What is derived from the name has the shape of AWS's ids, and says that it is made up.
    digits = base64.b32encode(name.encode()).decode()[:9]
    identity: Json = {
        "type": "IAMUser",
        "principalId": f"AIDAEXAMPLE{digits}",
        "arn": f"{_AWS_PREFIX}:user/{name}",
        "accountId": ACCOUNT,
        "accessKeyId": f"ASIAEXAMPLE{digits}",
        "userName": name,
    }
    return _Caller(identity, OFFICE, _BROWSER)


def _role(name: str, session: str, address: str, agent: str, invoked_by: str | None = None) -> _Caller:
    identity: Json = {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLE{base64.b32encode(name.encode()).decode()[:9]}:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}",
        "accountId": ACCOUNT,
    }
    return _Caller(identity | ({"invokedBy": invoked_by} if invoked_by else {}), address, agent)


def _service(name: str) -> _Caller:
    return _Caller({"type": "AWSService", "invokedBy": name}, name, name)


_DORA, _AMIR = _person("dora.lindqvist"), _person("amir.haddad")
_BUILD = _role("deploy", "build-2291", _BUILD_SERVER, _AWS_CLI)
_CONFIG_NAME = "config.amazonaws.com"
_CONFIG = _role("AWSServiceRoleForConfig", "configLambdaExecution", _CONFIG_NAME, _CONFIG_NAME, _CONFIG_NAME)


@dataclass(frozen=True, slots=True)
class _Call:
    """A call of an API.

    Attributes:
        seconds: When, counted from the beginning of the flow logs.
        caller: Who called.
        source: The service that was called.
        name: What was called.
        request: Its parameters.
        response: What came back; nothing for calls that only read.
        error: Code and message of a call that was refused.
        also: What else the event says.
    """

    seconds: int
    caller: _Caller
    source: str
    name: str
    request: Json | None = None
    response: Json | None = None
    error: tuple[str, str] | None = None
    also: Json = field(default_factory=dict)


def write_trail(root: Path) -> None:
    """Write CloudTrail's events as it delivers them to S3: one line a file, and not sorted by time."""
    files: dict[int, list[_Call]] = {}
    for call in sorted((*_story(), *_noise()), key=lambda call: call.seconds):
        delivered = ((BEGIN + call.seconds) // _DELIVERY_SECONDS + 1) * _DELIVERY_SECONDS
        files.setdefault(delivered, []).append(call)
    for delivered, calls in files.items():
        Random(f"20260115 trail {delivered}").shuffle(calls)
        document = {"Records": [_event(call) for call in calls]}
        write_gzip(root / _key(delivered), json.dumps(document, separators=(",", ":")))


def _story() -> Iterator[_Call]:
    yield from _port_80_is_closed()
    yield from _the_application_restarts()
    yield from _ssh_is_opened()
    yield from _rule_90_is_found()


def _port_80_is_closed() -> Iterator[_Call]:
    yield _sign_in(-288, _DORA)
    yield _ec2(-253, _DORA, "DescribeNetworkAcls", {"networkAclIdSet": {}, "filterSet": {}})
    yield _ec2(-252, _DORA, "DescribeSubnets", {"subnetSet": {}, "filterSet": {}})
    yield _ec2(-220, _DORA, "DescribeSecurityGroups", _one_group())
    entry = next(each for each in ACLS[PUBLIC.name] if each.ports == (80, 80) and not each.egress)
    request: Json = {
        "networkAclId": _NETWORK_ACL,
        "ruleNumber": entry.number,
        "egress": entry.egress,
        "ruleAction": entry.action,
        "icmpTypeCode": {},
        "portRange": {"from": 80, "to": 80},
        "aclProtocol": str(TCP),
        "cidrBlock": entry.cidr,
    }
    yield _ec2(-147, _DORA, "CreateNetworkAclEntry", request, _done("rule 90"))
    yield _ec2(-146, _DORA, "DescribeNetworkAcls", _one_acl())


def _the_application_restarts() -> Iterator[_Call]:
    """The build server restarts the application: for three minutes nothing listens there."""
    begin, ident = 90 * MINUTE, _uuid("restart")
    command: Json = {
        "documentName": "AWS-RunShellScript",
        "instanceIds": [APP.instance_id],
        "parameters": "HIDDEN_DUE_TO_SECURITY_REASONS",
        "interactive": False,
    }
    answer: Json = {
        "command": {"commandId": ident, "documentName": "AWS-RunShellScript", "status": "Pending"}
    }
    yield _Call(begin - 5, _BUILD, "ssm.amazonaws.com", "SendCommand", command, answer)
    asked: Json = {"commandId": ident, "instanceId": APP.instance_id}
    for seconds in (begin + 10, begin + 100, begin + 185):
        yield _Call(seconds, _BUILD, "ssm.amazonaws.com", "GetCommandInvocation", asked)


def _ssh_is_opened() -> Iterator[_Call]:
    begin = 97 * MINUTE
    (rule,) = (
        each
        for each in _group_rules()
        if (each["GroupId"], each["FromPort"], each["IsEgress"]) == (_WEB_GROUP, 22, False)
    )
    cidr, description = rule["CidrIpv4"], rule["Description"]
    ports: Json = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22}
    permission: Json = {
        **ports,
        "groups": {},
        "ipRanges": {"items": [{"cidrIp": cidr, "description": description}]},
        "ipv6Ranges": {},
        "prefixListIds": {},
    }
    made: Json = {
        "groupOwnerId": ACCOUNT,
        "groupId": _WEB_GROUP,
        "securityGroupRuleId": rule["SecurityGroupRuleId"],
        "description": description,
        "isEgress": False,
        **ports,
        "cidrIpv4": cidr,
    }
    yield _ec2(begin - 27, _DORA, "DescribeSecurityGroups", _one_group())
    request: Json = {"groupId": _WEB_GROUP, "ipPermissions": {"items": [permission]}}
    answer = _done("ssh") | {"securityGroupRuleSet": {"items": [made]}}
    yield _ec2(begin, _DORA, "AuthorizeSecurityGroupIngress", request, answer)
    yield _ec2(begin + 2, _DORA, "DescribeInstances", {"instancesSet": {}, "filterSet": {}})


def _rule_90_is_found() -> Iterator[_Call]:
    begin = 3 * HOUR + 22 * MINUTE
    yield _sign_in(begin + 10, _AMIR)
    yield _ec2(begin + 62, _AMIR, "DescribeInstances", {"instancesSet": {}, "filterSet": {}})
    yield _ec2(begin + 100, _AMIR, "DescribeFlowLogs", {"DescribeFlowLogsRequest": {}})
    yield _ec2(begin + 125, _AMIR, "DescribeNetworkAcls", _one_acl())
    request: Json = {"networkAclId": _NETWORK_ACL, "ruleNumber": 90, "egress": False}
    unauthorized = "You are not authorized to perform this operation."
    yield _Call(
        *(begin + 258, _AMIR, "ec2.amazonaws.com", "DeleteNetworkAclEntry", request),
        error=("Client.UnauthorizedOperation", unauthorized),
    )
    user, action = _AMIR.identity, "iam:ListAttachedUserPolicies"
    denied = (
        f"User: {user['arn']} is not authorized to perform: {action} on resource: user {user['userName']}"
        " because no identity-based policy allows the action"
    )
    yield _Call(
        *(begin + 301, _AMIR, "iam.amazonaws.com", "ListAttachedUserPolicies"),
        error=("AccessDenied", denied),
    )


def _noise() -> Iterator[_Call]:
    """What AWS calls by itself, day and night."""
    for begin in range(12 * MINUTE, FINISH - BEGIN, 30 * MINUTE):
        yield _ec2(begin, _CONFIG, "DescribeInstances", {"instancesSet": {}, "filterSet": {}})
        yield _ec2(begin + 1, _CONFIG, "DescribeNetworkInterfaces", {"networkInterfaceIdSet": {}})
    for begin in range(13 * MINUTE, FINISH - BEGIN, HOUR):
        bucket: Json = {"bucketName": "example-trail", "Host": f"example-trail.s3.{REGION}.amazonaws.com"}
        trail, firehose = _service("cloudtrail.amazonaws.com"), _service("firehose.amazonaws.com")
        yield _Call(begin, trail, "s3.amazonaws.com", "GetBucketAcl", {**bucket, "acl": ""})
        role: Json = {"roleArn": f"{_AWS_PREFIX}:role/web-logs-to-s3", "roleSessionName": ACCOUNT}
        yield _Call(begin + 40, firehose, "sts.amazonaws.com", "AssumeRole", role)


def _ec2(
    seconds: int, caller: _Caller, name: str, request: Json | None = None, response: Json | None = None
) -> _Call:
    return _Call(seconds, caller, "ec2.amazonaws.com", name, request, response)


def _sign_in(seconds: int, caller: _Caller) -> _Call:
    return _Call(
        *(seconds, caller, "signin.amazonaws.com", "ConsoleLogin"),
        response={"ConsoleLogin": "Success"},
        also={
            "eventType": "AwsConsoleSignIn",
            "additionalEventData": {
                "LoginTo": f"https://{REGION}.console.aws.amazon.com/vpcconsole/home",
                "MobileVersion": "No",
                "MFAUsed": "Yes",
            },
        },
    )


def _one_acl() -> Json:
    return {"networkAclIdSet": {"items": [{"networkAclId": _NETWORK_ACL}]}, "filterSet": {}}


def _one_group() -> Json:
    return {"securityGroupSet": {}, "securityGroupIdSet": {"items": [{"groupId": _WEB_GROUP}]}}


def _done(what: str) -> Json:
    return {"requestId": _uuid(f"done {what}"), "_return": True}


def _group_rules() -> list[Json]:
    rules = describe_security_group_rules()["SecurityGroupRules"]
    assert isinstance(rules, list)
    return rules


def _event(call: _Call) -> Json:
    moment = datetime.fromtimestamp(BEGIN + call.seconds, UTC)
    known = f"{call.seconds} {call.name}"
    error = dict(zip(("errorCode", "errorMessage"), call.error, strict=True)) if call.error else {}
    event: Json = {
        "eventVersion": "1.11",
        "userIdentity": call.caller.identity,
        "eventTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": call.source,
        "eventName": call.name,
        "awsRegion": REGION,
        "sourceIPAddress": call.caller.address,
        "userAgent": call.caller.agent,
        **error,
        "requestParameters": call.request,
        "responseElements": call.response,
        "requestID": _uuid(f"request {known}"),
        "eventID": _uuid(f"event {known}"),
        "readOnly": call.name.startswith(("Describe", "Get", "List", "AssumeRole")),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    if call.source == "ec2.amazonaws.com" and call.caller.address == OFFICE:
        event["sessionCredentialFromConsole"] = "true"
    return event | call.also


def _uuid(name: str) -> str:
    return str(uuid.UUID(bytes=hashlib.sha256(f"trail {name}".encode()).digest()[:16], version=4))


def _key(delivered: int) -> str:
    moment = datetime.fromtimestamp(delivered, UTC)
    digest = base64.b32encode(hashlib.sha256(f"trail {delivered}".encode()).digest()).decode()[:16]
    folder = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{moment:%Y/%m/%d}"
    return f"{folder}/{ACCOUNT}_CloudTrail_{REGION}_{moment:%Y%m%dT%H%MZ}_{digest}.json.gz"
