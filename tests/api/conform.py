#!/usr/bin/env python3
"""Asks a running Agent, with a real Gateway, for everything that docs/openapi.json has, and for much that it has not.

  ./conform.py                      a short run, as in the checks
  ./conform.py --examples 500       each operation with 500 examples
  ./conform.py --examples 500 -- --include-path-regex mappings     what follows goes to schemathesis as it is

Fails on a 5xx that the document does not know, on an undocumented status, and on an answer that is not as described.
The programs are the debug builds; OCTOPORTY_BIN names another folder.
"""

import argparse
import http.cookiejar
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from world import ROOT, World  # noqa: E402 (found by the line above)

PASSWORD = "an ordinary password"

# A stream that does not end. What it answers before it begins is tested in the Agent's own tests.
ENDLESS = "/api/v1/events"


class Service(http.server.BaseHTTPRequestHandler):
    """What mappings lead to."""

    def do_GET(self):
        body = b"<title>A service</title>hello"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def sign_in(port, into):
    """Signs in and keeps the cookies where the hooks find them."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/auth/login",
        data=json.dumps({"password": PASSWORD}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with opener.open(request, timeout=20):
        pass
    into.write_text(json.dumps({cookie.name: cookie.value for cookie in jar}))


def world(folder, service):
    """A Gateway and an Agent that one can sign in to, and that believes who the hooks say they are."""
    hashed = subprocess.run(["openssl", "passwd", "-6", PASSWORD], capture_output=True, text=True, check=True)
    return World(
        [("app.example.test", service, "auto")],
        gateway={"Gateway__UpdateSignalPath": str(folder / "update-signal")},
        agent={"Agent__Auth__PasswordHash": hashed.stdout.strip(), "Agent__TrustedProxies": "127.0.0.0/8"},
    )


def schemathesis(port, folder, arguments):
    """Runs it to its end; gives its exit code."""
    cookies = folder / "cookies.json"
    sign_in(port, cookies)
    program = pathlib.Path(sys.executable).parent / "schemathesis"
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
        "OCTOPORTY_COOKIES": str(cookies),
        "OCTOPORTY_API": f"http://127.0.0.1:{port}",
        "OCTOPORTY_PASSWORD": PASSWORD,
    }
    command = [program, "--config-file", HERE / "schemathesis.toml", "run", ROOT / "docs/openapi.json", "--url", f"http://127.0.0.1:{port}", *arguments]
    return subprocess.run(command, env=environment, cwd=folder, check=False).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=10, help="of each operation, in each phase")
    parser.add_argument("--seconds", type=int, help="goes on for so long, whatever the number of examples")
    parser.add_argument("rest", nargs="*", help="for schemathesis")
    options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    common = [
        "-c", "all", "-n", str(options.examples), "--continue-on-failure", "--request-timeout", "30",
        "--generation-database", "none", "--no-color", *options.rest,
    ]
    if options.seconds:
        common += ["--max-time", str(options.seconds)]
    with tempfile.TemporaryDirectory(prefix="octoporty-api-") as name:
        folder = pathlib.Path(name)
        running = world(folder, server.server_address[1])
        try:
            code = schemathesis(running.agent_port, folder, [*common, "--exclude-path", ENDLESS])
        finally:
            running.close()
            server.shutdown()
    sys.exit(code)


if __name__ == "__main__":
    main()
