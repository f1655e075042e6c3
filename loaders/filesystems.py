"""Which file systems tell nobody when another machine changes something in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOUNTS = Path("/proc/self/mountinfo")
# What is changed elsewhere is not told by inotify (inotify(7): "network filesystems"); of FUSE it depends on
# who implements it, and those that are met with logs (sshfs, s3fs, mountpoint-s3, gcsfuse) do not.
_SILENT = re.compile(
    r"nfs4?|cifs|smb3?|smbfs|afs|9p|virtiofs|ceph|glusterfs|lustre|beegfs|vboxsf|prl_fs|vmhgfs|davfs2?|ncpfs"
    r"|fuse\..*|fuse|.*sshfs|s3fs|efs"
)
_ESCAPED = re.compile(r"\\([0-7]{3})")


def silent_file_system(roots: Iterable[str]) -> str | None:
    """The name of a file system below some paths that gives no events; ``None`` where there is none.

    What is mounted below a root counts, too. Where the mounts cannot be listed nothing is known.
    """
    try:
        mounts = list(_mounts(_MOUNTS.read_text(errors="surrogateescape")))
    except OSError:
        return None
    for root in roots:
        path = str(Path(root).resolve())
        above = [(point, kind) for point, kind in mounts if _is_below(path, point)]
        here = max(above, key=lambda mount: len(mount[0]), default=("/", ""))
        below = [(point, kind) for point, kind in mounts if point != path and _is_below(point, path)]
        for _, kind in (here, *below):
            if _SILENT.fullmatch(kind):
                return kind
    return None


def _mounts(text: str) -> Iterable[tuple[str, str]]:
    """Where something is mounted, and what kind of file system it is (proc_pid_mountinfo(5))."""
    for line in text.splitlines():
        fields, _, rest = line.partition(" - ")
        words = fields.split(" ")
        if len(words) > 4 and rest:
            yield _ESCAPED.sub(lambda code: chr(int(code[1], 8)), words[4]), rest.split(" ", 1)[0]


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
