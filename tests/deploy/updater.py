"""A host with the updater's scripts, and with programs that stand in for docker, systemctl and curl."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FAKES = pathlib.Path(__file__).resolve().parent / "fakes"
SCRIPTS = ROOT / "deploy" / "scripts"
PATIENCE_S = 20


class Host:
    """One component, `gateway` or `agent`, that runs version 1.0.0 in containers."""

    def __init__(self, component="gateway"):
        self.component = component
        self.temporary = tempfile.TemporaryDirectory(prefix="octoporty-deploy-")
        self.path = pathlib.Path(self.temporary.name)
        self.fake = self.path / "fake"
        self.folder = self.path / "compose"
        self.data = self.folder / "data"
        self.state = self.path / "state"
        self.signal = self.data / "update-signal"
        for folder in (self.fake, self.data):
            folder.mkdir(parents=True)
        name = component.upper()
        (self.folder / "compose.yaml").write_text("services: {}\n")
        self.dotenv = self.folder / ".env"
        self.dotenv.write_text(f"# kept\nOCTOPORTY_{name}_IMAGE=octoporty-{component}\nOCTOPORTY_{name}_TAG=1.0.0\nOTHER='$6$x'\n")
        self.dotenv.chmod(0o640)
        self.put("images", "1.0.0")
        self.put("running", "1.0.0")
        self.environment = {
            "PATH": f"{FAKES}:{os.environ['PATH']}",
            "FAKE": str(self.fake),
            "OCTOPORTY_CONF": str(self.path / "updater.conf"),
            f"OCTOPORTY_{name}_DIR": str(self.folder),
            "OCTOPORTY_STATE": str(self.state),
            "OCTOPORTY_PREFIX": str(self.path / "usr"),
            "OCTOPORTY_RELEASE_KEY": str(self.path / "release-key.pem"),
            "OCTOPORTY_HEALTH_SECONDS": "0",
            "OCTOPORTY_INTERVAL_SECONDS": "0",
            "OCTOPORTY_POLL_SECONDS": "0.05",
        }

    def close(self):
        self.temporary.cleanup()

    def put(self, name, text):
        """Writes a file that steers the programs that stand in."""
        (self.fake / name).write_text(text + "\n")

    def running(self):
        path = self.fake / "running"
        return path.read_text().strip() if path.exists() else None

    def calls(self):
        path = self.fake / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def tag(self):
        lines = self.dotenv.read_text().splitlines()
        return next(line.split("=", 1)[1] for line in lines if "_TAG=" in line)

    def ask(self, version, **more):
        """Writes the signal as the Gateway does."""
        fields = {
            "targetVersion": version,
            "currentVersion": "1.0.0",
            "requestedBy": "agent \"büro\"",
            "requestedAt": "2026-01-02T03:04:05.678Z",
        }
        self.signal.write_text(json.dumps({**fields, **more}))

    def start(self, *arguments):
        return subprocess.Popen(
            [SCRIPTS / f"update-{self.component}.sh", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            cwd=self.path,
        )

    def run(self, *arguments):
        """Runs the updater to its end: exit status and output."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=PATIENCE_S)
        return process.returncode, output

    def start_until(self, word, *arguments, times=1):
        """Starts the updater and waits until it calls docker with that word for that many times, which then hangs."""
        self.put("hang", f"{word} {times}")
        process = self.start(*arguments)
        deadline = time.monotonic() + PATIENCE_S
        while not (self.fake / "reached").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"never called docker with `{word}`: {process.communicate()[0]}")
            time.sleep(0.02)
        (self.fake / "reached").unlink()
        return process

    def kill_at_step(self, step, *arguments):
        """Kills the updater at its nth step, whatever that is; false if it has fewer."""
        self.put("hang", f"any {step}")
        process = self.start(*arguments)
        reached = self.fake / "reached"
        while process.poll() is None and not reached.exists():
            time.sleep(0.005)
        was_killed = reached.exists()
        if was_killed:
            os.killpg(process.pid, signal.SIGKILL)
            reached.unlink()
        process.communicate()
        (self.fake / "hang").unlink(missing_ok=True)
        return was_killed

    def kill_at(self, word, *arguments, times=1):
        """Kills the updater and all that it started, when it calls docker with that word for that many times."""
        process = self.start_until(word, *arguments, times=times)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
