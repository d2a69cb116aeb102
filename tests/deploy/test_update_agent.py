"""The Agent's updater on a host with compose: it copies the data first, and puts them back if it has to go back."""

import unittest

from updater import Host


class UpdateAgent(unittest.TestCase):
    def setUp(self):
        self.host = Host("agent")
        self.addCleanup(self.host.close)
        self.database = self.host.data / "octoporty.db"
        self.database.write_text("mappings")
        (self.host.data / "sub").mkdir()
        self.database.chmod(0o600)
        self.note = self.host.data / "written-by"
        self.note.write_text("1.0.0\n")

    def assert_runs(self, version):
        self.assertEqual((self.host.running(), self.host.tag(), self.note.read_text()), (version, version, version + "\n"))

    def test_update_stops_copies_and_starts(self):
        code, output = self.host.run("1.1.0")
        self.assertEqual(code, 0, output)
        self.assert_runs("1.1.0")
        calls = [call.split()[5] if "compose" in call else call.split()[0] for call in self.host.calls()]
        self.assertEqual(calls[:3], ["pull", "stop", "up"])
        copy = self.host.state / "agent-data"
        self.assertEqual((copy / "octoporty.db").read_text(), "mappings")
        self.assertEqual((copy / "octoporty.db").stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.host.state.stat().st_mode & 0o777, 0o700)
        self.assertFalse((self.host.state / "agent.journal").exists())

    def test_failing_health_brings_version_and_data_back(self):
        self.host.put("sick", "1.1.0")
        code, output = self.host.run("1.1.0")
        self.assertEqual(code, 1)
        self.assertIn("put its data back", output)
        self.assertEqual((self.host.running(), self.host.tag()), ("1.0.0", "1.0.0"))
        self.assertEqual(self.database.read_text(), "mappings")
        self.assertTrue((self.host.data / "sub").is_dir())

    def test_files_of_the_new_version_go_when_it_goes(self):
        self.host.put("sick", "1.1.0")
        self.host.kill_at("inspect", "1.1.0")
        (self.host.data / "octoporty.db-wal").write_text("of the new version")
        self.database.write_text("migrated")
        self.assertEqual(self.host.run("1.1.0")[0], 1)
        self.assertEqual(self.database.read_text(), "mappings")
        self.assertFalse((self.host.data / "octoporty.db-wal").exists())

    def test_killed_while_stopping_starts_the_old_version_again(self):
        self.host.kill_at("stop", "1.1.0")
        code, output = self.host.run("1.0.0")
        self.assertEqual(code, 0, output)
        self.assertIn("an earlier run ended before anything changed", output)
        self.assert_runs("1.0.0")

    def test_killed_while_restarting_is_finished(self):
        self.host.kill_at("up", "1.1.0")
        code, output = self.host.run("1.1.0")
        self.assertEqual(code, 0, output)
        self.assert_runs("1.1.0")
        self.assertIn("already", output)

    def test_killed_at_any_step_the_next_run_ends_well(self):
        for is_sick, version in ((False, "1.1.0"), (True, "1.0.0")):
            step = 0
            was_killed = True
            while was_killed:
                step += 1
                self.host.close()
                self.setUp()
                if is_sick:
                    self.host.put("sick", "1.1.0")
                was_killed = self.host.kill_at_step(step, "1.1.0")
                code, output = self.host.run("1.1.0")
                if not is_sick and code != 0:
                    self.assertIn("taken back", output)
                with self.subTest(sick=is_sick, step=step):
                    self.assertEqual((self.host.running(), self.host.tag()), (version, version), output)
                    self.assertEqual(self.database.read_text(), "mappings")
            self.assertGreater(step, 12)

    def test_image_that_cannot_be_pulled_stops_nothing(self):
        self.host.put("refused", "1.1.0")
        self.assertEqual(self.host.run("1.1.0")[0], 1)
        self.assertEqual([call.split()[0] for call in self.host.calls()], ["pull"])
        self.assert_runs("1.0.0")

    def test_data_that_cannot_be_copied_leave_the_old_version_running(self):
        self.host.environment["PATH"] = f"{self.broken_cp()}:{self.host.environment['PATH']}"
        code, output = self.host.run("1.1.0")
        self.assertEqual(code, 1)
        self.assertIn("its data could not be copied; nothing has changed", output)
        self.assert_runs("1.0.0")

    def broken_cp(self):
        """A folder with a cp that fails for folders, as on a full disk."""
        folder = self.host.path / "broken"
        folder.mkdir()
        (folder / "cp").write_text('#!/bin/sh\ncase $1 in -a) echo "No space left on device" >&2; exit 1;; esac\nexec /bin/cp "$@"\n')
        (folder / "cp").chmod(0o755)
        return folder

    def test_without_a_version_it_says_how(self):
        for arguments in ((), ("latest",), ("1.1.0", "1.2.0"), ("$(touch x)",)):
            code, output = self.host.run(*arguments)
            self.assertEqual(code, 2)
            self.assertIn("usage", output)
        self.assertFalse((self.host.path / "x").exists())

    def test_missing_data_folder_is_told_before_anything_happens(self):
        self.host.environment["OCTOPORTY_AGENT_DIR"] = str(self.host.path / "elsewhere")
        code, output = self.host.run("1.1.0")
        self.assertEqual(code, 1)
        self.assertIn("set OCTOPORTY_AGENT_DIR", output)
        self.assertEqual(self.host.calls(), [])


if __name__ == "__main__":
    unittest.main()
