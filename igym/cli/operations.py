"""Verbs for whoever keeps a deployment: backup and restore."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from igym import settings as settings_module
from igym.cli import embedded
from igym.cli.data import progress, said
from igym.errors import Unavailable
from igym.services.operations import backing, restoring
from igym.settings import Settings
from igym.store import Redis
from igym.store.client import open_redis, shown, wait_for_redis


@contextlib.contextmanager
def attached(settings: Settings, *, still: bool) -> Iterator[Redis]:
    """The deployment's Redis: the one of the settings, or the embedded one, started if need be.

    Args:
        still: nothing else may run on it while this is open.

    Raises:
        Unavailable: it does not answer, or an `igym up` runs and should not.
    """
    if settings.redis_url:
        redis = open_redis(settings.redis_url)
        wait_for_redis(redis, 3.0, shown(settings.redis_url))
        yield redis
        return
    data = Path(settings.data_dir).resolve()
    socket = embedded.socket_path(data)
    if not still and embedded.listens(socket):
        yield open_redis(f"unix://{socket}")
        return
    if not still and not (data / "redis").is_dir():
        raise Unavailable(
            f"There is no deployment here: REDIS_URL is not set, and {data} holds none.",
            hint="Set REDIS_URL, or IGYM_DATA_DIR to the folder of `igym up`.",
        )
    with embedded.claim(data):
        socket.unlink(missing_ok=True)
        process = subprocess.Popen(embedded.command(data, socket), stdout=subprocess.DEVNULL)
        try:
            embedded.wait(socket, process)
            redis = open_redis(f"unix://{socket}")
            wait_for_redis(redis, 30.0, str(socket))  # it may have much to load
            yield redis
        finally:
            process.terminate()  # it writes what it holds
            process.wait()
            socket.unlink(missing_ok=True)


def backup(to: str, *, secrets: bool, as_json: bool) -> None:
    """Write a backup and say what is in it."""
    settings = settings_module.load()
    with attached(settings, still=False) as redis, progress(shown=not as_json) as moved:
        made = backing.backup(redis, settings.data_dir, to, secrets=secrets, progress=moved)

    def told(console: Console) -> None:
        console.print(
            f"[green]✓[/] {made.keys:,} keys and {made.files:,} files, {made.bytes / 1e6:.1f} MB, "
            f"in {made.to}\nSHA-256 of its manifest.json: {made.sha256}",
            soft_wrap=True,
        )
        console.print(
            "[yellow]![/] It has the key that signs participants' tokens: keep it as a secret."
            if made.secrets
            else "Secrets are not in it: keep `.env` and certificates as well."
        )

    said(asdict(made), as_json=as_json, told=told)


def restore(place: str, *, force: bool, as_json: bool) -> None:
    """Put a backup back and say what is there now."""
    settings = settings_module.load()
    with attached(settings, still=True) as redis, progress(shown=not as_json) as moved:
        made = restoring.restore(redis, settings.data_dir, place, force=force, progress=moved)

    def told(console: Console) -> None:
        console.print(
            f"[green]✓[/] {made.keys:,} keys and {made.files:,} files, as of {made.of}. "
            "Start the deployment."
        )
        if made.replaced:
            console.print(f"What was there before is in {made.replaced}; delete it when you can.")
        if not made.secrets and not settings.secret_key:
            console.print(
                "[yellow]![/] The key that signs participants' tokens was not in the backup: "
                "who is in a study opens their link again."
            )

    said(asdict(made), as_json=as_json, told=told)
