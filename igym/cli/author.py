"""Verbs for researchers."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from igym import settings
from igym.domain import reachable
from igym.domain.answers import COMMENT
from igym.domain.plan import PlayPlan
from igym.services import depending, publishing

#: How a game goes on whose worker dies.
_RECOVERY = {
    "state": "after a crash: loads its saved state (get_state)",
    "pickle": "after a crash: loads its saved state (pickle)",
    "replay": "after a crash: replays its log",
    "restart": "[red]after a crash: begins its episode anew[/]",
}


def _pace(play: PlayPlan) -> str:
    """How long a step takes, and whether that is too long."""
    told = f"a step takes {play.tick_ms:.2g} ms, at most {play.longest_ms:.2g} ms"
    if play.longest_ms > 1000 / play.fps:
        told += f" [red]which is over a tick ({1000 / play.fps:.0f} ms)[/]"
        if play.isolation == "shared":
            told += ': put isolation="process" into play(…), or other games wait for it too'
    return told


def check(package: Path) -> None:
    """Compile `package` and print its scenes.

    Raises:
        BadPackage: it will not do.
    """
    root, known = package.resolve(), publishing.fingerprint(package)
    libraries = depending.install(Path(settings.load().data_dir), root, known)
    plan = publishing.compile_apart(root, known, libraries)
    table = Table(title=f"{plan.title} · {plan.experiment} {plan.version}", title_justify="left")
    for heading in ("scene", "kind", "what"):
        table.add_column(heading)
    for scene in plan.scenes:
        if scene.play:
            seats = ", ".join(
                f"{seat}: {scene.play.policies.get(seat, 'human')}" for seat in scene.play.seats
            )
            table.add_row(scene.name, "game", f"{seats} · {scene.play.fps:g} fps")
            table.add_row("", "", f"[dim]{_pace(scene.play)}[/]")
            table.add_row("", "", f"[dim]{_RECOVERY[scene.play.recovery]}[/]")
            if scene.play.found:
                table.add_row("", "", f"[yellow]{escape(scene.play.found)}[/]")
        elif scene.asked:
            asked = [item for item in scene.asked.items if not item.endswith(COMMENT)]
            table.add_row(scene.name, "quiz" if scene.quiz else "survey", f"{len(asked)} questions")
        elif scene.end:
            table.add_row(scene.name, "ending", ", ".join(scene.end.codes) or "no codes")
        else:
            table.add_row(scene.name, "page", "")
    console = Console()
    console.print(table)
    for outcome, how in reachable.uncoded(plan).items():
        console.print(
            f"[yellow]![/] The outcome [bold]{escape(outcome)}[/] has no completion code "
            f'({escape(how)}). Name one in ending(codes=…), or "" for none.'
        )
    console.print(f"[green]✓[/] {package} compiles. Content hash {plan.package[:16]}…")
