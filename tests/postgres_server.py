"""A PostgreSQL server of one's own, started from the programs that are installed."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Nothing of it must survive the machine.
UNSAFE = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"


@contextmanager
def postgres_server() -> Iterator[str]:
    """The server's URL, for SQLAlchemy; stopped and removed afterwards.

    Raises:
        LookupError: PostgreSQL's programs are not installed.
    """
    # Debian keeps the server's programs out of the PATH.
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    path = os.pathsep.join([*map(str, reversed(debian)), os.environ.get("PATH", "")])
    initdb_program, control_program = (shutil.which(name, path=path) for name in ("initdb", "pg_ctl"))
    if initdb_program is None or control_program is None:
        raise LookupError("no PostgreSQL server is installed (on Debian: apt-get install postgresql)")
    # Not pytest's directory, which only the user who runs the tests may enter: the server refuses to be root.
    directory = Path(tempfile.mkdtemp(prefix="ml-monitor-postgres-"))
    as_user = ["/usr/sbin/runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(directory, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = str(directory / "data")
    initdb = [*as_user, initdb_program, "-D", data, "-U", "monitor", "--auth=trust", "--no-sync"]
    subprocess.run(initdb, check=True, capture_output=True, cwd="/")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' {UNSAFE}"
    control = [*as_user, control_program, "-D", data, "-w", "-l", str(directory / "log")]
    subprocess.run([*control, "-o", options, "start"], check=True, stdout=subprocess.DEVNULL, cwd="/")
    try:
        yield f"postgresql+psycopg2://monitor@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        shutil.rmtree(directory)
