"""`igym doctor`: what is well with a deployment, what is not, and what to do about it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from igym import settings as settings_module
from igym.bots import reaching
from igym.cli import embedded
from igym.cli.data import progress
from igym.domain.finding import Finding, skipped
from igym.settings import Settings
from igym.store.client import open_redis

_MARKS = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "fail": "[red]✗[/]", "skipped": "[dim]–[/]"}


def doctor(url: str, idle_s: float, *, as_json: bool) -> int:
    """Look at everything, from here and from outside. Returns 1 where something has to be done."""
    settings = settings_module.load()
    with progress(shown=not as_json) as moved:
        moved("Redis, volume, clocks", 0.1)
        made = _inside(settings)
        moved("address, socket, certificate", 0.4)
        made += _outside(settings, url, idle_s)
    ok = not any(one.verdict == "fail" for one in made)
    if as_json:
        typer.echo(json.dumps({"ok": ok, "findings": [asdict(one) for one in made]}, indent=1))
    else:
        _print(made)
    return 0 if ok else 1


def _inside(settings: Settings) -> list[Finding]:
    if not settings.redis_url:
        socket = embedded.socket_path(Path(settings.data_dir).resolve())
        if not embedded.listens(socket):
            what = "REDIS_URL is not set, and no `igym up` runs on this data folder."
            hint = "Run it where the deployment is, with its settings; or set REDIS_URL."
            return [skipped("redis, volume, processes", what, hint)]
        settings = settings_module.replace(settings, redis_url=f"unix://{socket}")
    from igym.services.operations import diagnosing

    return diagnosing.diagnose(settings, open_redis(settings.redis_url, answer_s=2.0))


def _outside(settings: Settings, url: str, idle_s: float) -> list[Finding]:
    where = url or settings.public_url
    if not where and not settings.redis_url:
        where = f"http://{settings.host}:{settings.port}"
    if not where:
        return [reaching.unlooked()]
    if "://" not in where:
        where = f"https://{where}"
    return reaching.look(where, idle_s, settings.turn_urls)


def _print(made: list[Finding]) -> None:
    console = Console(highlight=False)
    for one in made:
        console.print(
            f"{_MARKS[one.verdict]} [bold]{one.what}[/] {escape(one.said)}", soft_wrap=True
        )
        if one.hint:
            console.print(f"  [dim]→ {escape(one.hint)}[/]", soft_wrap=True)
    bad = [one.what for one in made if one.verdict == "fail"]
    console.print(
        f"[red]To mend: {', '.join(bad)}.[/]" if bad else "[green]Nothing has to be mended.[/]"
    )
