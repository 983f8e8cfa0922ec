"""Somebody who types igym's commands in a folder of their own."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from igym.cli.nginx import free_port
from tests.system.server import IGYM, eventually, plain_env


class Terminal:
    """A shell in `home`, with a data folder and a port of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.settings = {
            "IGYM_PORT": str(self.port),
            "IGYM_DATA_DIR": str(home / "data"),
            "IGYM_ACK_PATIENCE_S": "0",
        }

    @property
    def env(self) -> dict[str, str]:
        """What its commands find in their environment."""
        return plain_env(**self.settings)

    def does(self, *words: object, igym: tuple[str, ...] = IGYM) -> str:
        """Type a command and wait for its end; what it printed."""
        done = subprocess.run(
            [*igym, *map(str, words)],
            cwd=self.home,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def asks(self, *words: object, igym: tuple[str, ...] = IGYM) -> Any:
        """The same with --json."""
        return json.loads(self.does(*words, "--json", igym=igym))

    @contextmanager
    def running(self, *words: str, says: str) -> Iterator[psutil.Process]:
        """Type a command that stays, wait until it says something, and press Ctrl-C in the end."""
        log = self.home / f"{words[0]}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*IGYM, *words],
                cwd=self.home,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        try:

            def said() -> bool:
                assert process.poll() is None, log.read_text()
                return says in log.read_text()

            eventually(said, within_s=60, what=says)
            yield psutil.Process(process.pid)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0, log.read_text()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
