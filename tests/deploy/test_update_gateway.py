"""The Gateway's updater on a host with compose: what it does with a signal, good or bad, and when it is killed."""

import json
import os
import pathlib
import unittest

from updater import Host


class UpdateGateway(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.close)

    def assert_runs(self, version):
        self.assertEqual((self.host.running(), self.host.tag()), (version, version))

    def assert_nothing_left(self):
        self.assertEqual(sorted(path.name for path in self.host.state.iterdir()), ["gateway.last", "lock"])
        self.assertEqual(sorted(path.name for path in self.host.folder.iterdir()), [".env", "compose.yaml", "data"])

    def test_without_a_signal_nothing_is_called(self):
        self.assertEqual(self.host.run(), (0, ""))
        self.assertEqual(self.host.calls(), [])

    def test_good_signal_updates_and_goes_away(self):
        self.host.ask("1.1.0")
        code, output = self.host.run()
        self.assertEqual(code, 0, output)
        self.assert_runs("1.1.0")
        self.assertFalse(self.host.signal.exists())
        self.assert_nothing_left()
        self.assertIn("1.0.0 -> 1.1.0: done, it is well", output)
        self.assertIn("asked for by agent bro", output)
        self.assertEqual((self.host.state / "gateway.last").read_text().split()[1:], ["updated", "1.1.0"])

    def test_settings_beside_the_tag_are_kept(self):
        before = self.host.dotenv.read_text()
        self.host.ask("1.1.0")
        self.host.run()
        self.assertEqual(self.host.dotenv.read_text(), before.replace("TAG=1.0.0", "TAG=1.1.0"))
        self.assertEqual(self.host.dotenv.stat().st_mode & 0o777, 0o640)

    def test_image_is_pulled_before_anything_changes(self):
        self.host.ask("1.1.0")
        self.host.run()
        calls = self.host.calls()
        self.assertEqual(calls[0], "pull --quiet octoporty-gateway:1.1.0")
        self.assertTrue(any(" up " in call for call in calls[1:]))

    def test_failing_health_brings_the_old_version_back(self):
        # R37
        self.host.put("sick", "1.1.0")
        self.host.ask("1.1.0")
        code, output = self.host.run()
        self.assertEqual(code, 1)
        self.assert_runs("1.0.0")
        self.assertIn("1.1.0 -> 1.0.0: went back, it is well", output)
        self.assertFalse(self.host.signal.exists())
        self.assertTrue(self.host.signal.with_name("update-signal.failed").exists())
        self.assert_nothing_left()

    def test_image_with_another_version_in_it_is_a_failure(self):
        self.host.put("lying", "1.1.0")
        self.host.ask("1.1.0")
        self.assertEqual(self.host.run()[0], 1)
        self.assert_runs("1.0.0")

    def test_old_version_that_is_sick_too_calls_for_an_operator(self):
        self.host.put("sick", "1.1.0\n1.0.0")
        self.host.ask("1.1.0")
        code, output = self.host.run()
        self.assertEqual(code, 1)
        self.assertIn("An operator must look at it", output)

    def test_image_that_cannot_be_pulled_is_tried_five_times(self):
        self.host.put("refused", "1.1.0")
        self.host.ask("1.1.0")
        for attempt in range(1, 5):
            code, output = self.host.run()
            self.assertEqual(code, 1)
            self.assertIn(f"attempt {attempt} of 5; the next run tries again", output)
            self.assertTrue(self.host.signal.exists())
        code, output = self.host.run()
        self.assertIn("given up", output)
        self.assertFalse(self.host.signal.exists())
        self.assert_runs("1.0.0")
        self.assertFalse(any(" up " in call for call in self.host.calls()))

    def test_attempts_count_for_one_version_only(self):
        self.host.put("refused", "1.1.0\n1.2.0")
        self.host.ask("1.1.0")
        self.host.run()
        self.host.ask("1.2.0")
        self.assertIn("attempt 1 of 5", self.host.run()[1])

    def test_older_version_is_refused(self):
        # R37
        for version in ("0.9.9", "1.0.0-rc.1"):
            self.host.ask(version)
            code, output = self.host.run()
            self.assertEqual(code, 1)
            self.assertIn("is older than 1.0.0", output)
            self.assertTrue(self.host.signal.with_name("update-signal.rejected").exists())
        self.assertEqual(self.host.calls(), [])

    def test_older_version_is_taken_if_the_operator_says_so(self):
        self.host.environment["OCTOPORTY_ALLOW_DOWNGRADE"] = "true"
        self.host.ask("0.9.9")
        self.assertEqual(self.host.run()[0], 0)
        self.assert_runs("0.9.9")

    def test_same_version_is_done_already(self):
        self.host.ask("1.0.0")
        self.assertEqual(self.host.run()[0], 0)
        self.assertFalse(self.host.signal.exists())
        self.assertEqual(self.host.calls(), [])

    def test_versions_are_compared_as_numbers(self):
        # R37
        order = ["1.0.0", "1.0.1-alpha", "1.0.1-alpha.1", "1.0.1-alpha.beta", "1.0.1-beta.2", "1.0.1-beta.11", "1.0.1-rc.1", "1.0.1", "1.0.10", "1.2.0", "1.10.0", "10.0.0"]
        for version in order[1:]:
            self.host.ask(version)
            code, output = self.host.run()
            self.assertEqual(code, 0, output)
            self.assert_runs(version)
        for version in order[:-1]:
            self.host.ask(version)
            self.assertEqual(self.host.run()[0], 1, version)
        self.assert_runs("10.0.0")

    def test_second_update_waits_ten_minutes(self):
        # R37
        del self.host.environment["OCTOPORTY_INTERVAL_SECONDS"]
        self.host.ask("1.1.0")
        self.host.run()
        self.host.ask("1.2.0")
        code, output = self.host.run()
        self.assertEqual(code, 0)
        self.assertIn("less than 600 s ago; waiting", output)
        self.assert_runs("1.1.0")
        self.assertTrue(self.host.signal.exists())
        long_ago = 1_600_000_000
        os.utime(self.host.state / "gateway.last", (long_ago, long_ago))
        self.assertEqual(self.host.run()[0], 0)
        self.assert_runs("1.2.0")

    def test_two_at_once_are_one(self):
        self.host.ask("1.1.0")
        first = self.host.start_until("up")
        code, output = self.host.run()
        self.assertEqual(code, 75)
        self.assertIn("another run is at work", output)
        self.assertEqual(len([call for call in self.host.calls() if " up " in call]), 1)
        os.killpg(first.pid, 9)
        first.communicate()

    def test_killed_while_pulling_starts_anew(self):
        self.host.ask("1.1.0")
        self.host.kill_at("pull")
        self.assert_runs("1.0.0")
        self.assertEqual(self.host.run()[0], 0)
        self.assert_runs("1.1.0")
        self.assert_nothing_left()

    def test_killed_while_restarting_is_finished_by_the_next_run(self):
        self.host.ask("1.1.0")
        self.host.kill_at("up")
        self.assertEqual((self.host.running(), self.host.tag()), ("1.0.0", "1.1.0"))
        code, output = self.host.run()
        self.assertEqual(code, 0, output)
        self.assertIn("ended in the middle of 1.0.0 -> 1.1.0; finishing it", output)
        self.assert_runs("1.1.0")
        self.assertFalse(self.host.signal.exists())
        self.assert_nothing_left()

    def test_killed_while_watching_is_finished_by_the_next_run(self):
        self.host.ask("1.1.0")
        self.host.kill_at("inspect")
        self.assertEqual(self.host.run()[0], 0)
        self.assert_runs("1.1.0")
        self.assert_nothing_left()

    def test_killed_while_restarting_a_sick_version_goes_back_to_the_old_one(self):
        self.host.put("sick", "1.1.0")
        self.host.ask("1.1.0")
        self.host.kill_at("up")
        code, output = self.host.run()
        self.assertEqual(code, 1)
        self.assert_runs("1.0.0")
        self.assertTrue(self.host.signal.with_name("update-signal.failed").exists())
        self.assert_nothing_left()
        self.assertEqual(self.host.run(), (0, ""))

    def test_killed_on_the_way_back_goes_on_back(self):
        self.host.put("sick", "1.1.0")
        self.host.ask("1.1.0")
        # The second start is the one of the way back.
        self.host.kill_at("up", times=2)
        self.assertEqual((self.host.running(), self.host.tag()), ("1.1.0", "1.0.0"))
        code, output = self.host.run()
        self.assertEqual(code, 1)
        self.assertIn("on its way back from 1.1.0 to 1.0.0; finishing that", output)
        self.assert_runs("1.0.0")
        self.assertFalse(self.host.signal.exists())
        self.assert_nothing_left()

    def test_killed_at_any_step_the_next_runs_end_well(self):
        # R37
        for is_sick, version in ((False, "1.1.0"), (True, "1.0.0")):
            step = 0
            was_killed = True
            while was_killed:
                step += 1
                self.host.close()
                self.host = Host()
                if is_sick:
                    self.host.put("sick", "1.1.0")
                self.host.ask("1.1.0")
                was_killed = self.host.kill_at_step(step)
                self.host.run()
                with self.subTest(sick=is_sick, step=step):
                    self.assert_runs(version)
                    self.assertEqual(self.host.signal.with_name("update-signal.failed").exists(), is_sick)
                    self.assertFalse(self.host.signal.exists())
                    self.assertEqual(self.host.run(), (0, ""))
            # Fewer would mean that the steps were not seen.
            self.assertGreater(step, 12)
        self.addCleanup(self.host.close)

    def test_wish_that_changed_meanwhile_is_kept_for_the_next_run(self):
        self.host.ask("1.1.0")
        self.host.kill_at("up")
        self.host.ask("1.2.0")
        self.assertEqual(self.host.run()[0], 0)
        self.assert_runs("1.2.0")

    def test_damaged_journal_stops_everything(self):
        self.host.state.mkdir()
        (self.host.state / "gateway.journal").write_text("phase=switch\nold=$(touch x)\nnew=1.1.0\n")
        self.host.ask("1.1.0")
        code, output = self.host.run()
        self.assertEqual(code, 1)
        self.assertIn("is damaged", output)
        self.assertEqual(self.host.calls(), [])

    def test_by_hand_to_any_version(self):
        code, output = self.host.run("0.9.0")
        self.assertEqual(code, 0, output)
        self.assert_runs("0.9.0")

    def test_by_hand_with_something_else_than_a_version(self):
        for word in ("", "latest", "1.2", "v1.2.3", "1.2.3+build", "$(touch x)", "1.2.3 ", "-h"):
            self.assertEqual(self.host.run(word)[0], 2, word)

    def test_settings_come_from_the_file_but_the_environment_wins(self):
        conf = self.host.path / "updater.conf"
        del self.host.environment["OCTOPORTY_HEALTH_SECONDS"]
        conf.write_text("# comment\n\nOCTOPORTY_HEALTH_SECONDS=x\nOCTOPORTY_MODE=docker")
        self.assertIn("OCTOPORTY_HEALTH_SECONDS: `x` is not a number of seconds", self.host.run()[1])
        self.host.environment["OCTOPORTY_HEALTH_SECONDS"] = "0"
        self.assertEqual(self.host.run(), (0, ""))
        conf.write_text("OCTOPORTY_MODE=$(touch x)\n")
        self.assertIn("`$(touch x)` is not a mode", self.host.run()[1])
        conf.write_text("touch x\n")
        self.assertIn("line 1: not of the form", self.host.run()[1])
        self.assertFalse((self.host.path / "x").exists())


GOOD = {"targetVersion": "1.1.0", "currentVersion": "1.0.0", "requestedBy": "a", "requestedAt": "b"}


class HostileSignal(unittest.TestCase):
    """The signal lies in a folder that the Gateway's user writes to, so a Gateway in wrong hands can write anything."""

    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.close)

    def refuse(self, content):
        if isinstance(content, str):
            content = content.encode()
        self.host.signal.write_bytes(content)
        code, output = self.host.run()
        self.assertEqual(code, 1, (content, output))
        self.assertIn("the signal is refused", output)
        self.assertEqual(self.host.calls(), [], content)
        self.assertFalse(self.host.signal.exists())
        self.assertEqual(self.host.signal.with_name("update-signal.rejected").read_bytes(), content)
        names = {path.relative_to(self.host.path).parts[0] for path in self.host.path.rglob("*")}
        self.assertEqual(names, {"fake", "compose", "state"}, content)

    def test_versions_that_are_none(self):
        # R37
        for version in (
            "$(touch x)", "`touch x`", "1.2.3;touch x", "1.2.3\ntouch x", "../../etc/passwd", "1.2.3/../..", "latest",
            "", " 1.2.3", "1.2.3 ", "v1.2.3", "1.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3-a..b", "1.2.3+b",
            "1.2.-3", "1.2.3-ü", "1.2.3@sha256:0", "1.2.3|x", "1.2.3&", "-1.2.3", "--help", "1.2.3-" + "a" * 64,
            "1234567890.0.0", "1.1.0\u0000", "１.1.0",
        ):
            with self.subTest(version):
                self.refuse(json.dumps({**GOOD, "targetVersion": version}))
                self.refuse(json.dumps({**GOOD, "targetVersion": version}, ensure_ascii=False))

    def test_texts_that_are_no_such_object(self):
        good = json.dumps(GOOD)
        for text in (
            "", "x", "null", "[]", "{}", "1.1.0", good[:-1], good + "x", good + good, "x" + good, good.replace(",", ",,"),
            good[:-1] + ",}", json.dumps({**GOOD, "more": "x"}), json.dumps({**GOOD, "requestedBy": 1}),
            json.dumps({**GOOD, "requestedBy": None}), json.dumps({**GOOD, "requestedBy": {"targetVersion": "1.1.0"}}),
            good[:-1] + ',"targetVersion":"1.1.0"}', json.dumps({key: GOOD[key] for key in GOOD if key != "targetVersion"}),
            good.replace("targetVersion", "TargetVersion"), good.replace('"a"', '"a\\x"'), good.replace('"a"', "'a'"),
            good.replace('"a"', '"a\nb"'), good.replace('"a"', '"a\tb"'), good.replace('"a"', '"a\x1b[2J"'),
            good.replace(" ", "\0", 1), good + "\0", " " * 4097 + good, json.dumps({**GOOD, "requestedBy": "a" * 5000}),
        ):
            with self.subTest(text[:80]):
                self.refuse(text)
        self.refuse(b"\xff\xfe\x00")

    def test_spaces_and_order_are_free(self):
        self.host.signal.write_text('\n {\t"requestedAt" :"b",\r\n"targetVersion": "1.1.0"  }\n\n')
        code, output = self.host.run()
        self.assertEqual(code, 0, output)
        self.assertEqual(self.host.running(), "1.1.0")

    def test_who_asked_cannot_write_into_the_log(self):
        self.host.ask("1.1.0", requestedBy='$(touch x)\\u001b[2J"; rm -rf / #' + "z" * 300)
        code, output = self.host.run()
        self.assertEqual(code, 0, output)
        line = next(line for line in output.splitlines() if "asked for" in line)
        self.assertLess(len(line), 160)
        self.assertNotRegex(line, r"[$()\\;\x1b]")

    def test_content_is_never_shown(self):
        self.host.signal.write_text("secret-of-somebody")
        self.assertNotIn("secret-of-somebody", self.host.run()[1])

    def test_link_is_not_followed(self):
        target = self.host.path / "fake" / "elsewhere"
        target.write_text(json.dumps(GOOD))
        self.host.signal.symlink_to(target)
        code, output = self.host.run()
        self.assertEqual(code, 1)
        self.assertIn("not an ordinary file", output)
        self.assertEqual(self.host.calls(), [])
        self.assertTrue(target.exists())
        self.assertFalse(self.host.signal.is_symlink())

    def test_pipe_is_not_waited_for(self):
        os.mkfifo(self.host.signal)
        self.assertIn("not an ordinary file", self.host.run()[1])

    def test_folder_in_its_place(self):
        self.host.signal.mkdir()
        self.assertIn("not an ordinary file", self.host.run()[1])

    def test_folder_where_it_is_moved_to(self):
        self.host.signal.with_name("update-signal.rejected").mkdir()
        self.host.signal.write_text("x")
        self.assertEqual(self.host.run()[0], 1)
        self.assertFalse(self.host.signal.exists())

    def test_link_where_it_is_moved_to(self):
        victim = self.host.path / "fake" / "victim"
        victim.write_text("untouched")
        self.host.signal.with_name("update-signal.rejected").symlink_to(victim)
        self.host.signal.write_text("x")
        self.assertEqual(self.host.run()[0], 1)
        self.assertEqual(victim.read_text(), "untouched")


if __name__ == "__main__":
    unittest.main()
