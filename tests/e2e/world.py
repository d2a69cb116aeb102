"""A Gateway and an Agent as their users run them, for clients and servers that others wrote.

The programs are the debug builds; OCTOPORTY_BIN names another folder. Everything is on loopback.
"""

import http.client
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY = "0123456789abcdef0123456789abcdef"
PATIENCE_S = 20


def programs() -> pathlib.Path:
    """The folder of the built programs."""
    if folder := os.environ.get("OCTOPORTY_BIN"):
        return pathlib.Path(folder)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class World:
    """A Gateway and an Agent with the given mappings: rows of (domain, port, protocol).

    `gateway` and `agent` are settings of the two that differ from those below.
    """

    def __init__(self, mappings, gateway=None, agent=None):
        self.folder = tempfile.TemporaryDirectory(prefix="octoporty-")
        self.port, self.agent_port = free_port(), free_port()
        self.running = []
        path = pathlib.Path(self.folder.name)
        rows = "".join(
            f'[[mappings]]\ndomain = "{domain}"\nupstream = "http://127.0.0.1:{port}"\nprotocol = "{protocol}"\n'
            for domain, port, protocol in mappings
        )
        config = path / "agent.toml"
        config.write_text(rows)
        common = {"Logging__FilePath": "", "Logging__MinimumLevel": "Warning", "PATH": os.environ["PATH"]}
        self.start("octoporty-gateway", [], {
            **common,
            "Gateway__ApiKey": KEY,
            "Gateway__BindAddress": "127.0.0.1",
            "Gateway__Port": str(self.port),
            "Gateway__CaddyAdminUrl": "",
            "Gateway__StatePath": str(path / "gateway.json"),
            **(gateway or {}),
        })
        self.start("octoporty-agent", ["--config", str(config)], {
            **common,
            "Agent__GatewayUrl": f"ws://127.0.0.1:{self.port}/tunnel",
            "Agent__ApiKey": KEY,
            "Agent__JwtSecret": "j" * 40,
            "Agent__Auth__PasswordHash": "!",
            "Agent__BindAddress": "127.0.0.1",
            "Agent__Port": str(self.agent_port),
            "ConnectionStrings__DefaultConnection": f"Data Source={path / 'agent.db'}",
            **(agent or {}),
        })
        try:
            self.wait_until_connected()
        except BaseException:
            self.close()
            raise

    def start(self, name, arguments, environment):
        """Starts one program; `close` ends it."""
        program = programs() / name
        if not program.exists():
            raise FileNotFoundError(f"{program} is not built: cargo build --workspace --bins")
        self.running.append(subprocess.Popen([program, *arguments], env=environment, stdout=subprocess.DEVNULL))

    def wait_until_connected(self):
        """Waits until the Agent says that its tunnel is up."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.agent_port}/health", timeout=5) as answer:
                    if b"healthy" in answer.read():
                        return
            except (OSError, http.client.HTTPException):
                pass
            if any(process.poll() is not None for process in self.running):
                break
            time.sleep(0.05)
        raise RuntimeError("Gateway and Agent did not connect")

    def close(self):
        """Ends what was started here."""
        for process in reversed(self.running):
            process.terminate()
        for process in self.running:
            process.wait(PATIENCE_S)
        self.folder.cleanup()
