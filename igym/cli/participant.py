"""Verbs for the requests of one participant: what is there, without a name, gone."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from igym.cli.verbs import Json

if TYPE_CHECKING:
    from igym.services.connect import Deployment

app = typer.Typer(help="The data of one participant: give them out, take the name off, erase.")

Id = Annotated[str, typer.Argument(help="A participant, a session, or a recruiter's id.")]
Experiment = Annotated[str, typer.Option("--experiment", "-x", help="Id of the experiment.")]
Sure = Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")]


@app.command()
def export(
    id: Id,
    experiment: Experiment,
    to: Annotated[Path | None, typer.Option(help="A file. Default: <id>.json.")] = None,
    json: Json = False,
) -> None:
    """Write everything there is about one person, with the meaning of every column."""
    _export(id, experiment, to or Path(f"{id}.json"), as_json=json)


@app.command()
def anonymise(id: Id, experiment: Experiment, yes: Sure = False, json: Json = False) -> None:
    """Give a person's rows other ids, and forget the recruiter's. What they wrote stays."""
    _change("anonymise", id, experiment, yes=yes, as_json=json)


@app.command()
def erase(id: Id, experiment: Experiment, yes: Sure = False, json: Json = False) -> None:
    """Erase a person from all tables, from Redis and from the vault."""
    _change("erase", id, experiment, yes=yes, as_json=json)


@contextlib.contextmanager
def here() -> Iterator[Deployment]:
    """The deployment of the settings; where none runs, its Redis is started for this.

    What waits in Redis is about people too, so none of this is done without it.
    """
    from igym import settings as settings_module
    from igym.cli import embedded
    from igym.errors import Unavailable
    from igym.services.connect import connect

    settings = settings_module.load()
    data = Path(settings.data_dir).resolve()
    settings = settings_module.replace(settings, data_dir=data)
    if settings.redis_url:
        yield connect(settings, patience_s=3.0)
        return
    socket = data / "redis" / "redis.sock"
    if not socket.parent.is_dir() or len(str(socket)) >= embedded.LONGEST:
        raise Unavailable(
            f"There is no deployment with its data in {data}.",
            hint="Set REDIS_URL, or IGYM_DATA_DIR to the folder that `igym up` uses.",
        )
    server = None
    if not embedded.listens(socket):
        socket.unlink(missing_ok=True)
        command = embedded.command(data, socket)
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        if server is not None:
            embedded.wait(socket, server)
        url = f"unix://{socket}"
        yield connect(settings_module.replace(settings, redis_url=url), patience_s=20.0)
    finally:
        if server is not None:
            server.terminate()
            server.wait()


def _export(id: str, experiment: str, to: Path, *, as_json: bool) -> None:
    from igym.archive import parquet
    from igym.services.data import erasing

    with here() as deployment:
        found = erasing.show(deployment, experiment, id)
    text = json.dumps(found, ensure_ascii=False, indent=1, default=str)
    parquet.replace_file(to.resolve(), text.encode(), 0o600)
    rows = sum(len(those) for one in found for those in one["tables"].values())
    if as_json:
        typer.echo(json.dumps({"written": str(to), "rows": rows}))
    else:
        Console(highlight=False).print(f"[green]✓[/] {rows} rows in {to}")


def _change(how: str, id: str, experiment: str, *, yes: bool, as_json: bool) -> None:
    from igym.archive.erasing import How
    from igym.services.data import erasing

    asked: How = "erase" if how == "erase" else "anonymise"
    if not yes:
        typer.confirm(f"{how.capitalize()} {id} in {experiment}? This cannot be undone", abort=True)
    with here() as deployment:
        done = erasing.erase(deployment, experiment, id, asked)
    if as_json:
        typer.echo(json.dumps(asdict(done)))
        return
    console = Console(highlight=False)
    if not done.sessions and not done.rows:
        console.print(f"There is nothing of {id} in {experiment} (any more).")
        return
    console.print(
        f"[green]✓[/] {done.sessions} sessions: {done.rows} rows and {done.keys} entries in Redis "
        "taken out or changed"
    )
    if not done.log_rewritten:
        console.print(
            "[yellow]Redis did not rewrite its append-only file: what was deleted is in it until "
            "it does.[/]"
        )
