"""The verbs of whoever keeps a deployment: what they are called and what they take.

What they do is in `igym.cli.operations`, which loads more than a help text needs.
"""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def backup(
    to: Annotated[
        str,
        typer.Argument(
            metavar="DIR|FILE.zip|URL",
            help="Where to; URLs as fsspec knows them. A folder must be new or empty.",
        ),
    ],
    with_secrets: Annotated[
        bool,
        typer.Option(
            "--with-secrets",
            help="Also the key that signs participants' tokens, where igym made it itself.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Save Redis and the data volume, while people play."""
    from igym.cli import operations as module

    module.backup(to, secrets=with_secrets, as_json=json)


def restore(
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="What `igym backup` wrote: folder, ZIP or URL.")
    ],
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Over what is there: keys are deleted, files are moved aside."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Put a backup back, onto a deployment that stands still."""
    from igym.cli import operations as module

    module.restore(source, force=force, as_json=json)


def doctor(
    url: Annotated[
        str,
        typer.Argument(
            metavar="[URL]", help="As participants open it. Default: public_url of the settings."
        ),
    ] = "",
    idle: Annotated[
        float,
        typer.Option(min=1, max=9, help="Seconds for which a WebSocket is left alone."),
    ] = 6.0,
    json: Json = False,
) -> None:
    """Look at Redis, volume, clocks, secrets, address, WebSocket, certificate and relay."""
    from igym.cli import doctor as module

    raise typer.Exit(module.doctor(url, idle, as_json=json))


def add(app: typer.Typer) -> None:
    """Give `app` these verbs."""
    app.command()(doctor)
    app.command()(backup)
    app.command()(restore)
