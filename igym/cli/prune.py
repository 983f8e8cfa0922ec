"""`igym packages prune`: room on the data volume, from packages that nothing needs any more."""

from __future__ import annotations

from dataclasses import asdict

from rich.console import Console

from igym.cli.data import said
from igym.cli.reach import here
from igym.services.packages import pruning


def prune(*, dry: bool, as_json: bool) -> None:
    """Delete, or only say, what nothing needs."""
    made = pruning.prune(here(), dry=dry)

    def told(console: Console) -> None:
        for one in made.packages:
            console.print(f"package {one[:16]}")
        for one in made.libraries:
            console.print(f"libraries {one[:16]}")
        what = f"{len(made.packages)} packages, {len(made.libraries)} folders of libraries"
        verb = "would be deleted" if dry else "deleted"
        console.print(f"{what}, {made.bytes / 1e6:.1f} MB: {verb}.")

    said(asdict(made), as_json=as_json, told=told)
