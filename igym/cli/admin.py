"""The verbs about accounts: what they are called and what they take.

What they do is in `igym.cli.accounts`, which loads more than a help text needs.
"""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Who may sign in to the admin page; on the server's own machine.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Name = Annotated[str, typer.Argument(help="Of the account: small letters, digits and . _ @ -")]
Kind = Annotated[str, typer.Option("--role", help="viewer, researcher or admin.")]
Of = Annotated[
    list[str] | None,
    typer.Option("--experiment", metavar="ID", help="To look after; * = all. May be repeated."),
]
Trusted = Annotated[
    bool, typer.Option("--trusted", help="A researcher who may release their own experiments.")
]
Piped = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@app.command()
def create(
    name: Name,
    role: Kind = "admin",
    experiment: Of = None,
    trusted: Trusted = False,
    password_stdin: Piped = False,
) -> None:
    """Let somebody sign in. Asks for their password."""
    from igym.cli import accounts

    accounts.create(name, role, tuple(experiment or ()), trusted=trusted, piped=password_stdin)


@app.command("list")
def list_accounts(json: Json = False) -> None:
    """List who may sign in, and where they are signed in."""
    from igym.cli import accounts

    accounts.list_accounts(as_json=json)


@app.command()
def role(name: Name, role: Kind, experiment: Of = None, trusted: Trusted = False) -> None:
    """Give an account another role, from its next click on."""
    from igym.cli import accounts

    accounts.change(name, role, tuple(experiment or ()), trusted=trusted)


@app.command()
def password(name: Name, password_stdin: Piped = False) -> None:
    """Give an account another password, and sign it out everywhere."""
    from igym.cli import accounts

    accounts.password(name, piped=password_stdin)


@app.command()
def remove(name: Name) -> None:
    """Let somebody sign in no more, and sign them out."""
    from igym.cli import accounts

    accounts.remove(name)


@app.command()
def sign_out(name: Name) -> None:
    """End an account's visits, on every browser."""
    from igym.cli import accounts

    accounts.sign_out(name)


@app.command()
def link(
    name: Annotated[
        str, typer.Argument(help="Of an account; without one, whoever has this terminal.")
    ] = "",
    json: Json = False,
) -> None:
    """Print a link that signs in once, within 12 hours, without a password."""
    from igym.cli import accounts

    accounts.link(name, as_json=json)


@app.command("hash")
def hashed(password_stdin: Piped = False) -> None:
    """Print the hash of a password, for ADMIN_PASSWORD."""
    from igym.cli import accounts

    accounts.hashed(piped=password_stdin)
