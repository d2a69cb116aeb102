"""The real programs of the trial: Caddy, the Gateway, the Agent and the service, as processes that can be ended and
started again. Everything is on loopback; only what was started here is ended.
"""

import asyncio
import contextlib
import glob
import json
import os
import pathlib
import signal
import socket
import sys
import time
import urllib.error
import urllib.request

import payload

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KEY = "0123456789abcdef0123456789abcdef"
PATIENCE_S = 90

# How long the Gateway lets what is under way finish. Shorter than the default, since streams go on for ever here.
DRAIN_S = 3


def programs():
    """The folder of the built programs."""
    if folder := os.environ.get("OCTOPORTY_BIN"):
        return pathlib.Path(folder)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"


def caddy_program():
    return pathlib.Path(os.environ.get("TEST_BIN_CADDY") or pathlib.Path(sys.executable).parent / "caddy")


def free_ports(count):
    """Ports that nobody listens on at the moment."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


class Part:
    """One program, its log, and whether it runs."""

    def __init__(self, name, command, environment, logs, port):
        self.name, self.command, self.environment, self.port = name, command, environment, port
        self.log, self.process, self.starts = logs / f"{name}.log", None, 0

    async def start(self):
        with open(self.log, "ab") as log:
            # What Python ignores stays ignored: a file that may not grow is an error then, and not the end.
            self.process = await asyncio.create_subprocess_exec(
                *map(str, self.command), env=self.environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                restore_signals=False, cwd=self.log.parent)
        self.starts += 1

    async def listens(self):
        """Waits until its port is open. Looks at the system's table, since a connection would count as a visitor."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_open(self.port):
            if self.process.returncode is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}; see {self.log}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not listen on {self.port}; see {self.log}")
            await asyncio.sleep(0.02)

    async def end(self, how=signal.SIGTERM):
        """Ends it and gives its exit status; kills it when it does not go."""
        if self.process is None or self.process.returncode is not None:
            return None
        pid = self.process.pid
        self.process.send_signal(how)
        try:
            await asyncio.wait_for(self.process.wait(), PATIENCE_S)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        for left in glob.glob(f"/dev/shm/*faketime_*_{pid}"):
            os.unlink(left)
        return self.process.returncode


def is_open(port):
    """Whether somebody listens on the port of this machine."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as file:
            for line in file:
                fields = line.split()
                if fields[1].endswith(f":{port:04X}") and fields[3] == "0A":
                    return True
    return False


class Parts:
    """All four, wired together. The Agent dials Caddy through the relay, which is made by the caller."""

    def __init__(self, folder, disk, logs, relay_port, ports, preload):
        self.folder, self.disk, self.ledger = folder, disk, folder / "ledger"
        self.https, self.admin, self.gateway_port, self.agent_port, *services = ports
        self.authority = folder / "data/caddy/pki/authorities/local/root.crt"
        base = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        common = {**base, "Logging__FilePath": "", "Logging__MinimumLevel": "Information", **preload}
        upstream = [sys.executable, HERE / "upstream.py", *services, self.ledger]
        self.upstream = Part("upstream", upstream, base, logs, services[0])
        caddy = {**base, "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
        self.caddy = Part("caddy", [caddy_program(), "run", "--config", self.caddy_config()], caddy, logs, self.https)
        gateway = {
            "Gateway__ApiKey": KEY, "Gateway__BindAddress": "127.0.0.1", "Gateway__Port": str(self.gateway_port),
            "Gateway__CaddyAdminUrl": f"http://127.0.0.1:{self.admin}", "Gateway__CaddyAskAddress": "",
            "Gateway__DrainPeriod": f"{DRAIN_S}s", "Gateway__StatePath": str(disk / "gateway.json"),
            "Gateway__UpdateSignalPath": str(folder / "update-signal"),
        }
        self.gateway = Part("gateway", [programs() / "octoporty-gateway"], common | gateway, logs, self.gateway_port)
        agent = {
            "Agent__GatewayUrl": f"wss://localhost:{relay_port}/tunnel", "Agent__ApiKey": KEY, "Agent__JwtSecret": "j" * 40,
            "Agent__Auth__PasswordHash": "!", "Agent__BindAddress": "127.0.0.1", "Agent__Port": str(self.agent_port),
            "ConnectionStrings__DefaultConnection": f"Data Source={disk / 'agent.db'}", "SSL_CERT_FILE": str(self.authority),
        }
        command = [programs() / "octoporty-agent", "--config", self.agent_config(services)]
        self.agent = Part("agent", command, common | agent, logs, self.agent_port)
        self.all = [self.upstream, self.caddy, self.gateway, self.agent]

    def agent_config(self, services):
        rows = zip((payload.APP, payload.CHAT, payload.RPC), services, ("auto", "auto", "h2c"))
        config = self.folder / "agent.toml"
        config.write_text("".join(
            f'[[mappings]]\ndomain = "{domain}"\nupstream = "http://127.0.0.1:{port}"\nprotocol = "{protocol}"\n'
            for domain, port, protocol in rows))
        return config

    def caddy_config(self):
        """Like the Caddyfile of docs/operations/caddy.md, with Caddy's own authority and other ports."""
        tunnel = {"handler": "reverse_proxy", "upstreams": [{"dial": f"127.0.0.1:{self.gateway_port}"}],
                  "stream_close_delay": "24h"}
        server = {"listen": [f"127.0.0.1:{self.https}"], "automatic_https": {"disable_redirects": True},
                  "routes": [{"match": [{"host": ["localhost"]}], "handle": [tunnel], "terminal": True}]}
        config = self.folder / "caddy.json"
        config.write_text(json.dumps({
            "admin": {"listen": f"127.0.0.1:{self.admin}", "config": {"persist": False}},
            "logging": {"logs": {"default": {"level": "WARN"}}},
            "apps": {
                "http": {"http_port": 1, "https_port": self.https, "grace_period": "1s", "servers": {"srv0": server}},
                "tls": {"automation": {"policies": [{"issuers": [{"module": "internal"}]}]}},
                "pki": {"certificate_authorities": {"local": {"install_trust": False}}},
            },
        }))
        return config

    async def start(self):
        """Starts all and waits until the tunnel is up and Caddy has the routes."""
        for part in self.all:
            await part.start()
            await part.listens()
        await until("the tunnel is up", self.is_connected)
        await until("Caddy has the routes", self.has_routes)

    def is_connected(self):
        return b"healthy" in fetch(f"http://127.0.0.1:{self.agent_port}/health")

    def has_routes(self):
        return fetch(f"http://127.0.0.1:{self.admin}/config/").count(b'"@id":"octoporty-') == 3

    async def close(self):
        """Ends all; says which did not end as they should."""
        odd = []
        for part in reversed(self.all):
            if part.process and part.process.returncode is not None:
                odd.append(f"{part.name} ended by itself with {part.process.returncode}")
            elif await part.end() and part in (self.gateway, self.agent):
                odd.append(f"{part.name} ended with {part.process.returncode}")
        return odd


def fetch(url):
    """The answer's body; nothing when there is none."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read()
    except (urllib.error.URLError, OSError):
        return b""


async def until(what, is_so):
    deadline = time.monotonic() + PATIENCE_S
    while not await asyncio.to_thread(is_so):
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {PATIENCE_S} s: {what}")
        await asyncio.sleep(0.1)
