"""An export that a server makes, fetched whole."""

from __future__ import annotations

import hashlib
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from igym.cli.remote import Remote
from igym.errors import BadExport, Refused, Unavailable

#: How long to wait for the server to make it.
PATIENCE_S = 3600.0


def export(
    remote: Remote,
    experiment: str,
    version: str,
    to: str,
    mode: str,
    format: str,
    *,
    as_json: bool,
) -> None:
    """Ask for an export, wait for it, and fetch it to a ZIP file here.

    Raises:
        Refused: it cannot be had in that way.
        Answered: the server refuses, or could not make it. Unavailable: it does not answer.
        BadExport: what came is not what the server made; nothing is left.
    """
    if "minari" in format:
        raise Refused(
            "Minari datasets are made on the server's own machine, where the data are.",
            hint="Run this there, or fetch the tables: --format parquet",
        )
    if to and ("://" in to or not to.endswith(".zip")):
        raise Refused(
            f"An export that is fetched from a server is a ZIP file here, and not {to}.",
            hint="Name a file that ends in .zip.",
        )
    at = f"/api/experiments/{experiment}/exports"
    asked = {"version": version, "modes": _list(mode), "formats": _list(format)}
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    shown = Progress(
        *columns, console=console, transient=True, disable=as_json or not console.is_terminal
    )
    with shown as progress:
        task = progress.add_task("The server makes the export", total=1.0)
        made = remote.call("POST", at, asked)
        until_s = time.monotonic() + PATIENCE_S
        while made["state"] == "waiting":
            if time.monotonic() > until_s:
                raise Unavailable("The export has not ended after an hour.", hint="Ask again.")
            time.sleep(0.3)
            made = remote.call("GET", f"{at}/{made['id']}")
            progress.update(task, completed=made["share"])
        if made["state"] == "failed":
            raise Unavailable(f"The server could not make it: {made['text']}", hint=made["hint"])
        target = Path(to or f"{experiment}-{made['version']}.zip").absolute()
        target.parent.mkdir(parents=True, exist_ok=True)
        progress.update(task, description="Fetching it", total=made["size"], completed=0)
        half = target.with_name(f".{target.name}.fetched")
        try:
            remote.download(
                f"{at}/{made['id']}/download", half, lambda count: progress.advance(task, count)
            )
            _check(half, made)
            half.replace(target)
        finally:
            half.unlink(missing_ok=True)
    said = {"to": str(target), **made}
    if as_json:
        typer.echo(json.dumps(said, indent=1))
        return
    Console(highlight=False).print(
        f"[green]✓[/] {made['size'] / 1e6:.1f} MB, in {target}\n"
        f"SHA-256 of its manifest.json: {made['sha256']}",
        soft_wrap=True,
    )


def _check(file: Path, made: dict[str, Any]) -> None:
    """Raises `BadExport` where `file` is not what the server says it made."""
    try:
        with zipfile.ZipFile(file) as archive:
            found = hashlib.sha256(archive.read("manifest.json")).hexdigest()
    except (zipfile.BadZipFile, KeyError):
        found = ""
    if found != made["sha256"] or file.stat().st_size != made["size"]:
        raise BadExport(
            "The file that came is not the one the server made.", hint="Fetch it again."
        )


def _list(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]
