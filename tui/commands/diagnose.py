"""``flowtui diagnose``: why traffic was rejected, or why nothing is logged of it; ``flowtui snapshot``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.commands.shared import (
    When,
    form_option,
    give_up,
    links_option,
    no_store_option,
    paths_argument,
    read_logs,
    since_option,
    tell_problems,
    until_option,
)
from tui.output import write, write_one
from tui.sanitise import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from diagnose.diagnosis import Diagnosis, Question
    from diagnose.model import Inventory
    from diagnose.verdict import Verdict
    from loaders.dataset import Dataset

_PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
_HIGHEST = 255
_RECORD = {
    "interface_id": "interface",
    **{name: name for name in ("srcaddr", "dstaddr", "srcport", "dstport", "protocol")},
    "pkt_srcaddr": "source",
    "pkt_dstaddr": "target",
    **{name: name for name in ("packets", "bytes", "start", "end")},
    "tcp_flags": "flags",
    "flow_direction": "direction",
    "reject_reason": "reason",
}
_COLUMNS = (
    *("code", "confidence", "direction", "initiator", "record"),
    *("evidence", "ruled_out", "fix", "noise", "path"),
)
# What was accepted or refused before the time that is asked about tells why; so much of it is read too.
_AROUND_DAYS = 1


class Address(click.ParamType[str]):
    """An IP address."""

    name = "ADDRESS"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read it, and write it as records have it."""
        from diagnose.blocks import ip_of

        address = ip_of(str(value).strip("[]"))
        if address is None:
            self.fail(f"'{clean(str(value))}' is not an IP address.", param, ctx)
        return str(address)


class Protocol(click.ParamType[int]):
    """A protocol, by its name or its number."""

    name = "PROTOCOL"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it."""
        text = str(value).lower()
        if text in _PROTOCOLS:
            return _PROTOCOLS[text]
        if not (text.isascii() and text.isdecimal() and int(text) <= _HIGHEST):
            self.fail(
                f"'{clean(text)}' is not one of tcp, udp, icmp, icmpv6, nor a number up to 255.", param, ctx
            )
        return int(text)


_PORT = click.IntRange(0, 65_535)


@click.command(epilog="Example: flowtui diagnose ./logs --src 203.0.113.9 --dst 10.0.1.10 --dport 80")
@paths_argument
@click.option("--src", "source", type=Address(), help="Where it comes from.")
@click.option("--dst", "target", type=Address(), help="Where it goes.")
@click.option("--sport", type=_PORT, metavar="PORT", help="The port it comes from.")
@click.option("--dport", type=_PORT, metavar="PORT", help="The port it goes to.")
@click.option("--protocol", type=Protocol(), help="tcp, udp, icmp, icmpv6 or a number.")
@click.option("--interface", metavar="ENI", help="Only at this network interface.")
@since_option
@until_option
@click.option(
    "--inventory",
    "folder",
    metavar="DIR",
    type=click.Path(exists=True),
    help="Saved `aws ec2 describe-*` answers; by default those beside the logs.",
)
@click.option("--now", type=When(), help="What time it is, for what is too recent to be there.")
@links_option
@form_option
@no_store_option
def diagnose(
    paths: tuple[str, ...],
    source: str | None,
    target: str | None,
    sport: int | None,
    dport: int | None,
    protocol: int | None,
    interface: str | None,
    since: datetime | None,
    until: datetime | None,
    folder: str | None,
    now: datetime | None,
    form: str,
    *,
    follow_links: bool,
    no_store: bool,
) -> None:
    """Say why traffic was rejected, or why nothing is logged of it.

    With --src or --dst every record of that traffic gets a verdict; without them all rejects are counted by
    what refused them. Saved answers of `aws ec2 describe-*` tell rules by name: see `flowtui snapshot`.
    """
    from datetime import timedelta

    from diagnose.diagnosis import Diagnosis, Question

    around = timedelta(days=_AROUND_DAYS)
    dataset = read_logs(
        paths,
        since and since - around,
        until and until + around,
        follow_links=follow_links,
        no_store=no_store,
        any_file=True,
        or_nothing=bool(source or target),
    )
    diagnosis = Diagnosis(dataset, inventory_of(dataset, folder), now)
    question = Question(source, target, sport, dport, protocol, interface, since, until)
    if source or target:
        _tell(diagnosis, question, form)
    else:
        _count(diagnosis, question, form)
    tell_problems(dataset)


def inventory_of(dataset: Dataset, folder: str | None) -> Inventory:
    """Read an inventory from a folder, or from the files among the logs that are one; say what is no use."""
    from diagnose.inventory import inventory_files, read_inventory

    inventory = read_inventory([Path(folder)] if folder else inventory_files(dataset))
    for path, why in inventory.refused.items():
        click.echo(f"{clean(path)}: {clean(why)}", err=True)
    return inventory


# -- verdicts ------------------------------------------------------------------------------------------------


def _tell(diagnosis: Diagnosis, question: Question, form: str) -> None:
    verdicts = diagnosis.of(question)
    if form == "table":
        for place, verdict in enumerate(verdicts):
            click.echo(("\n" if place else "") + "\n".join(_lines(verdict)))
        return
    rows = (_row(diagnosis.dataset, verdict) for verdict in verdicts)
    if form == "json":
        write_one({"verdicts": list(rows)})
    elif form == "ndjson":
        write(rows, _COLUMNS, form)
    else:
        write(_flat(rows), _COLUMNS, form)


def _row(dataset: Dataset, verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON has it."""
    return {
        "code": verdict.code,
        "confidence": verdict.confidence,
        "direction": verdict.direction,
        "initiator": verdict.initiator,
        "record": _record(dataset, verdict) if verdict.record else None,
        "evidence": [one.told for one in verdict.evidence],
        "ruled_out": list(verdict.ruled_out),
        "fix": [
            {"command": fix.command, "undo": fix.undo, "also_allows": fix.also_allows}
            for fix in verdict.fixes
        ],
        "noise": verdict.noise,
        "path": [
            {"name": stage.name, "detail": stage.detail, "state": stage.state, "back": stage.back}
            for stage in verdict.path
        ],
    }


def _record(dataset: Dataset, verdict: Verdict) -> dict[str, Any]:
    row = verdict.record
    report = dataset.files.get(row["_file"])
    found = {name: row[column] for name, column in _RECORD.items()}
    found["action"] = "ACCEPT" if row["accepted"] else "REJECT"
    return found | {"file": report.source.path if report else None, "line": row["_line"]}


def _flat(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Verdicts in cells: texts joined, the record by its file and line."""
    for row in rows:
        record = row["record"]
        yield row | {
            "record": f"{record['file']}:{record['line']}" if record else None,
            "evidence": "; ".join(row["evidence"]),
            "ruled_out": "; ".join(row["ruled_out"]),
            "fix": " && ".join(fix["command"] for fix in row["fix"]),
            "path": "; ".join(
                f"{stage['name']} {stage['detail']}: {stage['state']}" for stage in row["path"]
            ),
        }


def _lines(verdict: Verdict) -> Iterator[str]:
    """A verdict as a person reads it."""
    from diagnose.codes import meaning
    from tui.wording import drawn

    noise = ", noise" if verdict.noise else ""
    yield f"{clean(verdict.code)}  {clean(meaning(verdict.code))} (confidence {verdict.confidence}{noise})"
    for place, stage in enumerate(verdict.path):
        yield f"  {'' if place else 'way:':4}  {clean(drawn(stage))}"
    for evidence in verdict.evidence:
        yield f"  {clean(evidence.told)}"
    for text in verdict.ruled_out:
        yield f"  not: {clean(text)}"
    for fix in verdict.fixes:
        more = f"   # lets {fix.also_allows:,} more refused conversations through" if fix.also_allows else ""
        yield f"  fix:  {clean(fix.command)}{more}"
        yield f"  undo: {clean(fix.undo)}"


def _count(diagnosis: Diagnosis, question: Question, form: str) -> None:
    """Count all rejects by what refused them."""
    from diagnose.grouped import GROUP_COLUMNS, with_skipped
    from query.errors import QueryError

    try:
        found = with_skipped(diagnosis, question.scope).select(GROUP_COLUMNS)
    except QueryError as error:
        give_up(str(error))
    if form == "json":
        write_one({"groups": list(found.iter_rows(named=True))})
    else:
        write(found.iter_rows(named=True), GROUP_COLUMNS, form)


@click.command()
def snapshot() -> None:
    """Print the AWS CLI commands that save what `flowtui diagnose` reads.

    They only read. Run them in the directory of the logs, once for each account and Region:
    flowtui snapshot | sh
    """
    from diagnose.snapshot import commands

    click.echo("\n".join(commands()))
