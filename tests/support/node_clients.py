"""Node clients, installed next to their programs in the versions of the lock file."""

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parents[1] / "clients"
LOCKED = ("package.json", "package-lock.json")
NODE_MAJOR_MIN = 20
INSTALL_WAIT_S = 240
_INSTALLED = CLIENTS / "node_modules" / ".package-lock.json"


def require_node_clients() -> str:
    """Return the Node command once everything is installed; skip, with a reason, without Node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip(f"CLIENTS FOR NODE ARE NOT TESTED: node {NODE_MAJOR_MIN} and npm are missing")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").partition(".")[0]) < NODE_MAJOR_MIN:
        pytest.skip(f"CLIENTS FOR NODE ARE NOT TESTED: node is {version.strip()}, and too old")
    _install(npm)
    return node


def _install(npm: str) -> None:
    """Install once, however many processes run tests concurrently."""
    with (CLIENTS / LOCKED[1]).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        locked_at = max((CLIENTS / name).stat().st_mtime for name in LOCKED)
        if _INSTALLED.exists() and _INSTALLED.stat().st_mtime >= locked_at:
            return
        done = subprocess.run(
            [npm, "ci"],
            cwd=CLIENTS,
            capture_output=True,
            text=True,
            timeout=INSTALL_WAIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
