"""The picture of the architecture in pyproject.toml is the architecture."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_imports_keep_the_contracts_of_the_architecture() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_one_module_imports_transitions() -> None:
    importing = [
        str(path.relative_to(ROOT))
        for package in ("domain", "events", "projections", "service", "migrations")
        for path in sorted((ROOT / package).rglob("*.py"))
        if any(
            line.startswith(("import transitions", "from transitions"))
            for line in path.read_text(encoding="utf-8").splitlines()
        )
    ]
    assert importing == ["domain/lifecycle/compiled/machine.py"]
