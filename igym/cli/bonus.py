"""`igym bonus`: what to pay whom, for the recruiter."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from rich.console import Console

from igym import settings
from igym.archive import bonuses, parquet
from igym.errors import NotFound


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
