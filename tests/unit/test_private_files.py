"""A secret that strangers can read is no secret, and is not used as one."""

from pathlib import Path

import pytest

from service.private_files import SecretExposed, read_private
from service.private_postgres.layout import read_password
from service.secret import FILE_NAME, read_secret
from service.settings import Settings


def written(directory: Path, mode: int) -> Path:
    path = directory / FILE_NAME
    path.write_text("ab" * 32 + "\n", encoding="ascii")
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o440])
def test_what_its_owner_and_group_alone_can_read_is_read(tmp_path: Path, mode: int) -> None:
    assert read_private(written(tmp_path, mode)) == "ab" * 32


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o660, 0o601, 0o666])
def test_what_others_can_read_or_replace_is_refused_with_what_to_do(
    tmp_path: Path, mode: int
) -> None:
    path = written(tmp_path, mode)
    for read in (read_private, read_password):
        with pytest.raises(SecretExposed, match=f"found mode {mode:03o}: run chmod 600 {path}"):
            read(path)
    with pytest.raises(SecretExposed):
        read_secret(Settings.model_validate({"data_dir": tmp_path}))


def test_a_secret_that_is_made_is_private(tmp_path: Path) -> None:
    made = read_secret(Settings.model_validate({"data_dir": tmp_path}))
    assert len(made) == 64
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
