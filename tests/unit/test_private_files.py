"""A secret file that others can read is refused, with advice on what to do."""

from pathlib import Path

import pytest

from service.private_files import FileExposed, read_private
from service.private_postgres.layout import read_password
from service.secret import read_secret
from service.settings import Settings


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o440])
def test_a_file_of_its_owner_and_its_group_is_read(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "secret"
    file.write_text("ab")
    file.chmod(mode)
    assert read_private(file) == "ab"


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o660, 0o777])
def test_a_file_that_others_read_or_a_group_changes_is_refused(tmp_path: Path, mode: int) -> None:
    for name, read in {
        "secret": lambda _: read_secret(Settings.model_validate({"data_dir": tmp_path})),
        "owner.password": read_password,
    }.items():
        file = tmp_path / name
        file.write_text("ab")
        file.chmod(mode)
        with pytest.raises(FileExposed, match=f"found mode {mode:04o}: chmod 600 {file}"):
            read(file)
