"""What a result depends on besides the code: the machine, the kernel and the versions of all programs."""
import datetime
import os
import platform
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def first_match(path, pattern, default="unknown"):
    try:
        with open(path) as f:
            m = re.search(pattern, f.read(), re.M)
    except OSError:
        m = None
    return m.group(1) if m else default


def output(argv):
    try:
        p = subprocess.run(argv, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return p.stdout + p.stderr


def version(argv):
    """The first thing that looks like a version in what a program prints about itself."""
    argv = [a.replace("{bin}", os.environ.get("TUNNEL_BIN", "")) for a in argv]
    m = re.search(r"\d+\.\d+(?:\.\d+)?", "\n".join(x for x in output(argv).splitlines() if "Timestamp" not in x))
    return m.group(0) if m else "unknown"


def commit():
    out = output(["git", "-C", HERE, "rev-parse", "--short", "HEAD"]).strip()
    changed = output(["git", "-C", HERE, "status", "--porcelain", "--untracked-files=no"]).strip()
    return out + (" and changes" if changed else "")


def describe(systems):
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": first_match("/proc/cpuinfo", r"^model name\s*:\s*(.+)$", platform.machine()),
        "cpus": os.cpu_count(),
        "memory_gib": round(int(first_match("/proc/meminfo", r"^MemTotal:\s+(\d+)", "0")) / (1 << 20)),
        "kernel": platform.release(),
        "congestion_control": first_match("/proc/sys/net/ipv4/tcp_congestion_control", r"(\w+)"),
        "load_before": os.getloadavg()[0],
        "commit": commit(),
        "versions": {s.name: version(s.version) for s in systems if s.version},
        "wrk": version(["wrk", "-v"]),
    }
