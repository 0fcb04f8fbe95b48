"""Decide which user PostgreSQL runs as, because it refuses to run as root.

An ordinary user runs it under their own account. Root runs it, in this order,

- as the account that owns the data, if that is not root;
- in a user namespace, in which it appears to be an unprivileged account while its files still
  belong to root, without any of root's capabilities;
- if the kernel or the container forbids namespaces, as an unprivileged account of the machine,
  which becomes the owner of the data.
"""

import os
import pwd
import stat
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Literal

from service.limits import POSTGRES_PROBE_WAIT_S
from service.private_postgres import launch
from service.private_postgres.binaries import Binaries
from service.private_postgres.child import ENVIRONMENT
from service.private_postgres.errors import DataDirectoryUnusableError
from service.private_postgres.layout import Layout

UNPRIVILEGED_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Identity:
    """The user to run as; `uid` and `gid` are what PostgreSQL sees."""

    kind: Literal["caller", "namespace", "account"]
    uid: int
    gid: int

    def command(
        self, *, program: Sequence[str | Path], fate: Signals, cluster: Path | None = None
    ) -> list[str]:
        """Return the command that runs `program` as this identity, and sends it `fate` if we die.

        With `cluster`, server processes left in it by a dead postmaster are ended first.
        """
        return [
            sys.executable,
            *("-I", "-S", launch.__file__),
            *(str(os.getpid()), str(int(fate))),
            *(self.kind, str(self.uid), str(self.gid)),
            "" if cluster is None else str(cluster),
            *map(str, program),
        ]

    def owners(self) -> set[int]:
        """Return the possible owners of the server's files, as we see them."""
        return {os.geteuid(), self.uid} if self.kind == "account" else {os.geteuid()}

    def take_over(self, directory: Path) -> None:
        """Give a directory and its contents to the account, if it does not own them already."""
        if self.kind != "account" or directory.lstat().st_uid == self.uid:
            return
        for parent, directories, files in os.walk(directory):
            for name in (*directories, *files):
                os.lchown(Path(parent) / name, self.uid, self.gid)
        # Last, so that an interrupted change of owner is repeated.
        os.lchown(directory, self.uid, self.gid)

    def enter(self, layout: Layout) -> None:
        """Make sure that the account can reach its files in the data directory.

        Only a directory that holds nothing else changes owner: the user may have named one that
        contains other files.
        """
        status = layout.root.stat()
        if self.kind != "account" or status.st_uid == self.uid or status.st_mode & stat.S_IXOTH:
            return
        if not layout.cluster.exists() and list(layout.root.iterdir()) != [layout.lock]:
            raise DataDirectoryUnusableError(
                f"expected user {self.uid}, as which PostgreSQL has to run here, to be able to "
                f"enter {layout.root}, found it closed and holding other files; choose an empty "
                "data directory, or change its owner with chown"
            )
        os.chown(layout.root, self.uid, self.gid)


def choose(layout: Layout, binaries: Binaries) -> Identity:
    """Return the identity for this data directory, on this machine."""
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0:
        return _choose_as_ordinary_user(uid, gid, layout, binaries)
    holder = layout.cluster if layout.cluster.exists() else layout.root
    owner = holder.stat()
    # initdb needs the name of its user; the server does not.
    if owner.st_uid != 0 and (holder == layout.cluster or _is_known(owner.st_uid)):
        return Identity("account", owner.st_uid, owner.st_gid)
    account = _unprivileged_account()
    namespace = Identity("namespace", account.pw_uid, account.pw_gid)
    if _works(namespace, binaries):
        return namespace
    return Identity("account", account.pw_uid, account.pw_gid)


def _choose_as_ordinary_user(uid: int, gid: int, layout: Layout, binaries: Binaries) -> Identity:
    if layout.cluster.exists():
        owner = layout.cluster.stat().st_uid
        if owner != uid:
            raise DataDirectoryUnusableError(
                f"expected {layout.cluster} to belong to user {uid}, who runs this, found user "
                f"{owner}; run as that user, or change the owner of the whole data directory with "
                "chown -R"
            )
        return Identity("caller", uid, gid)
    if _is_known(uid):
        return Identity("caller", uid, gid)
    account = _unprivileged_account()
    namespace = Identity("namespace", account.pw_uid, account.pw_gid)
    if _works(namespace, binaries):
        return namespace
    raise DataDirectoryUnusableError(
        f"expected a name for user {uid} in /etc/passwd, which initdb needs, found none; run the "
        "first start as a user that has a name"
    )


def _is_known(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _unprivileged_account() -> pwd.struct_passwd:
    accounts = {account.pw_name: account for account in pwd.getpwall() if account.pw_uid != 0}
    for name in (*UNPRIVILEGED_ACCOUNTS, *accounts):
        if name in accounts:
            return accounts[name]
    raise DataDirectoryUnusableError(
        "expected an account other than root in /etc/passwd, found none; PostgreSQL refuses to "
        "run as root, so add one, or start the service as an ordinary user"
    )


def _works(identity: Identity, binaries: Binaries) -> bool:
    """Try it: whether namespaces are allowed depends on kernel, container and policy."""
    command = identity.command(program=(binaries.postgres, "--version"), fate=Signals.SIGKILL)
    probe = subprocess.run(  # noqa: S603  our own launcher and a program that we looked up
        command,
        cwd="/",
        env=ENVIRONMENT,
        capture_output=True,
        timeout=POSTGRES_PROBE_WAIT_S,
        check=False,
    )
    return probe.returncode == 0
