"""API tokens, on the machine of the deployment."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import datetime

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from igym.cli import reach
from igym.domain.access import Role
from igym.errors import BadMessage
from igym.services import access


def day(at_ms: float) -> str:
    """A moment as people here write it; "–" for none."""
    if not at_ms:
        return "–"
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M")


def create(
    name: str, role: str, experiments: tuple[str, ...], days: int, *, trusted: bool, as_json: bool
) -> None:
    """Make a token. Raises `BadMessage`."""
    if role not in set(Role):
        raise BadMessage(f"There is no role {role!r}.", hint="Write researcher or admin.")
    named = name or f"{role} of {time.strftime('%Y-%m-%d')}"
    text, made = access.create(reach.here(), named, Role(role), experiments, days, trusted=trusted)
    if as_json:
        typer.echo(json.dumps({"text": text, "token": asdict(made)}))
        return
    console = Console()
    console.print(text, soft_wrap=True, highlight=False)
    opens = "everything" if made.role is Role.ADMIN else ", ".join(made.experiments)
    Console(stderr=True).print(
        f"[dim]{made.role} token {made.id} for {escape(opens)}, until {day(made.expires_ms)}. "
        "It is not shown again.[/]",
        highlight=False,
    )


def list_tokens(*, as_json: bool) -> None:
    """Every token."""
    known = access.listed(reach.here())
    if as_json:
        rows = [{**asdict(one.access), "used_ms": one.used_ms} for one in known]
        typer.echo(json.dumps({"tokens": rows}))
        return
    table = Table("id", "name", "role", "experiments", "until", "last used")
    for one in known:
        about = one.access
        role = f"{about.role}, trusted" if about.trusted and about.role != "admin" else about.role
        table.add_row(
            about.id, escape(about.name), role, escape(", ".join(about.experiments)),
            day(about.expires_ms), day(one.used_ms),
        )  # fmt: skip
    Console().print(table if known else "There are no tokens. Make one: igym token create")


def revoke(id: str) -> None:
    """Make a token worthless. Raises `NotFound`."""
    access.revoke(reach.here(), id)
    Console().print(f"Token {escape(id)} opens nothing any more.")
