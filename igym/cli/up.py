"""`igym up`: a whole deployment on one machine, and a clean end to it."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from igym import log
from igym import settings as settings_module
from igym.cli import embedded, nginx
from igym.cli.supervisor import Supervisor
from igym.domain.plan import Plan
from igym.errors import Unavailable
from igym.settings import Settings

if TYPE_CHECKING:
    from igym.services.connect import Deployment

_log = logging.getLogger(__name__)

#: The order in which roles stop: nobody new, then the games, then their data, then Redis.
ORDER = ("nginx", "web", "games", "inference", "director", "redis")


@dataclass
class Stack:
    """A running deployment."""

    settings: Settings
    deployment: Deployment
    supervisor: Supervisor
    plans: list[Plan]

    @property
    def url(self) -> str:
        """Where participants' links begin."""
        s = self.settings
        return s.public_url.rstrip("/") or f"http://{_reachable(s.host)}:{s.port}"


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)


def environment(settings: Settings) -> dict[str, str]:
    """`settings` as a child process reads them."""
    made = {}
    for name, value in settings_module.values(settings).items():
        text = ",".join(value) if isinstance(value, list | tuple) else str(value)
        made[settings_module.PREFIX + name.upper()] = text
    return made


@contextlib.contextmanager
def stack(
    settings: Settings,
    packages: Sequence[Path],
    *,
    behind_nginx: bool = False,
    directors: int = 1,
) -> Iterator[Stack]:
    """Start everything, wait until pages are served, and stop everything in order.

    Raises:
        Unavailable: the port is taken, or Redis does not answer.
        BadPackage: a package will not do; nothing is left running.
    """
    from igym.web.listen import listen

    listen(settings.host, settings.port, shared=False).close()  # is the port free?
    data = Path(settings.data_dir).resolve()
    data.mkdir(parents=True, exist_ok=True)
    settings = settings_module.replace(settings, data_dir=data)
    claimed = contextlib.nullcontext() if settings.redis_url else embedded.claim(data)
    supervisor = Supervisor(settings, data / "run")
    try:
        socket, redis = embedded.socket_path(data), None
        if not settings.redis_url:
            socket.unlink(missing_ok=True)
            redis = supervisor.add("redis-embedded", embedded.command(data, socket)).process
            settings = settings_module.replace(settings, redis_url=f"unix://{socket}")
        ports = [nginx.free_port() for _ in range(settings.web)] if behind_nginx else []
        _start(supervisor, settings, ports)
        # Only now, while the children load their own: importing Redis's client takes a second.
        from igym.cli.binding import BoundWorkers
        from igym.services.connect import connect
        from igym.services.games.leasing import WorkerLeases
        from igym.services.packages import publishing

        if redis is not None:
            embedded.wait(socket, redis)
        deployment = connect(settings, patience_s=5.0)
        supervisor.use(WorkerLeases(deployment))
        supervisor.look(BoundWorkers(supervisor, deployment, environment(settings)).look)
        plans = publishing.publish_all(deployment, packages)
        made = Stack(settings, deployment, supervisor, plans)
        for port in ports:
            _wait_for_pages(supervisor, "127.0.0.1", port)
        if behind_nginx:
            nginx.start(supervisor, settings, ports)
        _wait_for_pages(supervisor, _reachable(settings.host), settings.port)
        _wait_for_games(supervisor)
        # Last, since nobody waits for it yet and the others have the cores to themselves.
        for _ in range(directors):
            supervisor.add_igym("director", environment(settings))
        yield made
    finally:
        supervisor.stop(ORDER)
        with claimed:
            pass  # somebody else may have the folder now


def _start(supervisor: Supervisor, settings: Settings, ports: Sequence[int]) -> None:
    """The workers; web workers on `ports`, or all on the public one."""
    env = environment(settings)
    for port in ports:
        supervisor.add_igym("web", {**env, "IGYM_PORT": str(port), "IGYM_HOST": "127.0.0.1"})
    for _ in range(0 if ports else settings.web):
        supervisor.add_igym("web", env, "--shared")
    for _ in range(settings.games):
        supervisor.add_igym("games", env)
    for _ in range(settings.inference):
        supervisor.add_igym("inference", env)


def _wait_for_pages(supervisor: Supervisor, host: str, port: int, patience_s: float = 30.0) -> None:
    until = time.monotonic() + patience_s
    while True:
        try:
            urllib.request.urlopen(f"http://{host}:{port}/healthz", timeout=1).close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            if time.monotonic() > until:
                raise Unavailable(
                    f"Nothing answers on {host}:{port}.", hint="The workers' log is above."
                ) from error
        supervisor.watch()
        time.sleep(0.05)


def _wait_for_games(supervisor: Supervisor, patience_s: float = 30.0) -> None:
    until = time.monotonic() + patience_s
    kept = [child for child in supervisor.children if child.progress and not child.ended]
    while not all(child.beats > 0 for child in kept):
        if time.monotonic() > until:
            raise Unavailable("The game workers did not come up.", hint="Their log is above.")
        supervisor.watch()
        time.sleep(0.05)


def up(packages: Sequence[Path], *, behind_nginx: bool = False, inference: int = -1) -> None:
    """Run until SIGINT or SIGTERM; SIGHUP restarts every process, one after the other.

    `inference`: such workers; -1 as settings say.
    """
    settings = settings_module.load()
    if inference >= 0:
        settings = settings_module.replace(settings, inference=inference)
    log.set_up(settings, "igym")
    stopping = renewing = False

    def renew(*_: object) -> None:
        nonlocal renewing
        renewing = True

    def stop(*_: object) -> None:
        nonlocal stopping
        if stopping:
            return
        stopping = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if not os.isatty(0):  # there it says that the terminal is gone
        signal.signal(signal.SIGHUP, renew)
    console = Console()
    from igym.cli.rolling import Rolling
    from igym.services import footprint

    try:
        with stack(settings, packages, behind_nginx=behind_nginx) as running:
            _greet(console, running)
            footprint.settle()
            way = None
            while True:
                running.supervisor.watch()
                if way is None and renewing:
                    way = Rolling(running.deployment.redis)
                if way is not None:
                    way.look()
                    if way.done:
                        _log.warning("rolling restart: %s", way.failed or "everything is new")
                        way, renewing = None, False
                time.sleep(0.2)
    except KeyboardInterrupt:
        console.print("\nStopped. Data and sessions are kept; start again to go on.")


def _greet(console: Console, running: Stack) -> None:
    """Say where everything is. Links are never cut: they are there to be copied."""
    lines = ["", "[bold green]igym is up.[/] Ctrl-C stops everything.", ""]
    for plan in running.plans:
        link = f"{running.url}/e/{plan.experiment}"
        people = max((len(s.play.humans) for s in plan.scenes if s.play), default=1)
        links = [f"{link}?wave={wave.name}" for wave in plan.waves] or [link]
        lines += [
            f"[bold]{plan.title}[/]",
            *(f"  participant   {each}" for each in links),
            f"  try it        {link}?new   [dim]a new participant each time"
            + (f"; open it {people} times[/]" if people > 1 else "[/]"),
            f"  pilot         {links[0]}{'&' if '?' in links[0] else '?'}mode=pilot"
            "   [dim]for colleagues; kept apart from the real data[/]",
        ]
    if not running.plans:
        lines += [
            "Packages come by [bold]igym submit[/].",
            "Make a token for it: [bold]igym token create[/]",
        ]
    from igym.services import accounts

    key = accounts.link(running.deployment)
    lines += [
        "[bold]Admin[/] [dim](signs in once, within 12 hours; another one: igym admin link)[/]",
        f"  {running.url}/admin/enter?key={key}",
        "[bold]Data[/]",
        f"  {running.settings.data_dir}",
        "",
    ]
    console.print("\n".join(lines), soft_wrap=True, highlight=False)


def one_worker() -> None:
    """A game worker under its supervisor, until SIGTERM."""
    settings = settings_module.load()
    log.set_up(settings, "igym")
    if not settings.redis_url:
        raise Unavailable("REDIS_URL is not set.", hint="Set it, or run everything: igym up DIR")
    from igym.cli.binding import BoundWorkers
    from igym.services.connect import connect
    from igym.services.games.leasing import WorkerLeases

    deployment = connect(settings)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    # Not on the data volume, which the supervisors of other machines share, maybe over a network.
    with tempfile.TemporaryDirectory(prefix="igym-run-") as run_dir:
        supervisor = Supervisor(settings, Path(run_dir))
        supervisor.use(WorkerLeases(deployment))
        supervisor.look(BoundWorkers(supervisor, deployment, environment(settings)).look)
        supervisor.add_igym("games", environment(settings))
        try:
            while True:
                supervisor.watch()
                time.sleep(0.2)
        except KeyboardInterrupt:
            supervisor.stop(("games",))
