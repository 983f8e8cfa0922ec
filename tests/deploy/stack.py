"""A deployment in containers as lab IT has it: `igym deploy init`, then Docker Compose."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from igym.cli.nginx import free_port
from tests.deploy.engine import ROOT, Images, compose, docker
from tests.system.client import fetch
from tests.system.server import IGYM, eventually, package, plain_env


def igym(*words: str, cwd: Path, ends: int = 0, **env: str) -> str:
    """What a verb of igym's says on this machine, outside of any container."""
    done = subprocess.run(
        [*IGYM, *words],
        env=plain_env(**env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == ends, done.stdout + done.stderr
    return done.stdout + done.stderr


def _busy_s() -> float:
    """CPU seconds that this machine has spent on anything."""
    user, nice, system, _, _, irq, softirq = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def _used_s(container: str) -> float:
    """CPU seconds that a container has used."""
    files = "/sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpuacct/cpuacct.usage"  # cgroups 2, or 1
    said = docker("exec", container, "sh", "-c", f"cat {files} 2>/dev/null", check=False).split()
    if said[:1] == ["usage_usec"]:
        return int(said[1]) / 1e6
    return int(said[-1]) / 1e9 if said else 0.0


class Stack:
    """A project of its own, on a port of its own; nothing of it is left afterwards."""

    def __init__(self, home: Path, images: Images) -> None:
        self.home = home
        self.port = free_port()
        #: Where the relay listens: this machine in a network that test_relay.py makes.
        self.relay = f"198.18.{secrets.randbelow(256)}.1"
        self.url = f"http://127.0.0.1:{self.port}"
        self.project = f"igymtest{secrets.token_hex(3)}"
        self.take(images)
        self.up_s = 0.0
        self.alone_s = 0.0
        (home / "deploy").mkdir()
        for name in ("compose.yml", "update"):
            shutil.copy(ROOT / "deploy" / name, home / "deploy")
        igym("deploy", "init", self.url, cwd=home)
        with (home / "deploy" / ".env").open("a") as env:
            env.write(f"IGYM_TURN_URLS=turn:{self.relay}:3478\nTURN_ADDRESS={self.relay}\n")

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *_: object) -> None:
        self.compose("--profile", "*", "down", "--volumes", "--timeout", "2", "--remove-orphans")

    @property
    def command(self) -> list[str]:
        """Docker Compose with the file; the project's name is still to come."""
        return [*compose(), "-f", "deploy/compose.yml"]

    @property
    def env(self) -> dict[str, str]:
        """What Docker Compose is told beside `.env`."""
        return plain_env(**self.images)

    def compose(self, *words: str, ends: int = 0, within_s: float = 170, **env: str) -> str:
        """What `docker compose WORDS` says."""
        done = subprocess.run(
            [*self.command, "-p", self.project, *words],
            env=self.env | env,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == ends, f"{words}: {said[-3000:]}\n{self.logs()[-6000:]}"
        return done.stdout if not ends else said

    def run(self, *words: str, ends: int = 0, **env: str) -> str:
        """What a command of docs/deploy.md says, given where it is to be typed."""
        done = subprocess.run(
            words,
            env=self.env
            | {"COMPOSE": " ".join(compose()), "COMPOSE_PROJECT_NAME": self.project}
            | env,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == ends, f"{words}: {said[-3000:]}\n{self.logs()[-6000:]}"
        return said

    def take(self, images: Images) -> None:
        """From now on these are the images: they have been built anew."""
        self.images = {
            "IGYM_IMAGE": images.igym,
            "FRONT_IMAGE": images.front,
            "TURN_IMAGE": images.turn,
        }

    def logs(self, *services: str) -> str:
        """What the containers have said."""
        found = subprocess.run(
            [*self.command, "-p", self.project, "logs", *services],
            env=self.env, cwd=self.home, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return found.stdout + found.stderr

    def up(self) -> None:
        """Start it, and wait until a page is served and a game could be.

        `up_s` is how long that took, and `alone_s` how long it would have taken, about, had this
        machine had nothing else to do.
        """
        began_s, busy_s = time.monotonic(), _busy_s()
        self.compose("up", "--detach")
        eventually(self.ready, within_s=150, what="a deployment that is ready")
        self.up_s = time.monotonic() - began_s
        others_s = max(0.0, _busy_s() - busy_s - sum(map(_used_s, self.containers())))
        share = min(0.9, others_s / (self.up_s * (os.cpu_count() or 1)))
        self.alone_s = self.up_s * (1 - share)

    def ready(self) -> bool:
        """Whether pages are served, and every game worker and director is at work."""
        try:
            if fetch(f"{self.url}/healthz")[0] != 200:
                return False
        except OSError:  # Docker takes connections before nginx does
            return False
        said = self.logs("games", "director")
        return said.count("takes games") >= 2 and said.count(" directs") >= 2

    def igym(self, *words: str, options: tuple[str, ...] = ()) -> Any:
        """The JSON that `docker compose run --rm OPTIONS igym WORDS --json` prints."""
        said = self.compose("run", "--rm", "--no-deps", "-T", *options, "igym", *words, "--json")
        return json.loads(said)

    def submit(self, name: str) -> None:
        """Send the test package `name` from outside, as a researcher does, and activate it."""
        token = self.igym("token", "create", "--role", "admin", "--days", "1")["text"]
        root = package(self.home / "packages", name)
        # Nobody ends these games by a key: who plays is there when something happens.
        about = root / "experiment.py"
        about.write_text(
            about.read_text().replace("keys=KEYS", "keys=dict(list(KEYS.items())[:2])")
        )
        igym("submit", str(root), "--activate", cwd=self.home, IGYM_URL=self.url, IGYM_TOKEN=token)

    # --- single containers ------------------------------------------------------------------------

    def containers(self, service: str = "") -> list[str]:
        """Ids of those that run."""
        return self.compose("ps", "--quiet", *([service] if service else [])).split()

    def inspect(self, container: str) -> dict[str, Any]:
        """Everything that Docker knows about it."""
        return json.loads(docker("inspect", container))[0]

    def crash(self, container: str) -> None:
        """kill -9 of all that is in it, from outside: Docker has not been asked to stop it."""
        os.kill(self.inspect(container)["State"]["Pid"], signal.SIGKILL)

    def sockets(self) -> int:
        """Connections to the web workers."""
        return sum(
            docker("exec", web, "cat", "/proc/net/tcp").count(":1F40 ") - 1
            for web in self.containers("web")
        )

    def address(self, container: str) -> str:
        """Its address on some network of the project's."""
        networks = self.inspect(container)["NetworkSettings"]["Networks"]
        return next(iter(networks.values()))["IPAddress"]
