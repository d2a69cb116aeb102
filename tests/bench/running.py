"""The processes of one system under test: start, stop, CPU time, memory. Knows nothing of workloads.

Only processes that were started here are looked at or ended.
"""
import os
import re
import resource
import signal
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")

# Open files that 10,000 connections through one process need, both sides of each, and some room.
OPEN_FILES = 65536


class Running:
    """The processes of one system, each in a session of its own, so that its children are found too."""

    def __init__(self, system, tmp):
        self.system, self.procs = system, []
        self.dir = os.path.join(tmp, system.name.replace(" ", "").replace(">", "-"))
        os.makedirs(self.dir, exist_ok=True)
        for name, text in system.files.items():
            with open(os.path.join(self.dir, name), "w") as f:
                f.write(self.fill(text))

    def fill(self, s):
        return s.replace("{dir}", self.dir).replace("{bin}", os.environ.get("TUNNEL_BIN", ""))

    def start(self, answer_within=15):
        for i in range(len(self.system.procs)):
            self.spawn(i)
        deadline = time.time() + answer_within
        while not self.answers():
            if time.time() > deadline:
                raise RuntimeError(f"{self.system.name} does not answer; see {self.dir}")
            time.sleep(0.1)

    def spawn(self, i):
        """Starts the i-th process of the system and waits until it listens, if it is to."""
        p = self.system.procs[i]
        env = {**os.environ, **{k: self.fill(v) for k, v in p.env.items()}}
        with open(os.path.join(self.dir, f"{p.role}{i}.log"), "ab") as log:
            started = subprocess.Popen([self.fill(a) for a in p.argv], env=env, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=log, cwd=self.dir, start_new_session=True)
        self.procs.append((p.role, started))
        if p.ready and not wait_port(p.ready, 10):
            raise RuntimeError(f"{self.system.name}: port {p.ready} did not open; see {self.dir}")

    def answers(self):
        r = subprocess.run(["curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code} %{size_download}",
                            "-H", f"Host: {self.system.host}", f"http://127.0.0.1:{self.system.port}/small"],
                           capture_output=True, text=True)
        return r.stdout == "200 128"

    def kill(self, role):
        """Ends the processes of a role as a crash would."""
        for p in [p for r, p in self.procs if r == role]:
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()
        self.procs = [(r, p) for r, p in self.procs if r != role]

    def stop(self):
        for _, p in self.procs:
            if p.poll() is None:
                p.send_signal(signal.SIGTERM)
        for _, p in self.procs:
            try:
                p.wait(3)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
                p.wait()

    def pids(self, role=None):
        """Live processes of the sessions that were started here."""
        leaders = {p.pid for r, p in self.procs if role in (None, r)}
        out = []
        for d in os.listdir("/proc") if leaders else []:
            if d.isdigit():
                try:
                    with open(f"/proc/{d}/stat") as f:
                        if int(f.read().rsplit(")", 1)[1].split()[3]) in leaders:
                            out.append(int(d))
                except (FileNotFoundError, ProcessLookupError):
                    pass
        return out

    def cpu(self, role=None):
        """CPU seconds, user and system, so far."""
        total = 0
        for pid in self.pids(role):
            with open(f"/proc/{pid}/stat") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICK

    def memory(self, key, role=None):
        """MiB; key VmRSS (now) or VmHWM (peak since reset_peak)."""
        kib = 0
        for pid in self.pids(role):
            with open(f"/proc/{pid}/status") as f:
                m = re.search(key + r":\s+(\d+)", f.read())
            kib += int(m.group(1)) if m else 0
        return kib / 1024

    def reset_peak(self):
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/clear_refs", "w") as f:
                    f.write("5")
            except OSError:
                pass


def wait_port(port, secs):
    """Looks at the listening sockets instead of connecting, which a tunnel would take for a visitor."""
    end, want = time.time() + secs, f":{port:04X}"
    while time.time() < end:
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            with open(table) as f:
                for line in f:
                    fields = line.split()
                    if fields[1].endswith(want) and fields[3] == "0A":
                        return True
        time.sleep(0.02)
    return False


def raise_limits():
    """As many open files as may be, for us and for what we start. Root may raise the hard limit too."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(hard, OPEN_FILES), max(hard, OPEN_FILES)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
