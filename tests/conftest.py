"""Fixtures for every kind of test."""

import gc
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
import structlog

from service.private_postgres import PrivatePostgres
from tests.support.postgres import SMALL, running_server, scratch_directory

*_BEFORE_PRINTING, _ = structlog.get_config()["processors"]
structlog.configure(
    # The default prints the local variables of each frame of a traceback. With a lifecycle among
    # them, that takes seconds.
    processors=[
        *_BEFORE_PRINTING,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without looking for garbage, which takes longer than everything else then.

    What is collected lives until the end, and is not looked through again.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PrivatePostgres]:
    """Run one server for the whole session (one per pytest-xdist worker)."""
    with scratch_directory() as directory, running_server(directory) as server:
        yield server


@pytest.fixture
def collected() -> Iterator[None]:
    """Collect garbage before the test ends, so that its warnings belong to this test."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def made_data_dir() -> Iterator[Path]:
    """Provide a data directory after its first start, to be copied and not used directly."""
    with scratch_directory() as directory:
        with PrivatePostgres(directory / "made", extra_settings=SMALL):
            pass
        yield directory / "made"


@pytest.fixture
def data_dir(made_data_dir: Path) -> Iterator[Path]:
    """Provide a data directory after its first start, with no server running on it."""
    with scratch_directory() as directory:
        shutil.copytree(made_data_dir, directory / "data")
        yield directory / "data"
