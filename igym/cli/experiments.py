"""Experiments and whether newcomers are let in, here or on a server."""

from __future__ import annotations

import json
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from igym.cli import reach
from igym.cli.tokens import day


def _here(name: str) -> dict[str, Any]:
    """As the API says it, without a link: nobody here knows the public address."""
    from igym.store import packages

    redis = reach.here().redis
    opening, versions = packages.openings(redis)[name], packages.versions(redis, name)
    shown = next((v for v in versions if v.package == opening.active), None)
    titled = shown or next(iter(versions), None)
    return {
        "experiment": name,
        "title": titled.title if titled else name,
        "active": shown.version if shown else "",
        "active_package": opening.active,
        "open": bool(opening.active) and not opening.closed_ms,
        "closed_ms": opening.closed_ms,
        "versions": len(versions),
        "link": "",
    }


def list_experiments(to: str | None, token: str | None, *, as_json: bool) -> None:
    """Print experiments."""
    if remote := reach.there(to, token):
        found = list(remote.call("GET", "/api/experiments")["experiments"])
    else:
        from igym.store import packages

        found = [_here(name) for name in packages.known(reach.here().redis)]
    if as_json:
        typer.echo(json.dumps({"experiments": found}))
        return
    table = Table("experiment", "title", "active", "newcomers", "versions", "link")
    for one in found:
        table.add_row(
            one["experiment"], escape(one["title"]), escape(one["active"]) or "–", _newcomers(one),
            str(one["versions"]), one["link"],
        )  # fmt: skip
    Console().print(table if found else "There are no experiments here yet.")


def recruit(name: str, to: str | None, token: str | None, *, is_open: bool, as_json: bool) -> None:
    """Let newcomers in, or nobody new. Raises `NotFound`, or `Answered`."""
    if remote := reach.there(to, token):
        said = remote.call("PUT", f"/api/experiments/{name}/recruitment", {"open": is_open})
    else:
        from igym.services import auditing
        from igym.services.packages import releasing

        releasing.recruit(reach.here(), name, is_open=is_open, by=auditing.LOCAL)
        said = _here(name)
    if as_json:
        typer.echo(json.dumps({"experiment": said}))
        return
    Console().print(f"[bold]{escape(said['title'])}[/]: {_newcomers(said)}", highlight=False)


def _newcomers(one: dict[str, Any]) -> str:
    if one["open"]:
        return "[green]are let in[/]"
    if one["closed_ms"]:
        return f"[yellow]nobody new since {day(one['closed_ms'])}[/]"
    return "[dim]no version is active[/]"
