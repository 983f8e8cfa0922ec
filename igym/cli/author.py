"""Verbs for researchers: `new` and `check`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from igym import settings
from igym.cli import new as templates
from igym.domain.report import Finding, Report, SceneReport

#: How a game goes on whose worker dies.
_RECOVERY = {
    "state": "after a crash: loads its saved state (get_state)",
    "pickle": "after a crash: loads its saved state (pickle)",
    "replay": "after a crash: replays its log",
    "restart": "after a crash: begins its episode anew",
}

_MARKS = {"error": "[bold red]✗[/]", "warning": "[yellow]![/]", "note": "[dim]·[/]"}

#: What `igym check` prints of a traceback at the most; all of it is in --json.
_MOST_TRACE = 12


def new(template: str, folder: Path, *, as_json: bool) -> None:
    """Make a package from a template and say what to do next."""
    made = templates.make(template, folder)
    if as_json:
        told = {
            "folder": str(made.folder.resolve()),
            "template": made.template,
            "experiment": made.experiment,
            "files": made.files,
        }
        sys.stdout.write(json.dumps(told) + "\n")
        return
    console = Console()
    console.print(f"[green]✓[/] {escape(str(folder))}, from {template}:", highlight=False)
    for name in made.files:
        console.print(f"    [dim]{escape(name)}[/]", highlight=False)
    console.print(
        f"\n  igym run {escape(str(folder))}     [dim]try it; what you save is there at once[/]"
        f"\n  igym check {escape(str(folder))}   [dim]does it hold together?[/]",
        highlight=False,
    )


def check(package: Path, *, as_json: bool) -> int:
    """Check a package and print the report. Returns the exit code: 1 where it has an error.

    Raises:
        BadPackage: it is not a folder.
    """
    from igym.services.packages import checking

    volume = Path(settings.load().data_dir)
    if as_json:
        report = checking.examine(package, volume)
        sys.stdout.write(json.dumps({**asdict(report), "ok": report.ok}) + "\n")
        return 0 if report.ok else 1
    console = Console()
    with console.status(f"Trying {escape(package.name)} apart, with limits and without a network"):
        report = checking.examine(package, volume)
    print_report(console, report)
    return 0 if report.ok else 1


def print_report(console: Console, report: Report) -> None:
    """A report as people read it."""
    if report.scenes:
        name = f"{report.title} · {report.experiment} {report.version}"
        table = Table(title=escape(name), title_justify="left")
        for heading in ("scene", "kind", "what"):
            table.add_column(heading)
        for scene in report.scenes:
            table.add_row(scene.name, scene.kind, escape(scene.about))
            if scene.kind == "game":
                table.add_row("", "", f"[dim]{_pace(scene)}[/]")
                table.add_row("", "", f"[dim]{_RECOVERY.get(scene.recovery, scene.recovery)}[/]")
        console.print(table)
    for found in report.findings:
        _finding(console, found)
    counts = ", ".join(
        f"{n} {level}{'s' if n > 1 else ''}"
        for level in ("error", "warning", "note")
        if (n := report.count(level))
    )
    size = f"{report.bytes / 1000:.0f} kB" if report.bytes < 1e6 else f"{report.bytes / 1e6:.1f} MB"
    if report.ok:
        said = f"[green]✓[/] It holds together{': ' + counts if counts else ''}."
    else:
        said = f"[bold red]✗[/] It cannot be published yet: {counts}."
    console.print(
        f"{said} [dim]{size}, content hash {report.package[:16]}…, checked in"
        f" {report.took_s:.1f} s[/]",
        highlight=False,
    )


def _pace(scene: SceneReport) -> str:
    return f"a step takes {scene.tick_ms:.2g} ms, at most {scene.longest_ms:.2g} ms"


def _finding(console: Console, found: Finding) -> None:
    place = f"{found.file}:{found.line}" if found.line else found.file
    where = f"[bold]{escape(place)}[/] " if place and place not in found.message else ""
    console.print(f"{_MARKS[found.level]} {where}{escape(found.message)}", highlight=False)
    if found.hint:
        console.print(f"  [dim]→ {escape(found.hint)}[/]", highlight=False)
    if found.trace:
        lines = found.trace.rstrip().splitlines()[-_MOST_TRACE:]
        console.print("\n".join(f"    [dim]{escape(line)}[/]" for line in lines), highlight=False)
