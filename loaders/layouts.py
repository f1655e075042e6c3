"""Where a file lies: what its name and folders say about account, region, flow log, group and stream.

``aws s3 sync`` drops whatever stands left of the synced prefix, so everything is taken from the file's own
name first and from its folders only where the name has nothing to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import unquote

_DELIVERY_TIME = r"(?P<time>[0-9]{8}T[0-9]{4}Z)_[0-9A-Za-z]+"
# <account>_vpcflowlogs_<region>_<flow-log id>_<yyyymmddThhmmZ>_<hash>.log[.gz|.parquet]
_FLOW_LOG = re.compile(
    r"(?P<account>[0-9]+)_vpcflowlogs_(?P<region>[a-z0-9-]+)_(?P<flow_log>fl-[0-9a-f]+)"
    rf"_{_DELIVERY_TIME}\.log"
)
# <account>_CloudTrail_<region>_<yyyymmddThhmmZ>_<hash>.json[.gz], and its kin: CloudTrail-Insight and others
_TRAIL = re.compile(
    r"(?P<account>[0-9]+)_(?P<service>CloudTrail(-[A-Za-z]+)?)_(?P<region>[a-z0-9-]+)"
    rf"_{_DELIVERY_TIME}\.json"
)
# <account>_CloudTrail-Digest_<region>_<trail>_<its home region>_<yyyymmddThhmmssZ>.json.gz
_DIGEST = re.compile(r"(?P<account>[0-9]+)_(?P<service>CloudTrail-Digest)_(?P<region>[a-z0-9-]+)_")
# <vpc id>_vpcdnsquerylogs_<account>_<yyyymmddThhmmZ>_<hash>.log[.gz]
_RESOLVER = re.compile(
    rf"(?P<vpc>vpc-[0-9a-f]+)_(?P<service>vpcdnsquerylogs)_(?P<account>[0-9]+)_{_DELIVERY_TIME}\.log"
)
# <prefix>/<yyyy>/<mm>/<dd>/<HH>/<stream>-<number>-<yyyy-mm-dd-HH-MM-SS>-<uuid>[.gz]
_FIREHOSE = re.compile(
    r"(?P<stream>.+)-[0-9]+-(?P<time>[0-9]{4}(-[0-9]{2}){5})-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"(\.[A-Za-z0-9]+)*",
    re.DOTALL,
)
_DATE_FOLDER = re.compile(r"[0-9]{4}|[0-9]{2}|(year|month|day|hour)=[0-9]+")
_DATE_FOLDERS = 4
_HIVE_KEY = re.compile(r"(aws-account-id|aws-service|service|aws-region|year|month|day|hour)=")
# …/region=<region>/accountId=<account>/eventDay=<yyyymmdd>/<hash>.gz.parquet
_LAKE_KEY = re.compile(r"(region|accountId|eventDay)=(.+)", re.DOTALL)
# <prefix>/<task uuid>/<stream>/000000.gz
_EXPORT_FILE = re.compile(r"[0-9]{6}(\.gz)?$")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


@dataclass(frozen=True, slots=True)
class Place:
    """What a file's path says.

    Attributes:
        layout: ``s3``, ``s3-hive``, ``firehose``, ``security-lake``, ``cloudwatch-export`` or ``plain``.
        group: The log group its records belong to.
        stream: Their log stream where they do not name their own; ``None`` when nothing else names one.
        time: When it was delivered, by its name, or ``None``. For flow logs the start of the five minutes
            that its records end in; what CloudTrail delivers is up to ten minutes older.
        delivery: Whether AWS made its name unique, so that a file of the same name and size is a second copy.
        fields: What a person says the fields of its records are, where no header names them.
    """

    layout: str
    group: str
    stream: str | None
    time: datetime | None
    delivery: bool = False
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """A way in which files lie, for the manual.

    Attributes:
        name: ``Place.layout``.
        sign: What it is told by.
        group: The log group that makes.
        stream: The log stream that makes.
    """

    name: str
    sign: str
    group: str
    stream: str


LAYOUTS: tuple[Layout, ...] = (
    Layout(
        "s3",
        "`<account>_vpcflowlogs_<region>_<fl-id>_<time>_<hash>.log…`, wherever it lies",
        "account/region/flow log",
        "interface; of a transit gateway its attachment",
    ),
    Layout("s3-hive", "the same below `year=…/month=…` folders, URL-encoded or not", "the same", "the same"),
    Layout(
        "s3",
        "`<account>_CloudTrail_<region>_<time>_<hash>.json…`, also `CloudTrail-Insight` and its kin",
        "account/region/CloudTrail",
        "`<account>_CloudTrail_<region>`",
    ),
    Layout("s3", "`<vpc>_vpcdnsquerylogs_<account>_<time>_<hash>.log…`", "account/vpcdnsquerylogs", "VPC"),
    Layout(
        "security-lake",
        "`…/region=<region>/accountId=<account>/eventDay=<day>/…`",
        "account/region/security-lake",
        "interface",
    ),
    Layout(
        "firehose",
        "`<yyyy>/<mm>/<dd>/<HH>/<stream>-<n>-<time>-<uuid>`",
        "the folder above the date, unless the events name it",
        "the delivery stream, unless the events name it",
    ),
    Layout("cloudwatch-export", "`<prefix>/<task uuid>/<stream>/000000.gz`", "prefix/task", "the folder"),
    Layout("plain", "anything else", "its folder", "its name; of a flow log the interface"),
)


def place(relative: str, root: str) -> Place:
    """Read a path.

    Args:
        relative: The file's path below the directory that was opened, with ``/`` between the parts.
        root: The name of that directory, which names the group of files that lie directly in it.
    """
    above, _, name = (unquote(relative) if "%" in relative else relative).rpartition("/")
    folders = _folders(above)
    return (
        _delivered(name, folders)
        or _put_by_firehose(name, folders, root)
        or _in_a_lake(folders)
        or _exported(name, folders, root)
        or Place("plain", "/".join(folders) or root, name, None)
    )


# A directory can hold a hundred thousand files, and many of them were delivered in the same minute.
@lru_cache(maxsize=4096)
def _folders(above: str) -> tuple[str, ...]:
    """The folders that a file lies in."""
    return tuple(part for part in above.split("/") if part not in {"", "."})


@lru_cache(maxsize=4096)
def _is_hive(folders: tuple[str, ...]) -> bool:
    """Whether any folder is named as a column of a Hive table."""
    return any(_HIVE_KEY.match(part) for part in folders)


def _delivered(name: str, folders: tuple[str, ...]) -> Place | None:
    """What AWS services write into a bucket by themselves."""
    if found := _FLOW_LOG.match(name):
        layout = "s3-hive" if _is_hive(folders) else "s3"
        group = "/".join(found.group("account", "region", "flow_log"))
        return _delivery(layout, group, None, _time(found["time"]))
    if found := _TRAIL.match(name) or _DIGEST.match(name):
        group = "/".join(found.group("account", "region", "service"))
        stream = "_".join(found.group("account", "service", "region"))
        told = found.groupdict().get("time")
        return _delivery("s3", group, stream, _time(told) if told else None)
    if found := _RESOLVER.match(name):
        group = "/".join(found.group("account", "service"))
        return _delivery("s3", group, found["vpc"], _time(found["time"]))
    return None


# Files of one group and minute share what their names say: an explorer keeps that of each file for days.
@lru_cache(maxsize=4096)
def _delivery(layout: str, group: str, stream: str | None, time: datetime | None) -> Place:
    return Place(layout, group, stream, time, delivery=True)


def _put_by_firehose(name: str, folders: tuple[str, ...], root: str) -> Place | None:
    """What Firehose puts into a bucket: its name tells the delivery stream and when it was opened."""
    found = _FIREHOSE.fullmatch(name)
    if not found:
        return None
    above = len(folders)
    while above > max(0, len(folders) - _DATE_FOLDERS) and _DATE_FOLDER.fullmatch(folders[above - 1]):
        above -= 1
    time = _time(found["time"], "%Y-%m-%d-%H-%M-%S")
    return Place("firehose", "/".join(folders[:above]) or root, found["stream"], time, delivery=True)


def _in_a_lake(folders: tuple[str, ...]) -> Place | None:
    """What lies in Security Lake: its folders tell account and region, the file's name tells nothing."""
    keys = {found[1]: found[2] for part in folders if (found := _LAKE_KEY.fullmatch(part))}
    if "accountId" not in keys or "region" not in keys:
        return None
    return Place("security-lake", f"{keys['accountId']}/{keys['region']}/security-lake", None, None)


def _exported(name: str, folders: tuple[str, ...], root: str) -> Place | None:
    """What an export task of CloudWatch wrote: the folder is the stream."""
    if not folders or not _EXPORT_FILE.match(name):
        return None
    tasks = [index for index, part in enumerate(folders) if _UUID.match(part)]
    if not tasks and not folders[-1].endswith(("-all", "-accept", "-reject")):
        return None
    return Place("cloudwatch-export", "/".join(folders[:-1]) or root, folders[-1], None)


@lru_cache(maxsize=4096)
def _time(text: str, form: str = "%Y%m%dT%H%MZ") -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None
