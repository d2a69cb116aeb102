"""The guides as programs: the fenced blocks of Markdown pages, and a place where those that are marked `run=NAME` are walked through.

The mark stands behind the language of a fence, where no reader sees it.
"""

import contextlib
import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from tools import ROOT, find

sys.path.insert(0, str(ROOT / "tests/e2e"))

from world import PATIENCE_S, free_port, programs

BUILT = all((programs() / name).exists() for name in ("octoporty-gateway", "octoporty-agent"))
NOT_BUILT = "the programs are not built: cargo build --workspace --bins"
# The public names in the guides.
NAMES = ("gateway.example.com", "app.example.com", "gateway.example.test", "app.example.test")


@dataclasses.dataclass(frozen=True)
class Fence:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    run: str | None
    text: str


def pages():
    """The project's Markdown pages by name, with their text."""
    patterns = ("*.md", "docs/**/*.md", "*/README.md", "bins/*/README.md", "examples/*/README.md", "tests/*/README.md")
    paths = {path for pattern in patterns for path in ROOT.glob(pattern)}
    return {str(path.relative_to(ROOT)): path.read_text() for path in sorted(paths)}


def fences(page, text):
    """The fenced blocks of a page, in order."""
    found = []
    opened = None
    for number, line in enumerate(text.splitlines(), 1):
        match = re.fullmatch(r"\s*(```+|~~~+)\s*(.*)", line)
        if opened is None and match:
            opened = (match[1], match[2], number, [])
        elif match and match[1].startswith(opened[0]) and not match[2]:
            language, _, rest = opened[1].partition(" ")
            run = re.fullmatch(r"run=([a-z-]+)", rest.strip())
            found.append(Fence(page, opened[2], language, run and run[1], "\n".join([*opened[3], ""])))
            opened = None
        elif opened is not None:
            opened[3].append(line)
    assert opened is None, f"{page}: the block of line {opened[2]} has no end"
    return found


def block(page, run):
    """The text of the block of a page that is marked with this name."""
    found = [fence.text for fence in fences(page, (ROOT / page).read_text()) if fence.run == run]
    assert len(found) == 1, f"{page}: {len(found)} blocks are marked run={run}"
    return found[0]


def replaced(text, *pairs):
    """Puts the test's own names, ports and paths in the place of those in the page; each must be there."""
    for old, new in pairs:
        assert old in text, f"{old!r} is not in\n{text}"
        text = text.replace(old, str(new))
    return text


def answer_of(port, path="/health"):
    """The body of a page at a port of this machine; nothing while nobody listens, or after an error."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return ""


class Walk:
    """An empty folder of somebody who follows a guide, with nothing in the environment. `close` ends all that was started."""

    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="octoporty-guide-")
        self.path = pathlib.Path(self.temporary.name)
        self.bin, self.home = self.path / "bin", self.path / "home"
        self.bin.mkdir()
        self.home.mkdir()
        self.running = []
        self.https = free_port()
        for name in ("octoporty-gateway", "octoporty-agent"):
            (self.bin / name).symlink_to(programs() / name)
        if find("caddy"):
            (self.bin / "caddy").symlink_to(find("caddy"))
        self.put("sudo", 'exec "$@"')
        # Names lead to this machine without a line in /etc/hosts, and an answer that is no success is one.
        names = " ".join(f"--connect-to {name}:443:127.0.0.1:{self.https}" for name in NAMES)
        self.put("curl", f'exec {find("curl")} --silent --show-error --fail-with-body {names} "$@"')
        self.environment = {"PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}", "HOME": str(self.home)}

    def put(self, name, text):
        """A program that stands in for another."""
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def run(self, text, cwd=None, **environment):
        """Runs a block to its end, and gives what it printed."""
        # Files, not pipes: what a block leaves running in the background would hold a pipe open.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as log:
            code = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", text], cwd=cwd or self.path, env={**self.environment, **environment},
                stdin=subprocess.DEVNULL, stdout=out, stderr=log, timeout=60,
            ).returncode
            out.seek(0)
            log.seek(0)
            printed, errors = out.read(), log.read()
        assert code == 0, f"{text}\nended with {code}:\n{printed}{errors}\n{self.logs()}"
        return printed

    def start(self, name, command, cwd=None, **environment):
        """Runs what does not end by itself; its output goes into a log. `command` is a block, or a list of words."""
        words = ["bash", "-euo", "pipefail", "-c", command] if isinstance(command, str) else command
        with (self.path / f"{name}.log").open("wb") as log:
            # A session of its own, so that the shell and what it runs end together.
            self.running.append(subprocess.Popen(
                words, cwd=cwd or self.path, env={**self.environment, **environment},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            ))

    def log(self, name):
        path = self.path / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def logs(self):
        return "\n".join(f"{path.name}:\n{path.read_text()[-2000:]}" for path in sorted(self.path.glob("*.log")))

    def until(self, what, probe):
        """Waits until `probe` gives something, which is returned."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            if result := probe():
                return result
            assert all(process.poll() is None for process in self.running), f"something ended before: {what}\n{self.logs()}"
            assert time.monotonic() < deadline, f"not in {PATIENCE_S} s: {what}\n{self.logs()}"
            time.sleep(0.05)

    def close(self):
        for process in reversed(self.running):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.running:
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        self.temporary.cleanup()
