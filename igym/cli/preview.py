"""`igym data`: a first look at what was recorded, in the terminal and as a page."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

from rich.console import Console
from rich.table import Table

from igym import settings as settings_module
from igym.archive import parquet, plots, preview
from igym.archive.tables import TABLES
from igym.errors import NotFound


def data(target: str, *, as_json: bool, html: Path | None) -> None:
    """Print rows of each table, and write the plots to `html`.

    Args:
        target: a package's folder, or an experiment's id.

    Raises:
        NotFound: nothing was recorded.
    """
    root = _root(target)
    seen = preview.look(root)
    if not seen["rows"]:
        raise NotFound(
            f"Nothing was recorded yet in {root}.",
            hint="The tables are a few seconds behind the participants.",
        )
    if as_json:
        sys.stdout.write(json.dumps({**seen, "plots": [p["title"] for p in seen["plots"]]}) + "\n")
    else:
        table = Table(title=str(root), title_justify="left")
        for heading in ("table", "rows", "one row"):
            table.add_column(heading, justify="right" if heading == "rows" else "left")
        for name, count in seen["rows"].items():
            table.add_row(name, f"{count:,}", TABLES[name].grain)
        console = Console()
        console.print(table)
        modes = ", ".join(f"{count} {mode}" for mode, count in seen["modes"].items())
        console.print(f"[dim]Sessions by mode: {modes}[/]")
    to = html or root / "preview.html"
    to.write_text(plots.page(f"{root.parent.name} {root.name}", seen), encoding="utf-8")
    if not as_json:
        Console().print(f"Three plots: {to.resolve()}", soft_wrap=True, highlight=False)


def _root(target: str) -> Path:
    """Where the tables of a package, or of an experiment's newest version, are."""
    volume = settings_module.load().data_dir
    about = Path(target) / "experiment.toml"
    if about.is_file():
        made = tomllib.loads(about.read_text("utf-8"))
        return parquet.folder(volume, str(made.get("id")), str(made.get("version")))
    versions = [p for p in (volume / target).glob("*") if (p / "sessions").is_dir()]
    if not versions:
        raise NotFound(
            f"There is no data of {target!r} in {volume}.",
            hint="Name a package's folder or an experiment's id; IGYM_DATA_DIR says where data is.",
        )
    return max(versions, key=lambda path: (path / "sessions").stat().st_mtime)
