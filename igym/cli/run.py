"""`igym run`: an experiment on its author's bench. What they save is there within two seconds.

One web worker, one game worker, one director, and a watch on the folder. A version that does not
compile is told, and the last good one stays.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from rich.console import Console
from rich.markup import escape

from igym import log
from igym import settings as settings_module
from igym.cli.up import Stack, stack
from igym.domain.report import Finding
from igym.errors import BadPackage, IgymError, Unavailable

if TYPE_CHECKING:
    from igym.domain.plan import Plan
    from igym.services.packages.sandbox import Child

_log = logging.getLogger(__name__)

#: How often everything is looked at. Supervisor, bench and folder cost nothing in between.
LOOK_S = 0.05

#: The page is told that we are here this often.
SAY_S = 5.0

#: So long after a version the next compile is prepared: first the windows have the cores.
REST_S = 1.5

#: Simulated participants stay until the end of whatever game they are in.
BOTS_S = 3600.0


class Bench:
    """The experiment in `root`, published anew whenever its files change."""

    def __init__(self, running: Stack, root: Path, experiment: str, console: Console) -> None:
        from igym.services.packages import tryout

        self._running, self._root, self._console = running, root, console
        self.experiment = experiment
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="bench")
        self._ready: Child | None = tryout.prepared()  # it loads while the others do
        self._work: Future[tuple[list[Finding], Plan | None, float]] | None = None
        self._data: Future[dict[str, Any]] | None = None
        self._bots: subprocess.Popen[bytes] | None = None
        self._said_s = self._tried_s = 0.0
        self.dirty = threading.Event()
        self.dirty.set()
        self.tried = False  # whether the first version has been looked at
        self.opened = False  # whether one has ever been good

    def look(self) -> None:
        """One round. Call it often; it never waits."""
        if self._work is not None and self._work.done():
            done, self._work = self._work, None
            self._told(*done.result())
            self.tried, self._tried_s = True, time.monotonic()
        if self._work is None and self.dirty.is_set():
            self.dirty.clear()
            self._work = self._pool.submit(self._publish, self._ready)
            self._ready = None
        if self._ready is None and self._work is None and time.monotonic() - self._tried_s > REST_S:
            from igym.services.packages import tryout

            self._ready = tryout.prepared()  # while its author thinks
        if self._data is not None and self._data.done():
            done_data, self._data = self._data, None
            self._say(data=done_data.result())
        if time.monotonic() - self._said_s > SAY_S:
            self._say()
        self._hear()

    def close(self) -> None:
        """End what it has started."""
        self._let_go()
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._ready is not None:
            self._ready.kill()

    # --- versions -------------------------------------------------------------------------------

    def _publish(self, ready: Child | None) -> tuple[list[Finding], Plan | None, float]:
        """Store and compile what is in the folder now, and open it where it is good."""
        from igym.services.packages import depending, publishing, tryout
        from igym.store import packages

        began_s = time.monotonic()
        deployment = self._running.deployment
        try:
            package = publishing.keep(deployment, self._root)
            stored = deployment.package_root(package).resolve()
            libraries = depending.install(deployment.data, stored, package)
            found, plan = tryout.tried(stored, package, ready, libraries=libraries)
        except IgymError as error:
            found, plan = [Finding("error", error.code, error.message, error.hint)], None
        if plan is not None and not any(each.level == "error" for each in found):
            packages.publish(deployment.redis, plan)
        else:
            plan = None
        took_s = time.monotonic() - began_s
        return found, plan, took_s

    def _told(self, found: list[Finding], plan: Plan | None, took_s: float) -> None:
        """Say what came of it, in the terminal and on the page."""
        clock = time.strftime("%H:%M:%S")
        if plan is None:
            problem = next(each for each in found if each.level == "error")
            kept = "The last good version stays open." if self.opened else "Save it to try again."
            self._console.print(f"[dim]{clock}[/] [bold red]✗[/] {_sentence(problem)}")
            self._console.print(f"         [dim]{kept}[/]")
            self._say(problem=asdict(problem), tried_ms=time.time() * 1000)
            return
        if plan.experiment != self.experiment:
            self.experiment, before = plan.experiment, self.experiment
            said = f"Its id was {before}: the bench has moved to {self.page}"
            self._console.print(f"[dim]{clock}[/] {said}", highlight=False, soft_wrap=True)
        self.opened = True
        now_ms = time.time() * 1000
        self._say(problem=None, package=plan.package, tried_ms=now_ms, took_s=round(took_s, 2))
        said = f"[green]✓[/] {plan.package[:8]} is open, {took_s:.1f} s after it was saved"
        self._console.print(f"[dim]{clock}[/] {said}", highlight=False)

    @property
    def page(self) -> str:
        """Address of the bench page."""
        return f"{self._running.url}/bench/{self.experiment}"

    @property
    def abroad(self) -> bool:
        """Whether other machines can reach it; they need a key."""
        return self._running.settings.host not in ("127.0.0.1", "localhost", "::1")

    @property
    def key(self) -> str:
        """What opens the bench from another machine, for 12 hours."""
        from igym.services.sessions import tokens

        return tokens.issue_admin(self._running.deployment)

    # --- the page -------------------------------------------------------------------------------

    def _say(self, **fields: Any) -> None:
        from igym.store import RedisError, bench

        self._said_s = time.monotonic()
        fields["bots"] = self._count if self._bots and self._bots.poll() is None else 0
        with contextlib.suppress(RedisError):  # it is being started again; the next round says it
            bench.say(self._running.deployment.redis, self.experiment, **fields)

    _count = 0

    def _hear(self) -> None:
        from igym.store import RedisError, bench

        with contextlib.suppress(RedisError):
            said = bench.asked(self._running.deployment.redis, self.experiment)
            if said is None:
                return
            if said["do"] == "bots":
                self._let_go()
                self._invite(int(said["count"]), said["query"])
            elif said["do"] == "data" and self._data is None:
                self._data = self._pool.submit(self._preview)

    def _invite(self, count: int, query: dict[str, str]) -> None:
        """Let simulated participants come, as previews."""
        self._count = count
        if count:
            link = f"{self._running.url}/e/{self.experiment}"
            url = f"{link}?{urlencode({**query, 'mode': 'preview'})}"
            from igym.services.functions import apart

            how = ["--participants", str(count), "--seconds", str(BOTS_S), "--at-once"]
            self._bots = subprocess.Popen(
                [sys.executable, "-m", "igym.bots.crowd", url, *how],
                stdout=subprocess.DEVNULL,
                preexec_fn=apart.with_parent,
            )
        self._say()

    def _let_go(self) -> None:
        if self._bots is not None:
            self._bots.kill()
            self._bots.wait()
            self._bots = None

    def _preview(self) -> dict[str, Any]:
        from igym.archive import parquet, preview

        version = _about(self._root)["version"]
        root = parquet.folder(self._running.deployment.data, self.experiment, version)
        return preview.look(root) | {"at_ms": time.time() * 1000}


def _sentence(problem: Finding) -> str:
    where = f"[bold]{escape(problem.file)}:{problem.line}[/] " if problem.line else ""
    lines = [where + escape(problem.message)]
    if problem.hint:
        lines.append(f"[dim]→[/] {escape(problem.hint)}")
    if problem.trace and problem.code == "raised":
        lines += ["", escape(problem.trace.rstrip()), ""]
    return "\n         ".join("\n".join(lines).splitlines())


def _about(root: Path) -> dict[str, str]:
    """id, version and title as the manifest says them now; of a broken one, the folder's name."""
    import tomllib

    try:
        made = tomllib.loads((root / "experiment.toml").read_text("utf-8"))
    except (OSError, ValueError):
        made = {}
    known = {"id": root.name, "version": "1", "title": root.name}
    return {name: str(made.get(name) or known[name]) for name in known}


@contextlib.contextmanager
def _watched(root: Path, dirty: threading.Event) -> Iterator[None]:
    """Set `dirty` whenever a file of the package is saved."""
    import watchfiles

    from igym.services.packages.packing import SKIPPED

    def matters(_: watchfiles.Change, path: str) -> bool:
        # Editors' own files come and go beside what they save.
        name = Path(path)
        inside = name.relative_to(root).parts if name.is_relative_to(root) else name.parts
        return not SKIPPED & set(inside) and not name.name.endswith(("~", ".swp", ".tmp", ".pyc"))

    stop = threading.Event()

    def watch() -> None:
        # 50 ms of quiet after the last change: a save of several files is one version.
        options: dict[str, Any] = {"debounce": 400, "step": 50, "rust_timeout": 500}
        for _ in watchfiles.watch(
            root, watch_filter=matters, stop_event=stop, raise_interrupt=False, **options
        ):
            dirty.set()

    thread = threading.Thread(target=watch, name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=2)


def run(package: Path, *, port: int = 0, opens: bool = True) -> None:
    """Run the package on a bench until Ctrl-C.

    Args:
        port: of the page; 0 = the setting's, or the next free one where that is taken.
        opens: open the page in a browser, where there is one.

    Raises:
        BadPackage: there is no such folder, or no experiment.py in it.
        Unavailable: igym is set up for production, or runs on this data folder already.
    """
    root = package.resolve()
    if not (root / "experiment.py").is_file():
        raise BadPackage(
            f"{package} is not a package: it has no experiment.py.",
            hint="Name the folder that holds it, or make one: igym new two-player demo",
        )
    began_s = time.monotonic()
    settings = settings_module.load()
    if settings.environment != "development":
        raise Unavailable(
            "igym run is for development, and the settings say production.",
            hint="Run studies with igym up.",
        )
    port = _free(settings.host, port or settings.port, only=bool(port))
    settings = settings_module.replace(settings, web=1, games=1, port=port)
    log.setup("warning", as_json=settings.log_json, role="igym")
    settings = settings_module.replace(settings, log_level="warning")
    console = Console()

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        with stack(settings, []) as running:
            bench = Bench(running, root, _about(root)["id"], console)
            try:
                with _watched(root, bench.dirty):
                    greeted = False
                    while True:
                        running.supervisor.watch()
                        bench.look()
                        if not greeted and bench.tried:
                            greeted = True
                            _greet(console, bench, time.monotonic() - began_s)
                            if opens:
                                _open(bench.page)
                        time.sleep(LOOK_S)
            finally:
                bench.close()
    except KeyboardInterrupt:
        console.print("\nStopped. What was recorded is kept.")


def _free(host: str, port: int, *, only: bool) -> int:
    """`port`, or the next one that is free. Raises `Unavailable`."""
    from igym.web.listen import listen

    for each in range(port, port + (1 if only else 20)):
        try:
            listen(host, each, shared=False).close()
            return each
        except Unavailable:
            if only or each == port + 19:
                raise
    raise AssertionError("unreachable")


def _greet(console: Console, bench: Bench, took_s: float) -> None:
    """Say where the bench is. Links are never cut: they are there to be copied."""
    link = bench.page.replace("/bench/", "/e/")
    lines = [
        "",
        f"[bold green]{escape(bench.experiment)} is on the bench[/] [dim]({took_s:.1f} s)[/]",
        "",
        f"  bench         {bench.page}",
        f"  one preview   {link}?mode=preview&new",
        *([f"  elsewhere     {bench.page}?key={bench.key}"] if bench.abroad else []),
        f"  pilot link    {link}?mode=pilot   [dim]for others once it runs with igym up[/]",
        "",
        "[dim]Save a file of the package and it is there in a moment. Ctrl-C stops.[/]",
        "",
    ]
    console.print("\n".join(lines), soft_wrap=True, highlight=False)


def _open(address: str) -> None:
    """In a browser, where there is a screen."""
    import os
    import webbrowser

    if sys.stdout.isatty() and (os.environ.get("DISPLAY") or sys.platform == "darwin"):
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
