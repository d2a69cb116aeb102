"""The snippets of docs/operations/reverse-proxies.md, word for word but for names, ports and paths: nginx and HAProxy in front of a
real Gateway, with an Agent that dials through them. Needs the programs built, and the packages nginx and haproxy."""

import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

from tools import ROOT, find, needs

sys.path.insert(0, str(ROOT / "tests/e2e"))

from world import KEY, PATIENCE_S, free_port, programs

try:
    import grpc
    import websockets.sync.client
except ImportError as missing:
    grpc, MISSING = None, str(missing)

PAGE = (ROOT / "docs/operations/reverse-proxies.md").read_text()
BUILT = all((programs() / name).exists() for name in ("octoporty-gateway", "octoporty-agent", "demo-service"))
# Which names the certificate has, and so the mappings.
DOMAINS = ("gateway.example.com", "app.example.com", "grpc.example.com")


def snippet(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


def replace(text, pairs):
    """Puts the test's own ports and paths in the place of those in the page; each must be there."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


class Behind:
    """Gateway, proxy and Agent; the tests below run against each proxy."""

    @classmethod
    def setUpClass(cls):
        cls.running = []
        cls.temporary = tempfile.TemporaryDirectory(prefix="octoporty-proxy-")
        cls.path = pathlib.Path(cls.temporary.name)
        cls.path.chmod(0o755)
        cls.port, cls.gateway, cls.agent, cls.demo = (free_port() for _ in range(4))
        try:
            cls.make_certificate()
            cls.start_all()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        if hasattr(cls, "server"):
            cls.server.stop(0)
        for process in reversed(cls.running):
            process.terminate()
        for process in cls.running:
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
        cls.temporary.cleanup()

    @classmethod
    def make_certificate(cls):
        """An authority and what it signed: the Agent takes no certificate that is both."""
        names = ",".join(f"DNS:{name}" for name in (*DOMAINS, "localhost"))
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        (cls.path / "leaf.cnf").write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
        for arguments in (
            ["req", "-x509", *key, "-days", "2", "-subj", "/CN=octoporty test", "-keyout", "ca-key.pem", "-out", "ca.pem"],
            ["req", *key, "-subj", "/CN=gateway.example.com", "-keyout", "key.pem", "-out", "request.pem"],
            ["x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "2", "-extfile", "leaf.cnf", "-out", "cert.pem"],
        ):
            subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=cls.path)
        (cls.path / "combined.pem").write_bytes((cls.path / "cert.pem").read_bytes() + (cls.path / "key.pem").read_bytes())

    @classmethod
    def spawn(cls, name, arguments, environment):
        with (cls.path / f"{pathlib.Path(str(name)).name}.log").open("wb") as log:
            environment = {"PATH": os.environ["PATH"], **environment}
            cls.running.append(subprocess.Popen([name, *map(str, arguments)], env=environment, stdout=log, stderr=log))

    @classmethod
    def start_all(cls):
        from test_grpc import Echo

        cls.server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
        cls.server.add_generic_rpc_handlers((Echo(),))
        grpc_port = cls.server.add_insecure_port("127.0.0.1:0")
        cls.server.start()
        quiet = {"Logging__FilePath": ""}
        cls.spawn(programs() / "demo-service", ["--port", cls.demo], {})
        cls.spawn(programs() / "octoporty-gateway", [], {
            **quiet, "Gateway__ApiKey": KEY, "Gateway__BindAddress": "127.0.0.1", "Gateway__Port": str(cls.gateway),
            "Gateway__CaddyAdminUrl": "", "Gateway__StatePath": str(cls.path / "gateway.json"), "Gateway__Fqdn": DOMAINS[0],
        })
        cls.start_proxy()
        (cls.path / "agent.toml").write_text(
            f'[[mappings]]\ndomain = "app.example.com"\nupstream = "http://127.0.0.1:{cls.demo}"\n'
            f'[[mappings]]\ndomain = "grpc.example.com"\nupstream = "http://127.0.0.1:{grpc_port}"\nprotocol = "h2c"\n'
        )
        cls.spawn(programs() / "octoporty-agent", ["--config", cls.path / "agent.toml"], {
            **quiet, "Agent__GatewayUrl": f"wss://localhost:{cls.port}/tunnel", "SSL_CERT_FILE": str(cls.path / "ca.pem"),
            "Agent__ApiKey": KEY, "Agent__JwtSecret": "j" * 40, "Agent__Auth__PasswordHash": "!", "Agent__BindAddress": "127.0.0.1",
            "Agent__Port": str(cls.agent), "ConnectionStrings__DefaultConnection": f"Data Source={cls.path / 'data/agent.db'}",
        })
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                if cls.ask("app.example.com", "/hello").status == 200:
                    return
            except OSError:
                pass
            if time.monotonic() > deadline:
                logs = "\n".join(f"{path.name}:\n{path.read_text()[-1500:]}" for path in cls.path.glob("*.log"))
                raise RuntimeError(f"the tunnel through the proxy did not come up\n{logs}")
            time.sleep(0.05)

    @classmethod
    def tls(cls):
        return ssl.create_default_context(cafile=cls.path / "ca.pem")

    @classmethod
    def ask(cls, host, path, method="GET", body=None, headers=None):
        connection = Visitor(host, cls.port, cls.tls())
        connection.request(method, path, body, {"Connection": "close", **(headers or {})})
        return connection.getresponse()

    def test_page_and_where_it_came_from(self):
        answer = self.ask("app.example.com", "/headers", headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "gopher"})
        text = answer.read().decode()
        self.assertEqual(answer.status, 200, text)
        for line in ('"x-forwarded-for"', "127.0.0.1", '"https"', "app.example.com"):
            self.assertIn(line, text.lower())
        self.assertNotIn("203.0.113.9", text)
        self.assertNotIn("gopher", text)

    def test_http2(self):
        outcome = subprocess.run(
            ["curl", "--silent", "--http2", "--cacert", self.path / "ca.pem", "--connect-to", f"::127.0.0.1:{self.port}",
             "--write-out", " %{http_version} %{http_code}", "https://app.example.com/hello"], capture_output=True, text=True,
        )
        self.assertTrue(outcome.stdout.endswith(" 2 200"), outcome)

    def test_gateways_own_host_and_an_unknown_one(self):
        answer = self.ask("gateway.example.com", "/health")
        self.assertEqual((answer.status, json.loads(answer.read())["tunnel"]), (200, "up"))
        # The name in TLS is one of the certificate's; the one in HTTP decides.
        answer = self.ask("app.example.com", "/", headers={"Host": "nobody.example.com"})
        self.assertIn(answer.status, (404, 421))

    def test_websocket(self):
        with websockets.sync.client.connect("wss://app.example.com/clock", sock=socket_to(self.port), ssl=self.tls()) as connection:
            connection.send("4711")
            deadline = time.monotonic() + PATIENCE_S
            while json.loads(connection.recv(PATIENCE_S)).get("echo") != "4711":
                self.assertLess(time.monotonic(), deadline)

    def test_events_arrive_one_by_one(self):
        answer = self.ask("app.example.com", "/events", headers={"Accept": "text/event-stream"})
        times = []
        while len(times) < 3:
            if answer.fp.readline().startswith(b"data:"):
                times.append(time.monotonic())
        # One a second. All of them at once would mean that somebody gathered them.
        self.assertGreater(times[2] - times[0], 1.0)
        answer.close()

    def test_upload_larger_than_usual_limits(self):
        size = 20_000_000
        answer = self.ask("app.example.com", "/upload", "POST", iter([b"x" * 1_000_000] * 20), {"Content-Length": str(size)})
        text = answer.read().decode()
        self.assertEqual(answer.status, 200, text)
        self.assertIn(str(size), text)

    def test_upload_is_passed_on_while_it_comes(self):
        connection = Visitor("app.example.com", self.port, self.tls())
        connection.putrequest("POST", "/echo")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        connection.send(b"5\r\nfirst\r\n")
        answer = connection.response_class(connection.sock)
        answer.begin()
        self.assertEqual(answer.read1(5), b"first")
        connection.send(b"4\r\nlast\r\n0\r\n\r\n")
        self.assertEqual(answer.read(), b"last")

    def test_grpc_in_all_directions(self):
        credentials = grpc.ssl_channel_credentials((self.path / "ca.pem").read_bytes())
        options = (("grpc.ssl_target_name_override", "grpc.example.com"), ("grpc.default_authority", "grpc.example.com"), ("grpc.enable_http_proxy", 0))
        with grpc.secure_channel(f"127.0.0.1:{self.port}", credentials, options) as channel:
            self.assertEqual(channel.unary_unary("/test.Echo/Unary")(b"x" * 100_000, timeout=PATIENCE_S), b"x" * 100_000)
            self.assertEqual(list(channel.unary_stream("/test.Echo/Split")(b"abc", timeout=PATIENCE_S)), [b"a", b"b", b"c"])
            chat = channel.stream_stream("/test.Echo/Chat")
            self.assertEqual(list(chat(iter([b"1", b"2"]), timeout=PATIENCE_S)), [b"1", b"2"])
            with self.assertRaises(grpc.RpcError) as caught:
                channel.unary_unary("/test.Echo/Fail")(b"", timeout=PATIENCE_S)
            self.assertEqual((caught.exception.code(), caught.exception.details()), (grpc.StatusCode.FAILED_PRECONDITION, "not today: 5 %"))


def socket_to(port):
    return socket.create_connection(("127.0.0.1", port), PATIENCE_S)


class Visitor(http.client.HTTPSConnection):
    """Speaks to the proxy on loopback, whatever the host is called."""

    def __init__(self, host, port, context):
        super().__init__(host, 443, timeout=PATIENCE_S, context=context)
        self.address = port

    def connect(self):
        self.sock = self._context.wrap_socket(socket_to(self.address), server_hostname=self.host)


@unittest.skipUnless(BUILT, "the programs are not built: cargo build --workspace --bins")
@unittest.skipIf(grpc is None, f"a package of tests/requirements.txt is missing: {'' if grpc else MISSING}")
@needs("nginx", "the package nginx")
class Nginx(Behind, unittest.TestCase):
    @classmethod
    def start_proxy(cls):
        text = replace(snippet("nginx"), [
            ("127.0.0.1:17200", f"127.0.0.1:{cls.gateway}"), ("listen 443 ssl", f"listen 127.0.0.1:{cls.port} ssl"),
            (" grpc.example.com;", " grpc.example.com localhost;"),
            ("/etc/ssl/octoporty/fullchain.pem", str(cls.path / "cert.pem")), ("/etc/ssl/octoporty/privkey.pem", str(cls.path / "key.pem")),
        ])
        temporary = "".join(f"{name}_temp_path {cls.path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = cls.path / "nginx.conf"
        config.write_text(
            f"pid {cls.path}/nginx.pid; error_log stderr; daemon off; worker_processes 1; events {{}}\n"
            f"http {{ access_log off; {temporary}\n{text}\n}}\n"
        )
        cls.spawn(find("nginx"), ["-c", config, "-p", cls.path, "-e", "stderr"], {})


@unittest.skipUnless(BUILT, "the programs are not built: cargo build --workspace --bins")
@unittest.skipIf(grpc is None, f"a package of tests/requirements.txt is missing: {'' if grpc else MISSING}")
@needs("haproxy", "the package haproxy")
class Haproxy(Behind, unittest.TestCase):
    @classmethod
    def start_proxy(cls):
        text = replace(snippet("haproxy"), [
            ("127.0.0.1:17200", f"127.0.0.1:{cls.gateway}"), ("bind :443", f"bind 127.0.0.1:{cls.port}"),
            ("/etc/ssl/octoporty/combined.pem", str(cls.path / "combined.pem")),
        ])
        config = cls.path / "haproxy.cfg"
        config.write_text("global\n    maxconn 1000\n" + text)
        cls.spawn(find("haproxy"), ["-db", "-f", config], {})


if __name__ == "__main__":
    unittest.main()
