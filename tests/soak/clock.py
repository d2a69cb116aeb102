"""A wall clock of its own for the programs, by libfaketime, which reads an offset from a file. Without it, no jumps."""

import glob

LIBRARIES = "/usr/lib/*/faketime/libfaketimeMT.so.1"


class Clock:
    """Starts right; `set` moves it. Monotonic clocks, which time-outs go by, are not touched, as when a real one jumps."""

    def __init__(self, folder):
        self.file = folder / "clock"
        self.library = next(iter(glob.glob(LIBRARIES)), None)
        self.set("+0")

    def set(self, offset):
        """An offset such as +2h; the programs see it within a second."""
        written = self.file.with_suffix(".new")
        written.write_text(offset + "\n")
        written.replace(self.file)

    def preload(self):
        """What the environment of a program needs."""
        if self.library is None:
            return {}
        return {"LD_PRELOAD": self.library, "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_CACHE_DURATION": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
