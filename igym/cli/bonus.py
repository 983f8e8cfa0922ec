"""`igym bonus`: what to pay whom, for the recruiter."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer
from rich.console import Console

from igym import settings
from igym.archive import bonuses, parquet
from igym.errors import BadMessage, NotFound


def bonus(
    experiment: str,
    version: str,
    mode: str,
    data: Path | None,
    output: Path | None,
    *,
    as_json: bool,
) -> None:
    """Write the recruiter's CSV to `output`, or to the terminal.

    Raises:
        NotFound: there is no such experiment or version in the data.
    """
    folder = data or settings.load().data_dir
    root = parquet.folder(folder, experiment, version)
    if not root.is_dir():
        known = sorted(p.parent.name for p in (folder / experiment).glob("*/sessions"))
        raise NotFound(
            f"There are no data of {experiment} {version} in {folder}.",
            hint=f"Versions with data: {', '.join(known) or 'none'}.",
        )
    made = bonuses.payout(folder, experiment, version, mode)
    if output is not None:
        output.write_text(made.csv(), encoding="utf-8")
    if as_json:
        amounts = {id: float(amount) for id, amount in made.amounts.items()}
        said = {"amounts": amounts, "total": float(made.total), "unnamed": made.unnamed}
        typer.echo(json.dumps(said | {"currencies": sorted(made.currencies)}))
        return
    if output is None:
        typer.echo(made.csv(), nl=False)
    told = Console(stderr=True)
    currency = " and ".join(sorted(made.currencies))
    told.print(f"{len(made.amounts)} people, {made.total:.2f} {currency}".rstrip(), highlight=False)
    if made.unnamed:
        told.print(
            f"[yellow]{len(made.unnamed)} sessions with a bonus came without a recruiter's id:[/] "
            f"{', '.join(made.unnamed[:10])}",
            highlight=False,
        )


def recompute(
    experiment: str,
    version: str,
    data: Path | None,
    using: Path | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Have the bonuses worked out again and say which have changed.

    Raises:
        BadMessage: `data` was given: what is changed is the deployment's own.
        NotFound: there is no such experiment or version in the data.
    """
    from igym.cli.participant import here
    from igym.services.data import repaying

    if data is not None:
        raise BadMessage(
            "--recompute changes the data of a deployment, not of a folder.",
            hint="Set IGYM_DATA_DIR, and REDIS_URL where Redis runs elsewhere.",
        )
    with here() as deployment:
        found = repaying.recompute(deployment, experiment, version, using=using, dry_run=dry_run)
    changed = [one for one in found if one.now != one.was]
    failed = [one for one in found if one.error]
    if as_json:
        typer.echo(json.dumps({"dry_run": dry_run, "bonuses": [asdict(one) for one in found]}))
        return
    console = Console(highlight=False)
    for one in changed:
        console.print(f"{one.session}  {one.was:.2f} → {one.now:.2f} {one.currency}")
    for one in failed:
        console.print(f"[yellow]{one.session}  stays {one.was:.2f} {one.currency}: {one.error}[/]")
    would = "would change" if dry_run else "changed"
    console.print(f"{len(changed)} of {len(found)} bonuses {would}.")
