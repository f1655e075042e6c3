"""Where a file lies: what its name and folders say about account, region, flow log, group and stream.

``aws s3 sync`` drops whatever stands left of the synced prefix, so everything is taken from the file's own
name first and from its folders only where the name has nothing to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from urllib.parse import unquote

# <account>_vpcflowlogs_<region>_<flow-log id>_<yyyymmddThhmmZ>_<hash>.log[.gz|.parquet]
_DELIVERY = re.compile(
    r"(?P<account>[0-9]+)_vpcflowlogs_(?P<region>[a-z0-9-]+)_(?P<flow_log>fl-[0-9a-f]+)"
    r"_(?P<time>[0-9]{8}T[0-9]{4}Z)_[0-9A-Za-z]+\.log"
)
_HIVE_KEY = re.compile(r"(aws-account-id|aws-service|service|aws-region|year|month|day|hour)=")
# <prefix>/<task uuid>/<stream>/000000.gz
_EXPORT_FILE = re.compile(r"[0-9]{6}(\.gz)?$")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


@dataclass(frozen=True, slots=True)
class Place:
    """What a file's path says.

    Attributes:
        layout: ``s3``, ``s3-hive``, ``cloudwatch-export`` or ``plain``.
        group: The log group its records belong to.
        stream: Their log stream; ``None`` when each record names its own.
        time: Start of the five-minute window that the delivery covers (by the records' ``end``), or ``None``.
    """

    layout: str
    group: str
    stream: str | None
    time: datetime | None


def place(relative: str, root: str) -> Place:
    """Read a path.

    Args:
        relative: The file's path below the directory that was opened, with ``/`` between the parts.
        root: The name of that directory, which names the group of files that lie directly in it.
    """
    path = PurePosixPath(unquote(relative))
    folders = path.parts[:-1]
    if found := _DELIVERY.match(path.name):
        hive = any(_HIVE_KEY.match(part) for part in folders)
        group = "/".join(found.group("account", "region", "flow_log"))
        return Place("s3-hive" if hive else "s3", group, None, _delivery_time(found["time"]))
    if folders and _EXPORT_FILE.match(path.name):
        above = folders[:-1]
        tasks = [index for index, part in enumerate(folders) if _UUID.match(part)]
        if tasks or folders[-1].endswith(("-all", "-accept", "-reject")):
            return Place("cloudwatch-export", "/".join(above) or root, folders[-1], None)
    return Place("plain", "/".join(folders) or root, path.name, None)


def _delivery_time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
    except ValueError:
        return None
