"""The scripts that set a host up: what they make, keep, and refuse."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from updater import FAKES, SCRIPTS


class Setup(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="octoporty-deploy-")
        self.addCleanup(temporary.cleanup)
        self.path = pathlib.Path(temporary.name)
        self.folder = self.path / "gateway"
        self.fake = self.path / "fake"
        self.fake.mkdir()

    def run_script(self, name, *arguments, **environment):
        return subprocess.run(
            [SCRIPTS / name, *arguments],
            env={"PATH": f"{FAKES}:{os.environ['PATH']}", "FAKE": str(self.fake), **environment},
            capture_output=True,
            text=True,
            cwd=self.path,
            timeout=60,
        )

    def setup_gateway(self, **changes):
        options = {
            "fqdn": "gateway.example.com", "email": "admin@example.com", "dir": str(self.folder), "tag": "1.2.3",
            "uid": str(os.getuid()), "gid": str(os.getgid()), **changes,
        }
        return self.run_script("setup-gateway.sh", "--no-start", *[part for name, value in options.items() for part in (f"--{name}", value)])

    def test_gateway_gets_folder_key_and_settings(self):
        outcome = self.setup_gateway()
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        key = self.folder / "secrets/api-key"
        self.assertRegex(key.read_text(), r"^[0-9a-f]{64}\n$")
        modes = {name: (self.folder / name).stat().st_mode & 0o777 for name in ("secrets/api-key", "secrets", "data", ".env")}
        self.assertEqual(modes, {"secrets/api-key": 0o400, "secrets": 0o711, "data": 0o700, ".env": 0o600})
        settings = (self.folder / ".env").read_text().splitlines()
        for line in ("GATEWAY_FQDN=gateway.example.com", "ACME_EMAIL=admin@example.com", "OCTOPORTY_GATEWAY_TAG=1.2.3"):
            self.assertIn(line, settings)
        self.assertNotIn(key.read_text().strip(), outcome.stdout + outcome.stderr)

    def test_second_run_keeps_key_and_settings(self):
        self.setup_gateway()
        before = [(self.folder / name).read_text() for name in ("secrets/api-key", ".env")]
        (self.folder / "Caddyfile").write_text("old")
        outcome = self.setup_gateway(tag="9.9.9")
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        self.assertEqual([(self.folder / name).read_text() for name in ("secrets/api-key", ".env")], before)
        self.assertNotEqual((self.folder / "Caddyfile").read_text(), "old")

    def test_what_would_break_the_settings_is_refused_before_anything_is_made(self):
        bad = {
            "fqdn": ["", "localhost", "a b.example.com", "a.example.com|x", "$(touch x).example.com", "a.example.com\nX=1"],
            "email": ["", "admin", "a@b|c", "a@$(touch x)"],
            "dir": ["relative", "/with space", "/a;b"],
            "image": ["", "Upper", "name|x", "name$(x)"],
            "tag": ["", "a b", "1.2.3|x", "-1", "1.2.3@sha256:short"],
            "uid": ["root", "-1", ""],
        }
        for option, values in bad.items():
            for value in values:
                with self.subTest(f"{option}={value}"):
                    outcome = self.setup_gateway(**{option: value})
                    self.assertEqual(outcome.returncode, 2)
                    self.assertIn(f"--{option}:", outcome.stderr)
        self.assertEqual([path.name for path in self.path.iterdir()], ["fake"])

    def test_all_problems_are_told_at_once(self):
        self.assertEqual(len(self.setup_gateway(fqdn="x", email="y", uid="z").stderr.splitlines()), 3)

    def test_help_and_wrong_options(self):
        for script in ("setup-gateway.sh", "install-updater.sh"):
            self.assertIn("usage", self.run_script(script, "--help").stdout)
            for arguments in (["--nonsense"], ["--dir"], ["word"]):
                self.assertEqual(self.run_script(script, *arguments).returncode, 2, (script, arguments))

    def test_updater_is_installed_with_its_unit_and_settings(self):
        root = self.path / "root"
        compose = root / "opt/octoporty-gateway"
        compose.mkdir(parents=True)
        (compose / "compose.yaml").write_text("")
        environment = {"OCTOPORTY_ROOT": str(root), "OCTOPORTY_BASE_URL": "https://releases.example.com"}
        outcome = self.run_script("install-updater.sh", **environment)
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        scripts = root / "usr/local/lib/octoporty/scripts"
        self.assertEqual(sorted(path.name for path in scripts.iterdir()), ["update-agent.sh", "update-gateway.sh", "updating.sh", "versions.sh"])
        conf = root / "etc/octoporty/updater.conf"
        self.assertIn("OCTOPORTY_BASE_URL=https://releases.example.com\n", conf.read_text())
        self.assertEqual(conf.stat().st_mode & 0o777, 0o600)
        unit = root / "etc/systemd/system/octoporty-updater.service.d/paths.conf"
        self.assertIn("ReadWritePaths=/opt/octoporty-gateway\n", unit.read_text())
        self.assertIn("systemctl enable --now octoporty-updater.timer", (self.fake / "calls").read_text())

        # The installed script reads these settings.
        (compose / ".env").write_text("OCTOPORTY_GATEWAY_IMAGE=x\nOCTOPORTY_GATEWAY_TAG=1.0.0\n")
        environment = {"FAKE": str(self.fake), "PATH": f"{FAKES}:{os.environ['PATH']}", "OCTOPORTY_CONF": str(conf),
                       "OCTOPORTY_STATE": str(root / "state"), "OCTOPORTY_GATEWAY_DIR": str(compose)}
        ran = subprocess.run([scripts / "update-gateway.sh"], env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (0, "", ""))

        conf.write_text("OCTOPORTY_HEALTH_SECONDS=7\n")
        self.run_script("install-updater.sh", OCTOPORTY_ROOT=str(root))
        self.assertEqual(conf.read_text(), "OCTOPORTY_HEALTH_SECONDS=7\n")
        self.run_script("install-updater.sh", "--uninstall", OCTOPORTY_ROOT=str(root))
        self.assertTrue(conf.exists())
        self.assertFalse(scripts.exists() or unit.exists())

    def test_updater_of_programs_may_write_where_programs_are(self):
        root = self.path / "root"
        outcome = self.run_script("install-updater.sh", "--mode", "systemd", "--no-start", OCTOPORTY_ROOT=str(root))
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        unit = root / "etc/systemd/system/octoporty-updater.service.d/paths.conf"
        self.assertIn("ReadWritePaths=/usr/local/bin /usr/local/lib/octoporty -/var/lib/octoporty-gateway -/var/lib/private/octoporty-gateway\n", unit.read_text())
        self.assertNotIn("enable", (self.fake / "calls").read_text())

    def test_updater_without_a_gateway_is_refused(self):
        outcome = self.run_script("install-updater.sh", OCTOPORTY_ROOT=str(self.path / "root"))
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("run setup-gateway.sh first", outcome.stderr)


if __name__ == "__main__":
    unittest.main()
