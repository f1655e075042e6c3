"""Read an inventory: saved answers of ``aws ec2 describe-*``, recognised by their top-level keys.

Several files of one kind (accounts, Regions, pages) are merged by id. What an answer leaves out is never
taken for absent: a file with a ``NextToken`` holds only the first pages, and its kind is marked as partial.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnose import read_rules, read_things
from diagnose.model import Inventory, Kind, Where
from diagnose.raw import Raw, items, text_of
from loaders.recognise import INVENTORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from loaders.dataset import Dataset

COMMANDS = {
    "SecurityGroups": "describe-security-groups",
    "SecurityGroupRules": "describe-security-group-rules",
    "NetworkAcls": "describe-network-acls",
    "NetworkInterfaces": "describe-network-interfaces",
    "Subnets": "describe-subnets",
    "RouteTables": "describe-route-tables",
    "FlowLogs": "describe-flow-logs",
    "Vpcs": "describe-vpcs",
    "PrefixLists": "describe-managed-prefix-lists",
    "Entries": "get-managed-prefix-list-entries",
}
"""What each key is the answer of, without the ``aws ec2`` before it."""

# A file of an inventory is a few MB even for thousands of interfaces; whatever is larger is no answer of EC2.
_LARGEST = 512 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_LIST_ID = re.compile(r"pl-[0-9A-Za-z_-]+?(?=\.|$)")


class NotInventoryError(Exception):
    """A file is no saved answer; the message is one sentence that says what it is."""


@dataclass
class _Found:
    """What has been read so far: the raw items of each key, and the files they came from."""

    items: dict[str, list[tuple[Raw, Where]]] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    lists: dict[str, list[Raw]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def read_inventory(paths: Iterable[Path]) -> Inventory:
    """Read files, and all ``.json`` and ``.json.gz`` below folders.

    What cannot be used is told in ``refused``. Newer files are read last, and outrank older ones where both
    name the same thing.
    """
    found = _Found()
    for path in sorted(_files(paths), key=lambda path: (_age(path), str(path))):
        try:
            _take_in(found, path)
        except NotInventoryError as error:
            found.refused[str(path)] = str(error)
        except OSError as error:
            found.refused[str(path)] = f"It cannot be read: {(error.strerror or str(error)).lower()}."
    return _assembled(found)


def inventory_files(dataset: Dataset) -> list[Path]:
    """The files among the logs of a data set that are saved answers."""
    return [
        Path(report.source.path)
        for report in dataset.files.values()
        if (report.reason or "").startswith(INVENTORY)
    ]


def quoted(where: Where) -> str | None:
    """What stands in a place of the inventory, as JSON; ``None`` where the file has changed or gone."""
    try:
        found: Any = _document(Path(where.source))
        for name, place in re.findall(r"(\w+)\[(\d+)\]", where.path):
            found = found[name][int(place)]
    except (NotInventoryError, OSError, LookupError, TypeError):
        return None
    return json.dumps(found, indent=2)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (file for end in ("json", "json.gz") for file in path.rglob(f"*.{end}"))
        else:
            yield path


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _take_in(found: _Found, path: Path) -> None:
    document = _document(path)
    keys = [key for key in document if key in COMMANDS]
    if not keys:
        raise NotInventoryError(
            "It is no answer of `aws ec2 describe-…` that explains traffic; save it whole, without "
            "`--query`, as `flowtui snapshot` prints it."
        )
    partial = bool(document.get("NextToken"))
    written = datetime.fromtimestamp(_age(path), UTC)
    for key in keys:
        before = found.kinds.get(key, Kind())
        found.kinds[key] = Kind(
            (*before.files, path.name),
            (*before.partial, path.name) if partial else before.partial,
            min(before.oldest or written, written),
        )
        if key in {"PrefixLists", "Entries"}:
            _take_lists(found, key, document, path)
            continue
        for place, item in enumerate(items(document, key)):
            found.items.setdefault(key, []).append((item, Where(path.name, f"{key}[{place}]", str(path))))


def _document(path: Path) -> Raw:
    data = path.read_bytes()[: _LARGEST + 1]
    if data.startswith(_GZIP):
        try:
            with gzip.open(path) as unpacked:
                data = unpacked.read(_LARGEST + 1)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise NotInventoryError("It is packed, and not whole.") from error
    if len(data) > _LARGEST:
        raise NotInventoryError("It is too large for an answer of EC2.")
    try:
        document: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NotInventoryError(f"It is no whole JSON document ({error}).") from error
    if not isinstance(document, dict):
        raise NotInventoryError(
            "It has no top-level key, as `--query` leaves it; save the whole answer, as `flowtui snapshot` "
            "prints it."
        )
    return document


def _take_lists(found: _Found, key: str, document: Raw, path: Path) -> None:
    """Prefix lists: their entries come alone, and then only the file's name says whose they are."""
    if key == "Entries":
        name = _LIST_ID.search(path.name)
        if name is None:
            raise NotInventoryError(
                "It holds the entries of a prefix list and does not say of which: name it "
                "`prefix-list.pl-….json`."
            )
        found.lists.setdefault(name[0], []).extend(items(document, key))
        return
    lists = document[key]
    if isinstance(lists, dict):  # id to blocks, as people write it down by hand
        for name, blocks in lists.items():
            found.lists.setdefault(name, []).extend({"Cidr": block} for block in blocks or ())
        return
    for item in items(document, key):
        name_ = text_of(item, "PrefixListId")
        if name_ and isinstance(item.get("Cidrs"), list):  # describe-prefix-lists; the managed ones lack them
            found.lists.setdefault(name_, []).extend({"Cidr": block} for block in item["Cidrs"])


def _assembled(found: _Found) -> Inventory:
    def read(key: str, reader: Callable[[Raw, Where], Any]) -> dict[str, Any]:
        things = (reader(item, where) for item, where in found.items.get(key, ()))
        return {thing.id: thing for thing in things if thing is not None}

    single = [
        rule
        for item, where in found.items.get("SecurityGroupRules", ())
        if (rule := read_rules.single_rule(item, where)) is not None
    ]
    groups = read("SecurityGroups", read_rules.security_group)
    sure = found.kinds.get("SecurityGroupRules", Kind()).is_whole
    with_ids = [rule for rule in single if sure or rule.group not in groups]
    unsure = set() if found.kinds.get("SecurityGroups", Kind()).is_whole else set(groups)
    of_single = {rule.group for rule in with_ids}
    return Inventory(
        groups=read_rules.with_single_rules(groups, with_ids),
        unsure=frozenset(unsure - of_single if sure else unsure | of_single),
        acls=read("NetworkAcls", read_rules.network_acl),
        interfaces=read("NetworkInterfaces", read_things.interface),
        subnets=read("Subnets", read_things.subnet),
        tables=read("RouteTables", read_rules.route_table),
        flow_logs=read("FlowLogs", read_things.flow_log),
        prefix_lists={name: read_things.blocks(entries, "Cidr") for name, entries in found.lists.items()},
        vpcs={
            vpc: read_things.vpc_blocks(item)
            for item, _ in found.items.get("Vpcs", ())
            if (vpc := text_of(item, "VpcId"))
        },
        kinds=found.kinds,
        refused=found.refused,
    )
