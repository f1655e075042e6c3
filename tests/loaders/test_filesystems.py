"""Which file systems have to be looked at because they tell of nothing."""

from __future__ import annotations

import pytest

from loaders import filesystems
from loaders.filesystems import silent_file_system

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / {root}/nfs rw shared:9 - nfs4 10.0.0.1:/logs rw
41 22 0:36 / {root}/with\\040blank rw - fuse.sshfs host:/logs rw
42 22 0:37 / {root}/nfs/local rw - xfs /dev/sdb1 rw
43 22 0:38 / {root}/data rw - tmpfs tmpfs rw
garbage
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("nfs", "nfs4"),
        ("nfs/a/b", "nfs4"),
        ("nfs/local", None),
        ("with blank", "fuse.sshfs"),
        ("data", None),
        ("nfsother", None),
        (".", "nfs4"),
    ],
)
def test_the_mount_that_a_path_is_on_counts_and_those_below_it(tmp_path, monkeypatch, path, kind):
    (tmp_path / "mounts").write_text(MOUNTS.format(root=tmp_path))
    monkeypatch.setattr(filesystems, "_MOUNTS", tmp_path / "mounts")
    (tmp_path / path).mkdir(parents=True, exist_ok=True)
    assert silent_file_system([str(tmp_path / path)]) == kind


def test_where_mounts_are_not_listed_nothing_is_known(tmp_path, monkeypatch):
    monkeypatch.setattr(filesystems, "_MOUNTS", tmp_path / "nowhere")
    assert silent_file_system([str(tmp_path)]) is None


def test_here_changes_are_told(tmp_path):
    assert silent_file_system([str(tmp_path)]) is None
