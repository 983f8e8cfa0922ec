"""`python -m igym.cli.container VERB…`: how igym starts in a container.

Before a process of a deployment starts, its secrets and the data volume are looked at, and what is
wrong is said in one go: a container that will not start should not have to be started three times
to hear three reasons. Verbs that run on nobody's data (`deploy`, `version`) start as they are.

Knows no Redis and imports little, since it also is the health check, every few seconds.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from igym.services.games.progress import PROGRESS

#: Which process runs here: written at the start, read by the health check.
ROLE = Path("/tmp/igym-role")

#: Where a game worker's supervisor keeps what shows that the worker's loop turns.
PROGRESS_FILES = "igym-run-*/*.progress"

#: Verbs of a deployment's own processes, and what the health check calls them.
ROLES = {
    ("web",): "web",
    ("director",): "director",
    ("worker", "games"): "games",
    ("worker", "inference"): "inference",
    ("redis",): "redis",
}

#: Redis's settings: what `igym.cli.embedded` has, for several machines.
REDIS_CONF = """\
port 6379
bind * -::*
protected-mode no
aclfile {users}
dir {data}
appendonly yes
appendfsync {fsync}
save ""
maxmemory {memory}
maxmemory-policy noeviction
client-output-buffer-limit pubsub 64mb 32mb 10
tcp-keepalive 60
"""

#: Verbs that need neither Redis nor the volume.
HARMLESS = ("deploy", "version", "config", "--help")


def refusals(env: Mapping[str, str], *, signs: bool = True) -> list[str]:
    """Why no process of a deployment may start with this environment."""
    from igym.cli.deploy import findings, told

    found = [told(one) for one in findings(env, signs=signs)]
    data = Path(env.get("IGYM_DATA_DIR", "data"))
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe = data / f".writable-{os.getpid()}-{time.monotonic_ns()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        found.append(
            f"The volume {data} cannot be written to by user {os.getuid()}: {error.strerror}.\n"
            f"  → On the machine that has it: chown -R {os.getuid()} FOLDER. A named volume of"
            " compose.yml is right from the start."
        )
    return found


def start(args: Sequence[str]) -> int:
    """Become `igym ARGS`. Returns an exit code only where that will not do."""
    alone = list(args) == ["--check"]
    if args and args[0] not in HARMLESS:
        role = ROLES.get(tuple(args[:2]), ROLES.get(tuple(args[:1]), ""))
        # Workers run researchers' code, and have no business with the key.
        if found := refusals(os.environ, signs=role in ("", "web")):
            sys.stderr.write("igym does not start:\n\n" + "\n".join(f"- {one}" for one in found))
            sys.stderr.write("\n")
            return 78  # EX_CONFIG
        if alone:
            return 0
        if role:
            ROLE.write_text(role)
    if args == ["redis"]:
        _become_redis(os.environ)
    program = Path(sys.executable).with_name("igym")
    os.execv(program, [str(program), *args])


def _become_redis(env: Mapping[str, str]) -> NoReturn:
    from igym.cli.deploy import TIERS
    from igym.cli.embedded import binary
    from igym.store import acl

    conf, users = Path("/tmp/redis.conf"), Path("/tmp/users.acl")
    users.touch(0o600)
    users.write_text(acl.users({acl.Tier[tier]: env[f"REDIS_PASSWORD_{tier}"] for tier in TIERS}))
    conf.write_text(
        REDIS_CONF.format(
            users=users,
            data=env.get("IGYM_DATA_DIR", "/data"),
            fsync=env.get("REDIS_FSYNC") or "everysec",
            memory=env.get("REDIS_MEMORY") or "1gb",
        )
    )
    server = binary()
    os.execv(server, [server, str(conf)])


def health() -> int:
    """0 where the process that was started here does its work."""
    role = ROLE.read_text() if ROLE.exists() else ""
    try:
        if role == "web":
            _says_ok("127.0.0.1", int(os.environ.get("IGYM_PORT", "8000")))
        elif role == "games":
            _turns(Path("/tmp"))
        else:
            own = f"redis://health:{os.environ.get('REDIS_PASSWORD_HEALTH', '')}@127.0.0.1:6379"
            _pong(own if role == "redis" else os.environ.get("REDIS_URL", ""))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{role or 'nothing'} is not well: {error}\n")
        return 1
    return 0


def _says_ok(host: str, port: int) -> None:
    with socket.create_connection((host, port), timeout=3) as line:
        line.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        answer = line.recv(64)
    if b" 200 " not in answer:
        raise ValueError(f"/healthz says {answer!r}")


def _turns(where: Path) -> None:
    """Whether every game worker's loop has turned within a second."""

    def beats() -> dict[Path, int]:
        return {f: PROGRESS.unpack_from(f.read_bytes())[0] for f in where.glob(PROGRESS_FILES)}

    before = beats()
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        time.sleep(0.2)
        now = beats()
        if now and all(now[file] > before.get(file, 0) for file in now):
            return
    raise ValueError("a game worker's loop stands still" if before else "there is no game worker")


def _pong(url: str) -> None:
    """Whether Redis lets us in and answers."""
    at = urlsplit(url)
    if at.scheme == "unix":
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(3)
        line.connect(at.path)
    else:
        line = socket.create_connection((at.hostname or "localhost", at.port or 6379), timeout=3)
        if at.scheme == "rediss":
            import ssl

            line = ssl.create_default_context().wrap_socket(line, server_hostname=at.hostname)
    with line:
        if at.password:
            words = ["AUTH", *filter(None, [unquote(at.username or "")]), unquote(at.password)]
            _say(line, *words)
        _say(line, "PING")


def _say(line: socket.socket, *words: str) -> None:
    parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
    line.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
    answer = line.recv(128)
    if not answer.startswith(b"+"):
        raise ValueError(f"Redis says {answer!r}")


if __name__ == "__main__":
    sys.exit(health() if sys.argv[1:] == ["--health"] else start(sys.argv[1:]))
