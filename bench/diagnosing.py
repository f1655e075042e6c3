"""Verdicts over a store: of every reject of a scope, and of one record among a hundred million."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from against_duckdb import opened
from measure import HUNDRED, TEN, Bench
from report import Row

from diagnose.diagnosis import Diagnosis
from diagnose.grouped import grouped
from diagnose.inventory import read_inventory
from diagnose.records import lazy_flows
from loaders import run
from query.scope import Scope
from query.view import look
from tui.diagnosing import Diagnosing

if TYPE_CHECKING:
    from diagnose.model import Inventory
    from loaders.dataset import Dataset

_REJECTS = 100_000
_SECONDS, _ONE_MS = 5.0, 300.0
_RECORDS = 20
_PORTS = ((443, "0.0.0.0/0"), (80, "20.0.0.0/8"), (22, "10.0.0.0/8"), (5432, "10.0.0.0/16"))


def diagnosing(bench: Bench) -> list[Row]:
    """Every reject of a scope of more than a million records, then single records of a hundred million."""
    return [*_every_reject(bench), *_one_record(bench)]


def _every_reject(bench: Bench) -> list[Row]:
    with opened(bench, TEN) as dataset:
        scope, records = _scope_of(dataset, _REJECTS)
        inventory = _inventory(dataset, scope)
        times, lines = [], 0
        for _ in range(bench.runs):
            began = time.perf_counter()
            coded = Diagnosis(dataset, inventory).rejects(scope)
            lines = grouped(coded).height
            times.append(time.perf_counter() - began)
    what = f"{TEN.title} stored: verdicts for {coded.height:,} rejects of {records:,} records"
    return [Row(what, statistics.median(times), "s", bound=_SECONDS, note=f"{lines} groups")]


def _one_record(bench: Bench) -> list[Row]:
    with opened(bench, HUNDRED) as dataset:
        diagnosing_ = Diagnosing()
        times = []
        for action in ("REJECT", "ACCEPT"):
            view = look(dataset, Scope(filter=f'action = "{action}"'))
            step = view.height // (_RECORDS // 2 + 1)
            for place in range(step, view.height, step):
                record = view.records(place, 1)[0]
                began = time.perf_counter()
                diagnosing_.verdict(dataset, record, everything=False)
                times.append((time.perf_counter() - began) * 1000)
    what = f"{HUNDRED.title} stored: the verdict on one record"
    return [Row(what, statistics.median(times), "ms", bound=_ONE_MS, note=f"longest {max(times):.0f} ms")]


def _scope_of(dataset: Dataset, rejects: int) -> tuple[Scope, int]:
    """The first records of a data set that have so many rejects among them."""
    rejected = (~pl.col("accepted")).sum().alias("no")
    plan = lazy_flows(dataset, Scope()).group_by(minute=pl.col("start") // 60).agg(pl.len(), rejected)
    counts = run.collect(plan).sort("minute").with_columns(pl.col("len", "no").cum_sum())
    last = counts.filter(pl.col("no") >= rejects).row(0, named=True)
    until = datetime.fromtimestamp((last["minute"] + 1) * 60, UTC)
    return Scope(until=until), last["len"]


def _inventory(dataset: Dataset, scope: Scope) -> Inventory:
    """An inventory in which some of the traffic is allowed: interfaces, one group, one ACL."""
    plan = lazy_flows(dataset, scope).group_by("interface").agg(pl.col("dstaddr").mode().first())
    interfaces = [
        {
            "NetworkInterfaceId": name,
            "PrivateIpAddress": address,
            "SubnetId": "subnet-1",
            "VpcId": "vpc-1",
            "Groups": [{"GroupId": "sg-1"}],
        }
        for name, address in run.collect(plan).iter_rows()
    ]
    answers: dict[str, list[dict[str, Any]]] = {
        "NetworkInterfaces": interfaces,
        "SecurityGroups": [
            {
                "GroupId": "sg-1",
                "IpPermissions": [
                    {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": block}]}
                    for port, block in _PORTS
                ],
                "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
            }
        ],
        "NetworkAcls": [
            {
                "NetworkAclId": "acl-1",
                "Associations": [{"SubnetId": "subnet-1"}],
                "Entries": [
                    _entry(90, "deny", "21.0.0.0/8", egress=False),
                    _entry(100, "allow", "0.0.0.0/0", egress=False),
                    _entry(100, "allow", "0.0.0.0/0", egress=True),
                ],
            }
        ],
        "Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}],
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inventory.json"
        path.write_text(json.dumps(answers), encoding="utf-8")
        return read_inventory([path])


def _entry(number: int, action: str, block: str, *, egress: bool) -> dict[str, Any]:
    return {
        "RuleNumber": number,
        "RuleAction": action,
        "Egress": egress,
        "Protocol": "-1",
        "CidrBlock": block,
    }
