"""The audit log in a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from igym.cli import reach
from igym.cli.remote import Remote
from igym.cli.tokens import day


def print_deeds(
    experiment: str, most: int, to: str | None, token: str | None, *, as_json: bool
) -> None:
    """Print who did what, the latest first."""
    if remote := reach.there(to, token):
        found = list(islice(_pages(remote, experiment), most))
    else:
        from igym.services import auditing

        read = auditing.read(reach.here(), experiment=experiment, most=most)
        found = [asdict(one) for one in read]
    if as_json:
        typer.echo(json.dumps({"deeds": found}))
        return
    console = Console(highlight=False)
    for one in found:
        who = f"{escape(one['who'])} [dim]({one['token']})[/]" if one["token"] else one["who"]
        about = " ".join(filter(None, (one["experiment"], escape(one["what"]))))
        console.print(
            f"[dim]{day(one['at_ms'])}[/]  {who}  [bold]{one['did']}[/]  {about}  "
            f"[dim]{escape(_changes(one['before'], one['after']))}[/]",
            soft_wrap=True,
        )
    if not found:
        console.print("Nothing was done here yet.")


def _pages(remote: Remote, experiment: str) -> Iterator[dict[str, Any]]:
    last = ""
    while True:
        asked = {"experiment": experiment, "before": last}
        query = "&".join(f"{name}={value}" for name, value in asked.items() if value)
        page = remote.call("GET", f"/api/audit?{query}" if query else "/api/audit")["deeds"]
        yield from page
        if not page:
            return
        last = page[-1]["id"]


def _changes(before: dict[str, Any], after: dict[str, Any]) -> str:
    """What became of what. Of a hash, its beginning."""
    said = []
    for name in dict.fromkeys((*before, *after)):
        old, new = (_word(side.get(name, "")) for side in (before, after))
        if old != new:
            said.append(f"{name}: {old} → {new}" if name in before and name in after else
                        f"{name}: {new or old}")  # fmt: skip
    return ", ".join(said)


def _word(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text[:12] if len(text) == 64 else text or "–"
