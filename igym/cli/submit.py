"""Sending packages to a server, and saying which version newcomers get."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from igym.cli import reach
from igym.cli.remote import Remote
from igym.cli.tokens import day
from igym.domain.report import Finding, Report, SceneReport
from igym.errors import BadMessage, BadPackage, NotFound, Unavailable
from igym.services.packages import packing
from igym.services.packages.manifest import manifest

#: How long to wait for the check of a package.
PATIENCE_S = 900.0

_STANDING = {"active": "bold green", "checked": "cyan", "refused": "red", "stored": "yellow"}


def submit(
    root: Path, to: str | None, token: str | None, *, activate: bool, wait: bool, as_json: bool
) -> int:
    """Upload, wait for the check, print the report. Returns 1 where the check failed.

    Raises:
        BadPackage: it cannot be a package; nothing was sent.
        Answered: the server refuses. Unavailable: it does not answer.
    """
    if not root.is_dir():
        raise BadPackage(f"{root} is not a folder.", hint="Name the one with experiment.toml.")
    about = manifest(root)
    remote = reach.there(to, token)
    if remote is None:
        raise BadMessage("To which server?", hint="--to https://lab.example.org, or IGYM_URL.")
    said = _sent(remote, root, f"{about['id']} {about['version']}", activate, as_json)
    report = None
    if wait:
        report = _awaited(remote, said["package"]["package"], as_json)
        said["package"] = remote.call("GET", f"/api/packages/{said['package']['package']}")
    failed = bool(report and report["state"] == "failed")
    if as_json:
        typer.echo(json.dumps({**said, "report": report}))
        return int(failed)
    if not said["new"]:
        Console().print("[dim]The server had these very files already.[/]")
    _print_version(said["package"])
    if report:
        _print_report(report, said["package"])
    if said["package"]["preview"]:
        Console().print(
            f"[dim]→[/] To look at it: {said['package']['preview']}",
            highlight=False,
            soft_wrap=True,
        )
    if said["package"]["standing"] == "checked":
        name = f"{about['id']}/{about['version']}"
        Console().print(f"[dim]→[/] For newcomers: igym packages activate {name}", highlight=False)
    return int(failed)


def _progress(as_json: bool, *columns: Any) -> Progress:
    console = Console(stderr=True)
    return Progress(
        *columns, console=console, transient=True, disable=as_json or not console.is_terminal
    )


def _sent(remote: Remote, root: Path, name: str, activate: bool, as_json: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "package.zip"
        size = packing.pack(root, archive)
        shown = _progress(as_json, TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        with shown as progress:
            task = progress.add_task(f"Sending {name}", total=size)
            more: Callable[[int], object] = lambda count: progress.advance(task, count)  # noqa: E731
            return remote.upload(
                f"/api/packages{'?activate=yes' if activate else ''}", archive, more
            )


def _awaited(remote: Remote, package: str, as_json: bool) -> dict[str, Any]:
    until_s = time.monotonic() + PATIENCE_S
    with _progress(as_json, SpinnerColumn(), TextColumn("{task.description}")) as progress:
        progress.add_task("The server checks the package", total=None)
        while True:
            report = remote.call("GET", f"/api/packages/{package}/report")
            if report["state"] != "waiting":
                return report
            if time.monotonic() > until_s:
                raise Unavailable(
                    f"The check has not ended after {PATIENCE_S / 60:.0f} minutes.",
                    hint="Is a director running there? Ask again: igym packages show …",
                )
            time.sleep(0.5)


# --- versions ---------------------------------------------------------------------------------


def _listed(experiment: str, to: str | None, token: str | None) -> list[dict[str, Any]]:
    if remote := reach.there(to, token):
        query = f"?experiment={experiment}" if experiment else ""
        return list(remote.call("GET", f"/api/packages{query}")["packages"])
    from igym.store import packages

    redis = reach.here().redis
    names = [experiment] if experiment else packages.known(redis)
    return [asdict(v) for name in names for v in packages.versions(redis, name)]


def _found(which: str, to: str | None, token: str | None) -> dict[str, Any]:
    name, slash, version = which.partition("/")
    if not slash and len(which) < 8:
        raise BadMessage(f"{which!r} names no version.", hint="Write EXPERIMENT/VERSION.")
    for one in _listed(name if slash else "", to, token):
        if (slash and one["version"] == version) or (
            not slash and one["package"].startswith(which)
        ):
            return one
    raise NotFound(f"There is no version {which!r}.", hint="List them: igym packages list")


def list_packages(experiment: str, to: str | None, token: str | None, *, as_json: bool) -> None:
    """Print versions."""
    found = _listed(experiment, to, token)
    if as_json:
        typer.echo(json.dumps({"packages": found}))
        return
    table = Table("experiment", "version", "stands", "title", "sent", "by", "hash")
    for one in found:
        style = _STANDING.get(one["standing"], "dim")
        table.add_row(
            one["experiment"], escape(one["version"]), f"[{style}]{one['standing']}[/]",
            escape(one["title"]), day(one["sent_ms"]), escape(one["sent_by"]),
            one["package"][:12],
        )  # fmt: skip
    Console().print(table if found else "There are no versions here yet.")


def show(which: str, to: str | None, token: str | None, *, as_json: bool) -> None:
    """Print one version and its report."""
    version = _found(which, to, token)
    if remote := reach.there(to, token):
        report = remote.call("GET", f"/api/packages/{version['package']}/report")
    else:
        from igym.services.packages import releasing, submitting
        from igym.wire import api

        deployment = reach.here()
        one = releasing.find(deployment, version["package"])
        report = json.loads(api.encode(submitting.report(deployment, one)))
    if as_json:
        typer.echo(json.dumps({"package": version, "report": report}))
        return
    _print_version(version)
    _print_report(report, version)


def move(what: str, which: str, to: str | None, token: str | None, *, as_json: bool) -> None:
    """Activate or retire a version."""
    version = _found(which, to, token)
    if remote := reach.there(to, token):
        moved = remote.call("POST", f"/api/packages/{version['package']}/{what}")
    else:
        from igym.services.packages import releasing

        deployment = reach.here()
        act = {"activate": releasing.activate, "retire": releasing.retire}[what]
        moved = asdict(act(deployment, releasing.find(deployment, version["package"]), "local"))
    if as_json:
        typer.echo(json.dumps({"package": moved}))
        return
    _print_version(moved)


def _print_version(one: dict[str, Any]) -> None:
    style = _STANDING.get(one["standing"], "dim")
    Console().print(
        f"[bold]{escape(one['title'])}[/] · {one['experiment']}/{escape(one['version'])} · "
        f"[{style}]{one['standing']}[/] [dim]{one['package'][:16]}[/]",
        highlight=False,
    )


def _print_report(said: dict[str, Any], version: dict[str, Any]) -> None:
    """As `igym check` prints what it finds itself."""
    from igym.cli.author import print_report

    if said["state"] == "waiting":
        Console().print("[yellow]…[/] The check has not ended yet.")
        return
    findings = tuple(Finding(**one) for one in said["findings"])
    scenes = tuple(SceneReport(**one) for one in said["scenes"])
    print_report(
        Console(),
        Report(
            folder="",
            igym=said["igym"],
            experiment=said["experiment"],
            version=said["version"],
            title=version["title"],
            package=said["package"],
            bytes=version["size"],
            took_s=said["took_s"],
            findings=findings,
            scenes=scenes,
        ),
    )
