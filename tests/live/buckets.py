"""A bucket on this machine, and the command that synchronises a directory with it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import urllib.request
from contextlib import contextmanager

PATIENCE = 60
# Ends when its standard input is closed, and so with the tests, however those end.
_SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0)
server.start()
print("at", *server.get_host_and_port(), flush=True)
sys.stdin.read()
server.stop()
"""
# Objects beyond a megabyte come in several pieces, and slowly enough to be met while they do.
_SETTINGS = """[default]
s3 =
    multipart_threshold = 1MB
    multipart_chunksize = 1MB
    max_bandwidth = {bandwidth}
"""


class Bucket:
    """A bucket with deliveries."""

    def __init__(self, address, name, settings):
        self.address, self.name, self._settings = address, name, settings
        self._send("")

    def _send(self, path, data=None):
        # What is sent without a type of its own is read as a form; and nobody may replace what is there.
        of = {"Content-Type": "application/octet-stream", "Authorization": "AWS somebody:something"}
        asked = urllib.request.Request(f"{self.address}/{self.name}{path}", data, of, method="PUT")
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            assert answer.status == 200

    def put(self, key, data):
        """Put an object into it, in place of what had its name."""
        self._send(f"/{key}", data)

    def sync(self, root, *, bandwidth="500MB/s"):
        """Begin to synchronise a directory with it."""
        self._settings.write_text(_SETTINGS.format(bandwidth=bandwidth))
        given = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        known = {
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": str(self._settings),
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
        }
        command = ["s3", "sync", f"s3://{self.name}", str(root), "--endpoint-url", self.address]
        return subprocess.Popen(
            [sys.executable, "-m", "awscli", *command, "--only-show-errors"],
            env=given | known,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def synced(self, root, **options):
        """Synchronise a directory with it; the names that files had before they were whole."""
        temporary = set()
        with ended(self.sync(root, **options)) as process, looking(root, temporary):
            said, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, said
        return temporary


@contextmanager
def ended(process):
    """A process, which does not outlive what is done with it."""
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def looking(root, found):
    """Note the names of files in a directory that are no names of deliveries yet."""
    done = threading.Event()

    def look():
        while not done.wait(0.02):
            found.update(name for _, _, names in os.walk(root) for name in names if not name.endswith(".gz"))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def serving():
    """A server of buckets on a free port of this machine alone; gives its address."""
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        told = next(line for line in server.stdout if line.startswith("at "))
        _, host, port = told.split()
        yield f"http://{host}:{port}"
    finally:
        server.kill()
        server.wait()
        server.stdin.close()
        server.stdout.close()
