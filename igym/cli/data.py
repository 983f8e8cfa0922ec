"""Verbs for whoever works with the data of a study."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from igym import settings
from igym.archive import export as exporting
from igym.errors import Refused

if TYPE_CHECKING:
    from igym.services.data.replaying import Replayed


def volume(data: Path | None) -> Path:
    """The data volume that was named, or else that of the settings."""
    return data if data is not None else Path(settings.load().data_dir)


@contextlib.contextmanager
def progress(*, shown: bool) -> Iterator[Callable[[str, float], None]]:
    """A bar on standard error, where it is a terminal; the function moves it."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True)
    if not shown or not console.is_terminal:
        yield lambda what, share: None
        return
    with bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)


def said(value: Any, *, as_json: bool, told: Callable[[Console], None]) -> None:
    """One JSON object on standard output, or words."""
    if as_json:
        typer.echo(json.dumps(value, default=str, indent=1))
    else:
        told(Console(highlight=False))


def export(
    experiment: str,
    version: str,
    to: str,
    mode: str,
    format: str,
    data: Path | None,
    *,
    as_json: bool,
) -> None:
    """Write an export and say what is in it.

    Raises:
        NotFound, Refused, BadTarget: as `igym.archive.export.export`.
    """
    root = volume(data)
    version = exporting.find(root, experiment, version).name
    target = to or f"{experiment}-{version}.zip"
    formats: Any = _list(format)
    with progress(shown=not as_json) as moved:
        made = exporting.export(
            root,
            experiment,
            to=target,
            version=version,
            modes=_list(mode),
            formats=formats,
            progress=moved,
        )

    def told(console: Console) -> None:
        table = Table(title=f"{experiment} {version}", title_justify="left")
        table.add_column("table")
        table.add_column("rows", justify="right")
        for name, count in made.rows.items():
            if count:
                table.add_row(name, f"{count:,}")
        console.print(table)
        console.print(
            f"[green]✓[/] {made.files} files, {made.bytes / 1e6:.1f} MB, in {made.to}\n"
            f"SHA-256 of its manifest.json: {made.sha256}",
            soft_wrap=True,
        )

    said(asdict(made), as_json=as_json, told=told)


def datasets(
    experiment: str,
    version: str,
    to: str,
    mode: str,
    scene: str,
    data: Path | None,
    *,
    as_json: bool,
) -> int:
    """Write Minari datasets. Returns 0 where every episode is in them, else 1.

    Raises:
        NotFound, BadTarget, Unavailable: as `igym.services.data.offline.export`.
    """
    from igym.services.data import offline

    root = volume(data)
    version = exporting.find(root, experiment, version).name
    with progress(shown=not as_json) as moved:
        made = offline.export(
            root,
            experiment,
            to=Path(to or f"{experiment}-{version}-minari"),
            version=version,
            modes=_list(mode),
            scenes=_list(scene),
            progress=moved,
        )

    def told(console: Console) -> None:
        for name, count in made.datasets.items():
            console.print(f"[green]✓[/] {made.to}/{name}: {count} episodes")
        for episode, why in made.left_out.items():
            console.print(f"[red]✗[/] {episode} is left out: {why}")

    said(asdict(made), as_json=as_json, told=told)
    return 1 if made.left_out else 0


def _list(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


# --- replay --------------------------------------------------------------------------------------


def replay(episode: str, source: Path | None, to: str, out: Path | None, *, as_json: bool) -> int:
    """Run one episode again. Returns 0 where everything was as it had been, else 1.

    Raises:
        NotFound, BadExport, BadPackage, BadTarget, Unavailable: it cannot be done.
    """
    from igym.archive import reading
    from igym.services.data import showing
    from igym.services.data.replaying import Replayer

    kind: Any = to
    if to and to not in showing.KINDS:
        raise Refused(f"There is no --to {to}.", hint=f"Known: {', '.join(showing.KINDS)}.")
    target = out or Path(episode if to == "png" else f"{episode}.{to}")
    with reading.opened(source or volume(None), episode) as archive:
        replayer = Replayer(archive)
        found = showing.show(replayer, episode, kind, target) if to else replayer.verify(episode)

    def told(console: Console) -> None:
        console.print(_sentence(found))
        if to:
            console.print(f"Written to {target}")

    written = {"written": str(target)} if to else {}
    said(asdict(found) | {"same": found.same} | written, as_json=as_json, told=told)
    return 0 if found.same else 1


def _sentence(found: Replayed) -> str:
    if found.same:
        return (
            f"[green]✓[/] {found.episode}: {found.ticks} ticks as they were, "
            f"{found.digests} digests met"
        )
    why = "" if found.exact else " Its environment did not repeat itself when it was compiled."
    return f"[red]✗[/] {found.episode}: {found.differs}.{why}"


def replay_all(source: Path | None, *, as_json: bool) -> int:
    """Check the files of an export and run every episode again. Returns 0 where all was well.

    Raises:
        NotFound, BadExport: there is no archive to look at.
    """
    from igym.archive import reading
    from igym.services.data.replaying import Replayer

    results: list[Replayed] = []
    failed: dict[str, str] = {}
    with reading.opened(source or volume(None)) as archive, progress(shown=not as_json) as moved:
        moved("files", 0.0)
        damaged = archive.damaged()
        replayer = Replayer(archive)
        ids = replayer.episodes()
        for number, id in enumerate(ids):
            moved(id, number / len(ids))
            try:
                results.append(replayer.verify(id))
            except Exception as error:  # noqa: BLE001 - the package's own code; the next one may do
                failed[id] = f"{type(error).__name__}: {error}"
    different = [one for one in results if not one.same]
    unlike = [one for one in different if one.exact]
    fine = not (damaged or failed or unlike)

    def told(console: Console) -> None:
        for one in different:
            console.print(_sentence(one))
        for id, why in failed.items():
            console.print(f"[red]✗[/] {id}: {why}")
        for name in damaged:
            console.print(f"[red]✗[/] {name} is not as the manifest says")
        ticks, digests = sum(r.ticks for r in results), sum(r.digests for r in results)
        console.print(
            f"{'[green]✓[/]' if fine else '[red]✗[/]'} {len(results) - len(different)} of "
            f"{len(ids)} episodes as they were, {ticks:,} ticks, {digests:,} digests met"
        )

    said(
        {
            "episodes": len(ids),
            "same": len(results) - len(different),
            "ticks": sum(one.ticks for one in results),
            "digests": sum(one.digests for one in results),
            "different": [asdict(one) for one in different],
            "failed": failed,
            "damaged": damaged,
        },
        as_json=as_json,
        told=told,
    )
    return 0 if fine else 1
