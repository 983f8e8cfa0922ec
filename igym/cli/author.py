"""Verbs for researchers."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from igym.services import publishing


def check(package: Path) -> None:
    """Compile `package` and print its scenes.

    Raises:
        BadPackage: it will not do.
    """
    plan = publishing.compile_apart(package.resolve(), publishing.fingerprint(package))
    table = Table(title=f"{plan.title} · {plan.experiment} {plan.version}", title_justify="left")
    for heading in ("scene", "kind", "what"):
        table.add_column(heading)
    for scene in plan.scenes:
        if scene.play:
            seats = ", ".join(
                f"{seat}: {scene.play.policies.get(seat, 'human')}" for seat in scene.play.seats
            )
            table.add_row(scene.name, "game", f"{seats} · {scene.play.fps:g} fps")
        elif scene.survey:
            asked = [item for item in scene.survey.items if not item.endswith("-Comment")]
            table.add_row(scene.name, "survey", f"{len(asked)} questions")
        elif scene.end:
            table.add_row(scene.name, "ending", ", ".join(scene.end.codes) or "no codes")
        else:
            table.add_row(scene.name, "page", "")
    console = Console()
    console.print(table)
    console.print(f"[green]✓[/] {package} compiles. Content hash {plan.package[:16]}…")
