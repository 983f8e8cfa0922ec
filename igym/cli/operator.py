"""Verbs for whoever runs a deployment."""

from __future__ import annotations

import json

import typer
from rich.console import Console
from rich.table import Table

from igym import settings as settings_module
from igym.errors import Unavailable
from igym.services.connect import connect
from igym.services.sessions import tokens


def print_config(*, as_json: bool) -> None:
    """The settings in force, secrets masked."""
    known = settings_module.redacted(settings_module.load())
    if as_json:
        typer.echo(json.dumps(known, default=str, indent=1))
        return
    table = Table.grid(padding=(0, 2))
    for name, value in known.items():
        table.add_row(name, str(value))
    Console().print(table)


def print_admin_link(*, as_json: bool = False) -> None:
    """A new admin link for the deployment at REDIS_URL."""
    settings = settings_module.load()
    if not settings.redis_url:
        raise Unavailable(
            "REDIS_URL is not set, so there is no running deployment to make a link for.",
            hint="`igym up` prints its own admin link when it starts.",
        )
    token = tokens.issue_admin(connect(settings, patience_s=3.0))
    base = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    link = f"{base}/admin/enter?key={token}"
    typer.echo(json.dumps({"link": link}) if as_json else link)
