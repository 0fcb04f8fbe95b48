"""A service that only supervises a private PostgreSQL, for tests to kill.

    python -m tests.support.supervised_postgres DATA_DIR

Prints the server's process id and the app's URL, and runs until its input ends.
"""

import sys
import threading
from pathlib import Path

from service.private_postgres import PrivatePostgres
from tests.support.postgres import SMALL


def main() -> None:
    postgres = PrivatePostgres(Path(sys.argv[1]), extra_settings=SMALL)
    # From a thread that ends at once, like those of a pool: the server must not end with it.
    starter = threading.Thread(target=postgres.start)
    starter.start()
    starter.join()
    sys.stdout.write(f"{postgres.pid} {postgres.app_url.render_as_string(hide_password=False)}\n")
    sys.stdout.flush()
    sys.stdin.read()
    postgres.stop()


if __name__ == "__main__":
    main()
