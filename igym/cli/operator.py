"""Verbs for whoever runs a deployment."""

from __future__ import annotations

import json

import typer
from rich.console import Console
from rich.table import Table

from igym import settings as settings_module


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
