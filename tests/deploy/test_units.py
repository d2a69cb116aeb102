"""The systemd units: systemd understands every line, and what they run as has few rights."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from tools import DEPLOY, needs

UNITS = sorted(path for path in (DEPLOY / "systemd").iterdir())
# systemd-analyze counts in tenths: 3.0.
EXPOSURE_MAX = 30
# What the base units of a system have to be, so that `verify` finds what ours hang on.
BASE = pathlib.Path("/usr/lib/systemd/system")


@needs("systemd-analyze", "the package systemd")
class Units(unittest.TestCase):
    def test_all_are_there(self):
        self.assertEqual([path.name for path in UNITS], [
            "octoporty-agent.service", "octoporty-gateway.service", "octoporty-gateway.socket", "octoporty-updater.service", "octoporty-updater.timer",
        ])

    def test_services_are_hardened(self):
        # R60
        for path in UNITS:
            if path.suffix == ".service":
                command = ["systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={EXPOSURE_MAX}", path]
                outcome = subprocess.run(command, capture_output=True, text=True)
                self.assertEqual(outcome.returncode, 0, outcome.stdout[-300:] + outcome.stderr)

    @unittest.skipUnless(BASE.is_dir(), f"{BASE} is missing")
    def test_systemd_understands_every_line(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            shutil.copytree(BASE, root / "usr/lib/systemd/system", symlinks=True)
            (root / "lib").symlink_to("usr/lib")
            units = root / "etc/systemd/system"
            units.mkdir(parents=True)
            for path in UNITS:
                shutil.copy(path, units)
                for program in re.findall(r"(?m)^ExecStart=(\S+)", path.read_text()):
                    target = root / program.lstrip("/")
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text("#!/bin/sh\n")
                    target.chmod(0o755)
            command = ["systemd-analyze", "verify", f"--root={root}", "--man=no", *[path.name for path in UNITS]]
            outcome = subprocess.run(command, capture_output=True, text=True)
            # The base units of a container complain about what is not there; ours must not.
            self.assertEqual([line for line in outcome.stderr.splitlines() if "octoporty" in line], [])

    def test_programs_say_when_they_are_ready_and_are_watched(self):
        for program in ("gateway", "agent"):
            text = (DEPLOY / f"systemd/octoporty-{program}.service").read_text()
            for line in ("Type=notify", "WatchdogSec=30", "TimeoutStopSec=40", "UMask=0077", "DynamicUser=yes", "CapabilityBoundingSet="):
                self.assertIn(f"\n{line}\n", text)

    def test_programs_are_started_again_however_often_it_fails(self):
        for program in ("gateway", "agent"):
            text = (DEPLOY / f"systemd/octoporty-{program}.service").read_text()
            for line in ("StartLimitIntervalSec=0", "Restart=on-failure", "RestartSec=5"):
                self.assertIn(f"\n{line}\n", text)

    def test_secrets_are_credentials(self):
        for program in ("gateway", "agent"):
            text = (DEPLOY / f"systemd/octoporty-{program}.service").read_text()
            given = set(re.findall(r"(?m)^LoadCredential=([a-z-]+):/etc/octoporty/\1$", text))
            self.assertEqual(given, set(re.findall(r"(?m)^Environment=\w+__File=%d/([a-z-]+)$", text)))

    def test_timer_looks_every_thirty_seconds(self):
        text = (DEPLOY / "systemd/octoporty-updater.timer").read_text()
        self.assertIn("\nOnUnitInactiveSec=30s\n", text)


if __name__ == "__main__":
    unittest.main()
