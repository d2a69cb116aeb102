"""Finds the programs that these tests check with, and skips with a reason when one is missing."""

import os
import pathlib
import shutil
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
VENV = pathlib.Path(os.environ.get("OCTOPORTY_VENV") or pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "octoporty-tests/venv")


def find(name):
    """A program of the tests' own packages, or of the system."""
    if name == "docker-compose":
        # The package's own starter drops the exit status.
        return next(map(str, VENV.glob("lib/python*/site-packages/compose/docker-compose")), None)
    return shutil.which(name, path=f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}")


def needs(name, source):
    """Skips a test without this program; `source` says where it comes from."""
    return unittest.skipUnless(find(name), f"{name} is missing ({source})")
