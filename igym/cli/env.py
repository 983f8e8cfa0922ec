"""`igym check --env`: one environment alone, examined apart and with limits."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from igym.errors import BadPackage
from igym.services.packages import sandbox

_MARKS = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "fail": "[red]✗[/]", "skipped": "[dim]–[/]"}


def examined(spec: str, folder: Path | None, fps: float) -> dict[str, Any]:
    """The report of `igym.sim.check` as plain values.

    Raises:
        BadPackage: it did not come to an end within its bounds.
    """
    where = folder.resolve() if folder else Path.cwd()
    tried = sandbox.Child("igym.sim.check").finish(env=spec, folder=str(where), fps=fps)
    if tried.broke:
        raise BadPackage(
            f"{spec} took more {tried.broke} than it may while it is examined.",
            hint="Do not load or train anything while its module is imported.",
        )
    try:
        report: dict[str, Any] = json.loads(tried.out)
    except json.JSONDecodeError:
        raise BadPackage(
            f"Examining {spec} ended with {tried.code}.\n{tried.err[-2000:]}"
        ) from None
    return report


def check(spec: str, folder: Path | None, fps: float, *, as_json: bool) -> int:
    """Print what was found of the environment. Returns 1 where something failed."""
    report = examined(spec, folder, fps)
    if as_json:
        sys.stdout.write(json.dumps(report) + "\n")
    else:
        _print(report)
    return 0 if report["ok"] else 1


def _print(report: dict[str, Any]) -> None:
    console = Console()
    if report["seats"]:
        seats = Table(title=f"{report['env']} · {report['kind']}", title_justify="left")
        for heading in ("seat", "action", "observation"):
            seats.add_column(heading)
        for seat, spaces in report["seats"].items():
            seats.add_row(*map(escape, (seat, spaces["action"], spaces["observation"])))
        console.print(seats)
    for found in report["findings"]:
        line = f"{_MARKS[found['verdict']]} [bold]{found['what']}[/] {escape(found['said'])}"
        console.print(line, highlight=False)
        if found["hint"]:
            console.print(f"  [dim]→ {escape(found['hint'])}[/]", highlight=False)
    failed = dict.fromkeys(f["what"] for f in report["findings"] if f["verdict"] == "fail")
    told = f"[red]To mend: {', '.join(failed)}.[/]" if failed else "[green]It can be played.[/]"
    console.print(told)
