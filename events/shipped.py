"""The lifecycles that come with the product, and those of a company's own, as text."""

from importlib.resources import files
from pathlib import Path

SHIPPED = ("demand_funnel",)


class LifecycleNotFound(Exception):
    """No shipped lifecycle and no file has this name."""


def read_lifecycle_text(name_or_path: str) -> str:
    """Return the YAML text of a shipped lifecycle, or of a file."""
    if name_or_path in SHIPPED:
        source = files("domain.lifecycles").joinpath(f"{name_or_path}.yaml")
        return source.read_text(encoding="utf-8")
    path = Path(name_or_path)
    if not path.is_file():
        raise LifecycleNotFound(
            f"found no file {name_or_path}; shipped lifecycles are: {', '.join(SHIPPED)}"
        )
    return path.read_text(encoding="utf-8")
