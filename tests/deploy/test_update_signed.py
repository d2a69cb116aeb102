"""Signed releases: an image pinned to its digest, and programs that systemd runs, downloaded and checked."""

import hashlib
import os
import platform
import subprocess
import unittest

from updater import Host

MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Signed(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.close)
        self.secret = self.host.path / "secret.pem"
        key = self.host.environment["OCTOPORTY_RELEASE_KEY"]
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.secret)
        openssl("ec", "-in", self.secret, "-pubout", "-out", key)
        self.host.environment["OCTOPORTY_BASE_URL"] = "https://releases.example.com/octoporty"

    def release(self, version, lines):
        """Publishes the list of digests of a release, signed: rows of (digest, name)."""
        self.web = self.host.fake / "web" / "octoporty" / f"v{version}"
        self.web.mkdir(parents=True)
        sums = self.web / "SHA256SUMS"
        sums.write_text("".join(f"{digest}  {name}\n" for digest, name in lines))
        openssl("dgst", "-sha256", "-sign", self.secret, "-out", self.web / "SHA256SUMS.sig", sums)


class Image(Signed):
    DIGEST = "ab" * 32

    def test_image_is_pinned_to_its_signed_digest(self):
        # R37
        self.release("1.1.0", [("cd" * 32, "image/octoporty-agent:1.1.0"), (self.DIGEST, "image/octoporty-gateway:1.1.0")])
        self.host.ask("1.1.0")
        code, output = self.host.run()
        self.assertEqual(code, 0, output)
        self.assertEqual(self.host.tag(), f"1.1.0@sha256:{self.DIGEST}")
        self.assertIn(f"pull --quiet octoporty-gateway:1.1.0@sha256:{self.DIGEST}", self.host.calls())

    def test_next_update_compares_with_the_version_before_the_digest(self):
        self.test_image_is_pinned_to_its_signed_digest()
        self.host.ask("1.0.5")
        self.assertIn("1.0.5 is older than 1.1.0", self.host.run()[1])

    def refuse(self, reason):
        self.host.ask("1.1.0")
        code, output = self.host.run()
        self.assertEqual(code, 1)
        self.assertIn(reason, output)
        self.assertEqual((self.host.running(), self.host.tag()), ("1.0.0", "1.0.0"))

    def test_list_that_was_changed_is_refused(self):
        # R37
        self.release("1.1.0", [(self.DIGEST, "image/octoporty-gateway:1.1.0")])
        sums = self.web / "SHA256SUMS"
        sums.write_text(sums.read_text().replace("ab", "cd"))
        self.refuse("the signature of release 1.1.0 does not fit the key")

    def test_list_of_another_release_is_refused(self):
        # R37
        self.release("1.1.0", [(self.DIGEST, "image/octoporty-gateway:1.0.0"), (self.DIGEST, "image/octoporty-gateway:1x1.0")])
        self.refuse("the release names no image of octoporty-gateway")

    def test_missing_release_is_refused(self):
        self.refuse("could not be fetched")

    def test_key_without_an_address_is_refused(self):
        for address in ("", "http://releases.example.com", "https://releases.example.com/$(touch x)", "file:///etc"):
            self.host.environment["OCTOPORTY_BASE_URL"] = address
            self.refuse("OCTOPORTY_BASE_URL is no https address")


class Program(Signed):
    """The Gateway as a service of systemd."""

    def setUp(self):
        super().setUp()
        self.host.environment |= {"OCTOPORTY_MODE": "systemd", "OCTOPORTY_SIGNAL": str(self.host.signal)}
        self.prefix = self.host.path / "usr"
        (self.prefix / "bin").mkdir(parents=True)
        self.install("1.0.0")
        self.link = self.prefix / "bin" / "octoporty-gateway"
        self.link.symlink_to("../lib/octoporty/1.0.0/octoporty-gateway")
        self.host.put("active", "")

    def program(self, version):
        return f"#!/bin/sh\necho octoporty-gateway {version}\n".encode()

    def install(self, version):
        path = self.prefix / "lib" / "octoporty" / version / "octoporty-gateway"
        path.parent.mkdir(parents=True)
        path.write_bytes(self.program(version))
        path.chmod(0o755)

    def publish(self, version, content=None):
        content = content or self.program(version)
        name = f"octoporty-gateway-{version}-linux-{MACHINE}"
        self.release(version, [(hashlib.sha256(content).hexdigest(), name)])
        (self.web / name).write_bytes(content)
        return self.web / name

    def assert_runs(self, version):
        self.assertEqual(os.readlink(self.link), f"../lib/octoporty/{version}/octoporty-gateway")
        self.assertTrue((self.host.fake / "active").exists())

    def test_program_is_checked_installed_and_restarted(self):
        # R37
        self.publish("1.1.0")
        self.host.ask("1.1.0")
        code, output = self.host.run()
        self.assertEqual(code, 0, output)
        self.assert_runs("1.1.0")
        self.assertIn("systemctl restart octoporty-gateway.service", self.host.calls())
        self.assertEqual(self.link.stat().st_mode & 0o777, 0o755)
        self.assertFalse(self.host.signal.exists())
        self.assertFalse((self.host.state / "release").exists())

    def test_program_that_does_not_start_is_taken_back(self):
        self.host.put("sick", "1.1.0")
        self.publish("1.1.0")
        self.host.ask("1.1.0")
        self.assertEqual(self.host.run()[0], 1)
        self.assert_runs("1.0.0")
        self.assertTrue(self.host.signal.with_name("update-signal.failed").exists())

    def test_program_that_was_changed_is_refused(self):
        # R37
        self.publish("1.1.0").write_bytes(b"#!/bin/sh\ntouch x\n")
        self.host.ask("1.1.0")
        code, output = self.host.run()
        self.assertEqual(code, 1)
        self.assertIn("does not have the digest that was signed", output)
        self.assert_runs("1.0.0")
        self.assertFalse((self.prefix / "lib/octoporty/1.1.0").exists())

    def test_without_a_key_no_program_is_taken(self):
        # R37
        self.publish("1.1.0")
        (self.host.path / "release-key.pem").unlink()
        self.host.ask("1.1.0")
        self.assertIn("there is no key to check releases with", self.host.run()[1])
        self.assert_runs("1.0.0")

    def test_programs_before_the_last_are_removed(self):
        for version in ("1.1.0", "1.2.0"):
            self.publish(version)
            self.host.ask(version)
            self.assertEqual(self.host.run()[0], 0)
        self.assertEqual(sorted(path.name for path in (self.prefix / "lib/octoporty").iterdir()), ["1.1.0", "1.2.0"])

    def test_program_that_is_no_link_is_left_alone(self):
        self.link.unlink()
        self.link.write_bytes(self.program("1.0.0"))
        self.publish("1.1.0")
        self.host.ask("1.1.0")
        code, output = self.host.run()
        self.assertEqual(code, 1)
        self.assertIn("is not a link", output)


if __name__ == "__main__":
    unittest.main()
