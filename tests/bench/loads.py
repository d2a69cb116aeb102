"""Load on one system: wrk, loadkit and curl, each bounded in time, their output as numbers."""
import json
import re
import subprocess
import time

import systems as cfg


def url(s, path):
    return f"http://127.0.0.1:{s.port}{path}"


def host_header(s):
    return ["-H", f"Host: {s.host}"]


def run(argv, timeout=120):
    return subprocess.run(argv, capture_output=True, text=True, timeout=timeout)


def ms(text):
    n, unit = re.match(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(n) * {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}[unit]


def wrk(s, conns, secs, path="/small"):
    out = run(["wrk", "-t1", f"-c{conns}", f"-d{secs}s", "--latency", *host_header(s), url(s, path)]).stdout
    q = dict(re.findall(r"^\s+(50|99)%\s+(\S+)", out, re.M))
    r = {"req_s": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)),
         "n": int(re.search(r"(\d+) requests in", out).group(1)), "p50_ms": ms(q["50"]), "p99_ms": ms(q["99"])}
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    sock = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    r["errors"] = (int(bad.group(1)) if bad else 0) + (sum(map(int, sock.groups())) if sock else 0)
    return r


def loadkit_argv(kind, s, **opts):
    argv = [cfg.LOADKIT, kind, str(s.port), "--host", s.host]
    for k, v in opts.items():
        argv += [f"--{k}", str(v)]
    return argv


def loadkit(kind, s, timeout=120, **opts):
    return json.loads(run(loadkit_argv(kind, s, **opts), timeout).stdout)


def curl_get(s, n, timeout=100):
    return ["curl", "-s", "-m", str(timeout), "-o", "/dev/null", "-w", "%{http_code} %{size_download} %{time_total}",
            *host_header(s), url(s, f"/bytes/{n}")]


def curl_put(s, file):
    return ["curl", "-s", "-m", "100", "-w", "\\n%{http_code} %{size_upload} %{time_total}", "-H", "Expect:", "-T", file,
            *host_header(s), url(s, "/upload")]


def check(code, size, want):
    if code != "200" or int(size) != want:
        raise RuntimeError(f"answer {code}, {size} of {want} bytes")


def download(s, n, timeout=100):
    """Bytes per second of one download of n bytes, each of which arrived."""
    code, size, secs = run(curl_get(s, n, timeout), timeout + 20).stdout.split()
    check(code, size, n)
    return n / float(secs)


def with_cpu(r, measure):
    """Adds the CPU seconds and the peak memory of the system's processes to what `measure` returns."""
    r.reset_peak()
    before, t = r.cpu(), time.time()
    out = measure()
    out["wall"] = time.time() - t
    out["cpu"] = r.cpu() - before
    out["peak_server_mib"], out["peak_client_mib"] = r.memory("VmHWM", "server"), r.memory("VmHWM", "client")
    return out


class Held:
    """Connections that loadkit holds until told to let go: kind `idle` (keep-alive) or `wshold` (WebSockets)."""

    def __init__(self, kind, s, **opts):
        self.process = subprocess.Popen(loadkit_argv(kind, s, **opts), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        _, self.held, self.errors = self.process.stdout.readline().split()

    def release(self, timeout=20):
        """Lets go; says how many were still alive."""
        out, _ = self.process.communicate("\n", timeout=timeout)
        return int(out.split()[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
