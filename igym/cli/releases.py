"""The verbs about versions, newcomers, tokens and who did what: their names and what they take.

What they do is in `igym.cli.submit`, `.experiments`, `.tokens` and `.deeds`, which load more than a
help text needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

To = Annotated[
    str | None,
    typer.Option(metavar="URL", help="The server; else IGYM_URL, else the one of this machine."),
]
Given = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT", help="The token; better in IGYM_TOKEN or in ~/.config/igym/token."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Which = Annotated[str, typer.Argument(help="EXPERIMENT/VERSION, or the content hash.")]

packages = typer.Typer(help="Versions of experiments: which there are, and which newcomers get.")
experiments = typer.Typer(help="Which experiments there are, and whether newcomers are let in.")
token = typer.Typer(help="Tokens of the REST API, made on the server's own machine.")


def submit(
    package: Annotated[Path, typer.Argument(help="Folder of the package.")],
    to: To = None,
    token: Given = None,
    activate: Annotated[
        bool,
        typer.Option("--activate", help="Give it to newcomers once its check has passed."),
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for the check and print its report.")
    ] = True,
    json: Json = False,
) -> None:
    """Upload a package to a server, and print what its check there found."""
    from igym.cli import submit as module

    raise typer.Exit(module.submit(package, to, token, activate=activate, wait=wait, as_json=json))


@packages.command("list")
def list_packages(
    experiment: Annotated[str, typer.Argument(help="Only of this experiment.")] = "",
    to: To = None,
    token: Given = None,
    json: Json = False,
) -> None:
    """List versions and how they stand."""
    from igym.cli import submit as module

    module.list_packages(experiment, to, token, as_json=json)


@packages.command()
def show(which: Which, to: To = None, token: Given = None, json: Json = False) -> None:
    """Show one version and what its check found."""
    from igym.cli import submit as module

    module.show(which, to, token, as_json=json)


@packages.command()
def activate(which: Which, to: To = None, token: Given = None, json: Json = False) -> None:
    """Give a version to newcomers; the active one retires. An older one: roll back."""
    from igym.cli import submit as module

    module.move("activate", which, to, token, as_json=json)


@packages.command()
def retire(which: Which, to: To = None, token: Given = None, json: Json = False) -> None:
    """Give a version to nobody new. Its sessions go on."""
    from igym.cli import submit as module

    module.move("retire", which, to, token, as_json=json)


Experiment = Annotated[str, typer.Argument(help="The experiment's id.")]


@experiments.command("list")
def list_experiments(to: To = None, token: Given = None, json: Json = False) -> None:
    """List experiments: the active version, whether newcomers are let in, and the link."""
    from igym.cli import experiments as module

    module.list_experiments(to, token, as_json=json)


@experiments.command("open")
def open_(name: Experiment, to: To = None, token: Given = None, json: Json = False) -> None:
    """Let newcomers in (again)."""
    from igym.cli import experiments as module

    module.recruit(name, to, token, is_open=True, as_json=json)


@experiments.command()
def close(name: Experiment, to: To = None, token: Given = None, json: Json = False) -> None:
    """Let nobody new in. Whoever has begun goes on to the end."""
    from igym.cli import experiments as module

    module.recruit(name, to, token, is_open=False, as_json=json)


def audit(
    experiment: Annotated[str, typer.Argument(help="Only what is about this experiment.")] = "",
    most: Annotated[int, typer.Option(min=1, max=100_000, help="Lines at the most.")] = 50,
    to: To = None,
    token: Given = None,
    json: Json = False,
) -> None:
    """Who did what, and when: tokens, versions, recruitment, exports, erasures. Latest first."""
    from igym.cli import deeds as module

    module.print_deeds(experiment, most, to, token, as_json=json)


@packages.command()
def prune(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be deleted.")
    ] = False,
    json: Json = False,
) -> None:
    """Delete packages and libraries that no version, session or data need. On the server."""
    from igym.cli import prune as module

    module.prune(dry=dry_run, as_json=json)


@token.command("create")
def create_token(
    name: Annotated[str, typer.Option(help="Whose it is, or what for.")] = "",
    role: Annotated[str, typer.Option(help="researcher or admin.")] = "researcher",
    experiment: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="What a researcher's opens; * = all. May be repeated."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="How long it is good for.")] = 90,
    trusted: Annotated[
        bool, typer.Option("--trusted", help="May activate and retire their own versions.")
    ] = False,
    json: Json = False,
) -> None:
    """Make a token and print it, this once."""
    from igym.cli import tokens as module

    module.create(name, role, tuple(experiment or ()), days, trusted=trusted, as_json=json)


@token.command("list")
def list_tokens(json: Json = False) -> None:
    """List tokens: whose, what they open, and when they were last used."""
    from igym.cli import tokens as module

    module.list_tokens(as_json=json)


@token.command()
def revoke(id: Annotated[str, typer.Argument(help="As `igym token list` shows it.")]) -> None:
    """Make a token worthless at once."""
    from igym.cli import tokens as module

    module.revoke(id)
