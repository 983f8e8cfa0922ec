"""`igym up` as a person starts it: a command in a terminal, its log, and its end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import psutil
from redis import Redis

from igym.cli.nginx import free_port

HERE = Path(__file__).parent
PACKAGES = HERE / "packages"
EXAMPLES = HERE.parents[1] / "examples"
IGYM = (sys.executable, "-c", "from igym.cli.main import main; main()")

T = TypeVar("T")


def eventually(ask: Callable[[], T], *, within_s: float = 10, what: str = "it") -> T:
    """What `ask` answers as soon as that is true."""
    until = time.monotonic() + within_s
    while not (found := ask()):
        assert time.monotonic() < until, f"{what} did not happen within {within_s} s"
        time.sleep(0.02)
    return found


def plain_env(**settings: str) -> dict[str, str]:
    """This environment without settings of igym's, and then these."""
    ours = re.compile(r"IGYM_|(PORT|WEB|GAMES|REDIS_URL)$")
    kept = {k: v for k, v in os.environ.items() if not ours.match(k)}
    return {**kept, "PYTHONUNBUFFERED": "1", **settings}


def package(home: Path, name: str) -> Path:
    """The test package `name` as a folder of its own under `home`."""
    root = home / name
    shutil.copytree(PACKAGES / "pages", root / "pages")
    shutil.copy(PACKAGES / "field.py", root)
    shutil.copy(PACKAGES / f"{name}.py", root / "experiment.py")
    (root / "experiment.toml").write_text(f'id = "{name}"\nversion = "1"\ntitle = "A {name}"\n')
    return root


def children(process: psutil.Process, word: str = "") -> list[psutil.Process]:
    """Those below `process` with `word` in their command line; one that is just ending is none."""
    found = []
    for child in process.children(recursive=True):
        with suppress(psutil.Error):
            if word in " ".join(child.cmdline()):
                found.append(child)
    return found


class Server:
    """A running `igym up`."""

    def __init__(
        self,
        *packages: Path,
        data: Path,
        options: tuple[str, ...] = (),
        command: tuple[str, ...] = IGYM,
        wait: bool = True,
        **settings: str,
    ) -> None:
        self.data = data
        self.port = int(settings.pop("PORT", 0)) or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        data.mkdir(parents=True, exist_ok=True)
        self._log = data.parent / f"{data.name}.log"
        env = plain_env(
            # A test would wait a second for each answer; tests/system/test_durable.py does.
            IGYM_ACK_PATIENCE_S=settings.pop("IGYM_ACK_PATIENCE_S", "0"),
            IGYM_DATA_DIR=str(data),
            IGYM_PORT=str(self.port),
            IGYM_HOST="127.0.0.1",
            **settings,
        )
        began_s = time.monotonic()
        with self._log.open("ab") as log:
            self._start_at = log.tell()
            self.process = subprocess.Popen(
                [*command, "up", *options, *map(str, packages)],
                env=env,
                cwd=data.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.about = psutil.Process(self.process.pid)
        if wait:
            eventually(self._is_up, within_s=180, what=f"a start of {packages}")
            self.start_s = time.monotonic() - began_s

    def _is_up(self) -> bool:
        assert self.process.poll() is None, self.log
        return "igym is up" in self.log

    @property
    def log(self) -> str:
        """Everything its processes have said."""
        with self._log.open("rb") as file:
            file.seek(self._start_at)
            return file.read().decode(errors="replace")

    def mark(self) -> int:
        """A position in `log`."""
        return len(self.log)

    @property
    def redis(self) -> Redis:
        """Its own Redis."""
        return Redis(unix_socket_path=str(self.data / "redis" / "redis.sock"))

    def children(self, word: str = "") -> list[psutil.Process]:
        """Its processes, those with `word` in their command line."""
        return children(self.about, word)

    def tables(self, experiment: str) -> Path:
        """Where the tables of version 1 are."""
        return self.data / experiment / "1"

    def wait_archived(self, experiment: str, episodes: dict[str, int]) -> None:
        """Until so many episodes of each version have ended, and all of their ticks are on disk."""
        import pandas as pd

        def written(version: str, count: int) -> bool:
            root = self.data / experiment / version
            if not (root / "episodes").is_dir():
                return False
            rows = pd.read_parquet(root / "episodes", columns=["episode_id", "ended_ms"])
            files = {path.stem for path in (root / "ticks").glob("*.parquet")}
            return len(rows) >= count and set(rows.episode_id) <= files

        for version, count in episodes.items():
            eventually(lambda v=version, n=count: written(v, n), within_s=60, what="the archive")

    def session(self, experiment: str, session: str) -> dict[str, str]:
        """The session as Redis has it."""
        from igym.store import keys

        found = self.redis.hgetall(keys.session(experiment, session))
        return {k.decode(): v.decode() for k, v in found.items()}

    def interrupt(self, within_s: float = 30) -> int:
        """Ctrl-C. Returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(within_s)

    def stop(self) -> None:
        """Gone, however it stands."""
        if self.process.poll() is None:
            left = self.about.children(recursive=True)
            try:
                self.interrupt()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            for child in left:
                with suppress(psutil.Error):
                    child.kill()


@contextmanager
def serving(*packages: Path | str, **how: object) -> Iterator[Server]:
    """A server of a test's own, with a data folder of its own. A name is a test package."""
    # Not pytest's folder: a socket's path may have 107 characters at most.
    with tempfile.TemporaryDirectory(prefix="igym-", ignore_cleanup_errors=True) as home:
        made = [package(Path(home), p) if isinstance(p, str) else p for p in packages]
        server = Server(*made, data=Path(home) / "data", **how)
        try:
            yield server
        finally:
            server.stop()


def body(url: str) -> bytes:
    """What a GET gives."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()
