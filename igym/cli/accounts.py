"""Accounts of the admin page, on the machine of the deployment."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from igym.cli import reach
from igym.cli.tokens import day
from igym.domain import accounts as domain
from igym.domain.access import Role
from igym.errors import BadMessage
from igym.services import accounts, passwords


def _role(text: str) -> Role:
    if text not in set(Role):
        raise BadMessage(f"There is no role {text!r}.", hint="Write viewer, researcher or admin.")
    return Role(text)


def _password(piped: bool) -> str:
    """From the person at the terminal, or from a pipe: never from the command line, which
    everybody on the machine can read."""
    if piped:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt="Once more"))


def _say(text: str) -> None:
    Console().print(text, highlight=False, soft_wrap=True)


def create(
    name: str, role: str, experiments: tuple[str, ...], *, trusted: bool, piped: bool
) -> None:
    """Make an account. Raises `BadMessage` or `Conflict`."""
    deployment, kind = reach.here(), _role(role)
    domain.named(name)  # before anybody types a password twice
    made = accounts.create(deployment, name, _password(piped), kind, experiments, trusted=trusted)
    _say(f"{escape(made.name)} can sign in at /admin as {made.role}.")


def list_accounts(*, as_json: bool) -> None:
    """Every account."""
    deployment = reach.here()
    known = [(one, accounts.visits(deployment, one.name)) for one in accounts.listed(deployment)]
    if as_json:
        rows = [
            {**asdict(one), "visits": [asdict(visit) for visit in visits]} for one, visits in known
        ]
        typer.echo(json.dumps({"accounts": rows}))
        return
    table = Table("name", "role", "experiments", "since", "signed in", "last seen")
    for one, visits in known:
        role = f"{one.role}, trusted" if one.trusted and one.role is not Role.ADMIN else one.role
        seen_ms = max((visit.seen_ms for visit in visits), default=0)
        table.add_row(
            escape(one.name), role, escape(", ".join(one.experiments)), day(one.made_ms),
            str(len(visits) or "–"), day(seen_ms),
        )  # fmt: skip
    Console().print(table if known else "There are no accounts. Make one: igym admin create NAME")


def change(name: str, role: str, experiments: tuple[str, ...], *, trusted: bool) -> None:
    """Give an account another role. Raises `BadMessage` or `NotFound`."""
    before, after = accounts.change(reach.here(), name, _role(role), experiments, trusted=trusted)
    _say(f"{escape(name)} was {before.role} and is {after.role} now.")


def password(name: str, *, piped: bool) -> None:
    """Give an account another password. Raises `BadMessage` or `NotFound`."""
    accounts.set_password(reach.here(), name, _password(piped))
    _say(f"{escape(name)} has a new password and is signed out everywhere.")


def remove(name: str) -> None:
    """Remove an account. Raises `BadMessage` or `NotFound`."""
    accounts.remove(reach.here(), name)
    _say(f"{escape(name)} can sign in no more.")


def sign_out(name: str) -> None:
    """Sign an account out everywhere."""
    ended = accounts.sign_out_everywhere(reach.here(), name)
    _say(f"{escape(name)} is signed out: {ended} visits ended.")


def link(name: str, *, as_json: bool) -> None:
    """Print a link that signs in once. Raises `NotFound`."""
    deployment = reach.here()
    settings = deployment.settings
    base = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    key = accounts.link(deployment, name or accounts.OPERATOR)
    text = f"{base}/admin/enter?key={key}"
    typer.echo(json.dumps({"link": text}) if as_json else text)


def hashed(*, piped: bool) -> None:
    """Print a hash. Raises `BadMessage`."""
    given = _password(piped)
    domain.fit(given, accounts.FIRST)
    typer.echo(passwords.digest(given))
