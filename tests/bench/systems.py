"""The systems under test. To add one, append a System to SYSTEMS: see 'tunnel' at the end of this file.

Every system is processes that listen on 127.0.0.1 and lead, in the end, to the backend on BACKEND.
`{dir}` in an argument, an environment value or a file's text becomes the system's scratch folder, `{bin}` the folder
of our own programs (TUNNEL_BIN).
"""
import os
from dataclasses import dataclass, field

BACKEND = int(os.environ.get("BENCH_BACKEND", 17000))
CACHE = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
PEERS = os.environ.get("PEERS") or f"{CACHE}/tunnel-bench/peers"
HERE = os.path.dirname(os.path.abspath(__file__))
LOADKIT = os.environ.get("LOADKIT", f"{HERE}/loadkit/target/release/loadkit")
CADDY = next((c for c in (f"{PEERS}/venv/bin/caddy", f"{CACHE}/octoporty-tests/venv/bin/caddy") if os.path.exists(c)),
             "caddy")
RATHOLE = f"{PEERS}/bin/rathole"

# Keys of a benchmark on loopback. They protect nothing.
API_KEY, JWT_SECRET = "k" * 40, "j" * 40
# Of the word "benchmark": openssl passwd -6 -salt benchmarksalt benchmark
PASSWORD_HASH = "$6$benchmarksalt$L//82lwE8EKk0Eec9iRxt.ZyatWyhByWSM0/b5zNtW81lM6gGleprIWZAsBDKgFYvK21/e.A3rs/UxKxbqL8Q0"


@dataclass
class Proc:
    role: str                       # "server" (public side) or "client" (private side)
    argv: list
    env: dict = field(default_factory=dict)
    ready: int = 0                  # wait until this port listens before starting the next process


@dataclass
class System:
    name: str
    port: int                       # the public port that the load goes to
    procs: list = field(default_factory=list)
    files: dict = field(default_factory=dict)   # name in {dir} -> text
    host: str = "app.example.test"  # Host header of every request
    version: list = field(default_factory=list)  # prints the version of the program
    env_needed: str = ""            # this environment variable must be set, else the system is left out
    shown: bool = True              # part of the default set


# ---------------------------------------------------------------- no tunnel

def nginx_conf(port, upstream, pid):
    # Settings that an administrator would use for a streaming upstream: keep-alive, no spooling to disk.
    return f"""
worker_processes auto; daemon off; pid {{dir}}/{pid}.pid; error_log {{dir}}/{pid}.err warn;
events {{ worker_connections 32768; }}
http {{
  access_log off; keepalive_requests 1000000000; client_max_body_size 0;
  proxy_read_timeout 900s; proxy_send_timeout 900s;
  client_body_temp_path {{dir}}/b; proxy_temp_path {{dir}}/p; fastcgi_temp_path {{dir}}/f;
  uwsgi_temp_path {{dir}}/u; scgi_temp_path {{dir}}/s;
  map $http_upgrade $conn {{ default upgrade; '' ''; }}
  upstream up {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $conn;
      proxy_request_buffering off; proxy_max_temp_file_size 0;
    }}
  }}
}}
"""


def nginx(role, port, name):
    return Proc(role, ["nginx", "-e", f"{{dir}}/{name}.err", "-c", f"{{dir}}/{name}.conf"], {}, port)


def haproxy_conf(port):
    return f"""global
  maxconn 9000
defaults
  mode http
  timeout connect 5s
  timeout client 900s
  timeout server 900s
  timeout tunnel 900s
listen web
  bind 127.0.0.1:{port}
  server s1 127.0.0.1:{BACKEND}
"""


def caddy(name, port, upstream, behind=(), files=None, **more):
    """Caddy without TLS in front of `upstream`; the processes `behind` it are started first."""
    text = (f"{{\n admin off\n auto_https off\n}}\n"
            f"http://:{port} {{\n bind 127.0.0.1\n reverse_proxy 127.0.0.1:{upstream}\n}}\n")
    home = {"HOME": "{dir}", "XDG_DATA_HOME": "{dir}", "XDG_CONFIG_HOME": "{dir}"}
    run = Proc("server", [CADDY, "run", "--config", "{dir}/Caddyfile", "--adapter", "caddyfile"], home, port)
    return System(name, port, [*behind, run], {"Caddyfile": text, **(files or {})}, version=[CADDY, "version"], **more)


# ---------------------------------------------------------------- rathole

# A throw-away key pair made with `rathole --genkey`.
NOISE_PRIV = "hGMLGwRZnZiF5UmmRnyw/03MN7UJ5A87T67bHimtE1Y="
NOISE_PUB = "FfZmCKNnaCvWrROsAbpnxEQuLmZIAZlnCzr5RXv1pw4="


def rathole_parts(control, port, transport):
    extra_s = extra_c = ""
    if transport == "websocket":
        extra_s, extra_c = "[server.transport.websocket]\ntls = false\n", "[client.transport.websocket]\ntls = false\n"
    if transport == "noise":
        extra_s = f'[server.transport.noise]\nlocal_private_key = "{NOISE_PRIV}"\n'
        extra_c = f'[client.transport.noise]\nremote_public_key = "{NOISE_PUB}"\n'
    files = {
        f"server{port}.toml": f'[server]\nbind_addr = "127.0.0.1:{control}"\ndefault_token = "bench"\n'
                              f'[server.transport]\ntype = "{transport}"\n{extra_s}'
                              f'[server.services.web]\nbind_addr = "127.0.0.1:{port}"\n',
        f"client{port}.toml": f'[client]\nremote_addr = "127.0.0.1:{control}"\ndefault_token = "bench"\n'
                              f'[client.transport]\ntype = "{transport}"\n{extra_c}'
                              f'[client.services.web]\nlocal_addr = "127.0.0.1:{BACKEND}"\n',
    }
    procs = [Proc("server", [RATHOLE, "--server", f"{{dir}}/server{port}.toml"], {}, control),
             Proc("client", [RATHOLE, "--client", f"{{dir}}/client{port}.toml"], {}, port)]
    return procs, files


def rathole(name, control, port, transport):
    procs, files = rathole_parts(control, port, transport)
    return System(name, port, procs, files, version=[RATHOLE, "--version"])


def caddy_rathole():
    procs, files = rathole_parts(17091, 17092, "tcp")
    return caddy("caddy>rathole", 17090, 17092, procs, files)


# ---------------------------------------------------------------- ours

def gateway(port):
    # All visitors come from one address here, hence the last line.
    return Proc("server", ["{bin}/octoporty-gateway"],
                {"Gateway__Port": str(port), "Gateway__BindAddress": "127.0.0.1", "Gateway__ApiKey": API_KEY,
                 "Gateway__CaddyAdminUrl": "", "Gateway__StatePath": "{dir}/gateway-state.json",
                 "Gateway__UpdateSignalPath": "{dir}/update-signal", "Gateway__AllowRemoteUpdate": "false",
                 "Logging__MinimumLevel": "Warning", "Logging__FilePath": "",
                 "Gateway__MaxConnectionsPerAddress": "65536"}, port)


def agent(gateway_port, ui_port, argv, number=0):
    return Proc("client", ["{bin}/octoporty-agent", *argv],
                {"Agent__GatewayUrl": f"ws://127.0.0.1:{gateway_port}/tunnel", "Agent__ApiKey": API_KEY,
                 "Agent__JwtSecret": JWT_SECRET, "Agent__Auth__PasswordHash": PASSWORD_HASH,
                 "Agent__Port": str(ui_port), "Agent__BindAddress": "127.0.0.1", "Agent__Name": f"bench-{number}",
                 "Logging__MinimumLevel": "Warning", "Logging__FilePath": "",
                 "ConnectionStrings__DefaultConnection": f"Data Source={{dir}}/agent{number}/agent.db"}, ui_port)


def domain(i):
    """The i-th of many mappings, or of many Agents."""
    return f"app{i}.example.test"


def ours(name, port, procs, files=None, host="app.example.test"):
    return System(name, port, procs, files or {}, host, ["{bin}/octoporty-gateway", "--version"], "TUNNEL_BIN")


def tunnel(name, port, ui_port):
    """One mapping, from the command line."""
    return ours(name, port, [gateway(port), agent(port, ui_port, ["--map", f"app.example.test=http://127.0.0.1:{BACKEND}"])])


def tunnel_with_mappings(name, port, ui_port, count):
    """`count` mappings, from the configuration file."""
    rows = (f'[[mappings]]\ndomain = "{domain(i)}"\nupstream = "http://127.0.0.1:{BACKEND}"\n' for i in range(count))
    return ours(name, port, [gateway(port), agent(port, ui_port, ["--config", "{dir}/agent.toml"])],
                {"agent.toml": "".join(rows)}, domain(count - 1))


def tunnel_with_agents(name, port, first_ui_port, count):
    """`count` Agents, each with one mapping."""
    agents = (agent(port, first_ui_port + i, ["--map", f"{domain(i)}=http://127.0.0.1:{BACKEND}"], i) for i in range(count))
    return ours(name, port, [gateway(port), *agents], host=domain(count - 1))


def caddy_tunnel():
    behind = tunnel("", 17094, 17095).procs
    return caddy("caddy>tunnel", 17093, 17094, behind, env_needed="TUNNEL_BIN")


def caddy_hop(name, port, scheme, shards):
    """Caddy in front of the Gateway as its own routes have it, but with `scheme` between the two for all requests."""
    front = gateway(port + 1)
    front.env["Gateway__Shards"] = str(shards)
    behind = [front, agent(port + 1, port + 2, ["--map", f"app.example.test=http://127.0.0.1:{BACKEND}"])]
    system = caddy(name, port, port + 1, behind, env_needed="TUNNEL_BIN", shown=False)
    system.files["Caddyfile"] = (f"{{\n admin off\n auto_https off\n}}\nhttp://:{port} {{\n bind 127.0.0.1\n"
                                 f" reverse_proxy {scheme}127.0.0.1:{port + 1} {{\n  flush_interval 1ms\n }}\n}}\n")
    return system


SYSTEMS = [
    # -- no tunnel: one hop or none
    System("direct", BACKEND),
    System("nginx", 17010, [nginx("server", 17010, "n")], {"n.conf": nginx_conf(17010, BACKEND, "n")}, version=["nginx", "-v"]),
    System("haproxy", 17020, [Proc("server", ["haproxy", "-db", "-f", "{dir}/haproxy.cfg"], {}, 17020)],
           {"haproxy.cfg": haproxy_conf(17020)}, version=["haproxy", "-v"]),
    caddy("caddy", 17030, BACKEND),
    # -- floors: two hops with as little work as can be
    System("relay x2", 17041, [Proc("client", [LOADKIT, "relay", "17042", str(BACKEND)], {}, 17042),
                               Proc("server", [LOADKIT, "relay", "17041", "17042"], {}, 17041)]),
    System("nginx x2", 17051, [nginx("client", 17052, "c"), nginx("server", 17051, "s")],
           {"c.conf": nginx_conf(17052, BACKEND, "c"), "s.conf": nginx_conf(17051, 17052, "s")}, version=["nginx", "-v"]),
    # -- floors of a multiplexed tunnel (one process a side, one connection, no HTTP): see loadkit/src/mux.rs
    *[System(name, port, [Proc("server", [LOADKIT, "mux-gateway", str(port), str(port + 1), *opts], {}, port + 1),
                          Proc("client", [LOADKIT, "mux-agent", str(port + 1), str(BACKEND), *opts])], shown=False)
      for name, port, opts in (("mux", 17100, []), ("mux-ev8", 17102, ["--interval", "8"]),
                               ("mux-1thread", 17104, ["--threads", "0"]), ("mux-x4", 17106, ["--tunnels", "4"]))],
    # -- tunnels
    rathole("rathole", 17061, 17060, "tcp"),
    rathole("rathole-ws", 17066, 17065, "websocket"),
    rathole("rathole-noise", 17068, 17067, "noise"),
    System("bore", 17070, [Proc("server", [f"{PEERS}/bin/bore", "server", "--min-port", "17070", "--bind-addr", "127.0.0.1",
                                           "--bind-tunnels", "127.0.0.1"], {}, 7835),
                           Proc("client", [f"{PEERS}/bin/bore", "local", str(BACKEND), "--to", "127.0.0.1", "--port", "17070"],
                                {}, 17070)], version=[f"{PEERS}/bin/bore", "--version"]),
    System("wstunnel", 17080, [Proc("server", [f"{PEERS}/bin/wstunnel", "server", "ws://127.0.0.1:17081"], {}, 17081),
                               Proc("client", [f"{PEERS}/bin/wstunnel", "client", "-R",
                                               f"tcp://127.0.0.1:17080:127.0.0.1:{BACKEND}", "ws://127.0.0.1:17081"], {}, 17080)],
           version=[f"{PEERS}/bin/wstunnel", "--version"]),
    caddy_rathole(),
    # -- ours. TUNNEL_BIN is the folder that holds the two programs.
    caddy_tunnel(),
    caddy_hop("caddy-h1>tunnel", 17120, "", 1), caddy_hop("caddy-h2c>tunnel", 17123, "h2c://", 1),
    caddy_hop("caddy-h1>tunnel-2", 17126, "", 2), caddy_hop("caddy-h2c>tunnel-2", 17129, "h2c://", 2),
    tunnel("tunnel", 17200, 17201),
]
