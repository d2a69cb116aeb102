"""The folder that holds the database and the state: it can be full, and its database can be locked."""

import asyncio
import contextlib
import os
import resource
import sqlite3
import subprocess
import time

SIZE_MIB = 512

# How long to try to get the lock of a database that is in use.
LOCK_PATIENCE_S = 5


class Disk:
    """A small file system in memory where mounting is allowed; else a folder, and a limit on the files of the programs."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        self.mounted = os.geteuid() == 0 and self.mount(f"size={SIZE_MIB}m")
        self.how = "a file system without room" if self.mounted else "files of the programs may not grow (RLIMIT_FSIZE)"

    def mount(self, options, *more):
        command = ["mount", "-t", "tmpfs", *more, "-o", options, "tmpfs", self.path]
        return subprocess.run(command, capture_output=True).returncode == 0

    def remount(self, size):
        if not self.mount(f"remount,size={size}"):
            raise RuntimeError(f"{self.path} cannot be mounted with another size")

    @contextlib.contextmanager
    def full(self, pids):
        """No room as long as this lasts."""
        if self.mounted:
            stat = os.statvfs(self.path)
            self.remount((stat.f_blocks - stat.f_bfree) * stat.f_frsize)
            try:
                yield
            finally:
                self.remount(f"{SIZE_MIB}m")
            return
        before = [(pid, resource.prlimit(pid, resource.RLIMIT_FSIZE)) for pid in pids]
        try:
            for pid, (_soft, hard) in before:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
            yield
        finally:
            for pid, limit in before:
                with contextlib.suppress(ProcessLookupError):
                    resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)

    async def locked(self, seconds):
        """Somebody else has all databases to write for some seconds, as on a disk that is far too slow."""
        await asyncio.gather(*(asyncio.to_thread(lock, path, seconds) for path in self.path.glob("*.db")))

    def close(self):
        if self.mounted:
            subprocess.run(["umount", self.path], capture_output=True, check=True)


def lock(path, seconds):
    """Holds the lock of one database; runs in a thread of its own."""
    connection = sqlite3.connect(path, timeout=LOCK_PATIENCE_S, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        connection.execute("ROLLBACK")
    finally:
        connection.close()
