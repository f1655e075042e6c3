"""What a command of the AWS CLI does, by its words alone: to raw answers of EC2, and to the CLI itself."""

from __future__ import annotations

import argparse
import copy
import json
import shlex
from typing import TYPE_CHECKING, Any

from tests.diagnose.network import named

if TYPE_CHECKING:
    from tests.diagnose.network import Answers


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise ValueError(message)


def _words(command: str) -> tuple[str, argparse.Namespace]:
    words = shlex.split(command)
    assert words[:2] == ["aws", "ec2"]
    parser = _Parser(allow_abbrev=False)
    names = {
        "security-group": ("--group-id", "--ip-permissions"),
        "network-acl-entry": (
            *("--network-acl-id", "--rule-number", "--protocol", "--rule-action", "--cidr-block"),
            *("--ipv6-cidr-block", "--port-range", "--icmp-type-code"),
        ),
    }
    kind = "security-group" if "security-group" in words[2] else "network-acl-entry"
    for name in names[kind]:
        parser.add_argument(name)
    side = parser.add_mutually_exclusive_group(required=kind == "network-acl-entry")
    side.add_argument("--egress", action="store_true", default=None)
    side.add_argument("--ingress", dest="egress", action="store_false", default=None)
    return words[2], parser.parse_args(words[3:])


def _pairs(text: str) -> dict[str, int]:
    return {name: int(value) for name, value in (part.split("=") for part in text.split(","))}


def _permissions(options: argparse.Namespace) -> list[dict[str, Any]]:
    lists = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
    return [{key: [] for key in lists} | one for one in json.loads(options.ip_permissions)]


def _entry(options: argparse.Namespace) -> dict[str, Any]:
    found = {
        "RuleNumber": int(options.rule_number),
        "Egress": options.egress,
        "RuleAction": options.rule_action,
        "Protocol": options.protocol,
        "CidrBlock": options.cidr_block,
        "Ipv6CidrBlock": options.ipv6_cidr_block,
        "PortRange": _pairs(options.port_range) if options.port_range else None,
        "IcmpTypeCode": _pairs(options.icmp_type_code) if options.icmp_type_code else None,
    }
    assert (options.cidr_block is None) != (options.ipv6_cidr_block is None)
    assert (options.port_range is not None) == (options.protocol in {"6", "17"}), "EC2 asks for ports"
    return {key: value for key, value in found.items() if value is not None}


def applied(raw: Answers, command: str) -> Answers:
    """The answers as they would be after a command; what EC2 would refuse is an error."""
    found = copy.deepcopy(raw)
    verb, options = _words(command)
    if "security-group" in verb:
        key = "IpPermissionsEgress" if verb.endswith("egress") else "IpPermissions"
        rules = named(found, "SecurityGroups", options.group_id)[key]
        for one in _permissions(options):
            if verb.startswith("authorize"):
                assert one not in rules, "it is there already"
                rules.append(one)
            else:
                rules.remove(one)
        return found
    entries = named(found, "NetworkAcls", options.network_acl_id)["Entries"]
    key = (int(options.rule_number), options.egress)
    there = [one for one in entries if (one["RuleNumber"], one["Egress"]) == key]
    assert 1 <= key[0] <= 32_766
    assert len(there) == (0 if verb.startswith("create") else 1), command
    for one in there:
        entries.remove(one)
    if not verb.startswith("delete"):
        entries.append(_entry(options))
    return found


class Cli:
    """The AWS CLI in this process: all that it does but the sending."""

    def __init__(self) -> None:
        from awscli.clidriver import create_clidriver

        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._driver = create_clidriver()
        self._driver.session.register("provide-client-params.ec2.*", self._take)
        self._driver.session.register("before-call.ec2.*", self._answer)

    def _take(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.asked.append((model.name, json.loads(json.dumps(params))))

    def _answer(self, **_: Any) -> tuple[Any, dict[str, Any]]:
        """In place of sending: past all validation, before any connection."""
        return argparse.Namespace(status_code=200), {"Return": True}

    def run(self, command: str) -> tuple[int, list[tuple[str, dict[str, Any]]]]:
        """Its exit status, and what it asked of EC2."""
        self.asked.clear()
        try:
            status = self._driver.main([*shlex.split(command)[1:], "--output", "json"])
        except SystemExit as stop:
            status = int(stop.code or 0)
        return status, list(self.asked)


def meant(command: str) -> tuple[str, dict[str, Any]]:
    """The request that a command is meant to be, as EC2's API names it."""
    verb, options = _words(command)
    name = "".join(part.capitalize() for part in verb.split("-"))
    if "security-group" in verb:
        return name, {"GroupId": options.group_id, "IpPermissions": json.loads(options.ip_permissions)}
    whole = {} if verb.startswith("delete") else _entry(options)
    key = {"RuleNumber": int(options.rule_number), "Egress": options.egress}
    return name, {"NetworkAclId": options.network_acl_id, **key, **whole}
