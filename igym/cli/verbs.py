"""Verbs about data: declared here, done in `igym.cli.data`. Imports nothing heavy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from igym.cli.releases import Given

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Data = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="The data volume. Default: `data_dir` of the settings in force."
    ),
]


def export(
    experiment: Annotated[str, typer.Argument(help="Id of the experiment.")],
    version: Annotated[
        str, typer.Option(help="Of the experiment; needed where there are data of several.")
    ] = "",
    to: Annotated[
        str,
        typer.Option(
            metavar="DIR|FILE.zip|URL",
            help="Where to; URLs as fsspec knows them. Default: <experiment>-<version>.zip.",
        ),
    ] = "",
    mode: Annotated[
        str, typer.Option(metavar="MODE,…", help="Sessions of live, pilot, preview, rehearsal.")
    ] = "live",
    format: Annotated[
        str,
        typer.Option(
            metavar="FORMAT,…",
            help="Of the tables: parquet, csv, jsonl. Or minari: the games as datasets for offline "
            "reinforcement learning, by scene and seat, into a folder.",
        ),
    ] = "parquet,csv,jsonl",
    scene: Annotated[
        str, typer.Option(metavar="SCENE,…", help="Game scenes, for minari. Default: all.")
    ] = "",
    data: Data = None,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Have it made there and fetch it; else IGYM_URL, else it is made "
            "here, from the data volume.",
        ),
    ] = None,
    token: Given = None,
    json: Json = False,
) -> None:
    """Write the tables of an experiment, with codebook, manifest, packages and policies."""
    from igym.cli import data as module
    from igym.cli import reach

    if remote := reach.there(server, token) if data is None else None:
        from igym.cli import fetch

        fetch.export(remote, experiment, version, to, mode, format, as_json=json)
        return
    if format.strip() == "minari":
        raise typer.Exit(module.datasets(experiment, version, to, mode, scene, data, as_json=json))
    module.export(experiment, version, to, mode, format, data, as_json=json)


def replay(
    episode: Annotated[str, typer.Argument(help="Id of an episode, as in the tables.")] = "",
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="EXPORT|DIR",
            help="An export (ZIP file or folder) or a data volume. Default: the settings' one.",
        ),
    ] = None,
    to: Annotated[
        str, typer.Option(metavar="json|png|mp4", help="Also write what it looked like.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Where to; png makes a folder. Default: by the id."),
    ] = None,
    all: Annotated[
        bool, typer.Option("--all", help="Every episode there is; files of an export as well.")
    ] = False,
    json: Json = False,
) -> None:
    """Run an episode again from its log and say whether everything is as it was."""
    from igym.cli import data as module

    if bool(episode) == all:
        raise typer.BadParameter("name an episode, or say --all")
    if all:
        raise typer.Exit(module.replay_all(source, as_json=json))
    raise typer.Exit(module.replay(episode, source, to, out, as_json=json))


def add(app: typer.Typer) -> None:
    """Give `app` these verbs."""
    app.command()(export)
    app.command()(replay)
