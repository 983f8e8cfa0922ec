"""Figures of many parts as one report: what was measured where and when, which goals are met."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.figure import HEAD, Figure


@dataclass(frozen=True)
class Part:
    """A part that was run. `failed`: why it gave no figures."""

    about: str
    figures: Sequence[Figure]
    failed: str = ""


def named(figures: Sequence[Figure]) -> list[tuple[str, Figure]]:
    """Figures with names that stand alone: those with "…" go on from the last one without."""
    found, head = [], ""
    for one in figures:
        if one.name.startswith("…"):
            found.append((f"{head} {one.name}", one))
        else:
            head = one.name
            found.append((one.name, one))
    return found


def verdict(parts: Mapping[str, Part]) -> list[str]:
    """How many goals are met, and each that is not."""
    goals = [
        (part, name, figure)
        for part, one in parts.items()
        for name, figure in named(one.figures)
        if figure.met is not None
    ]
    missed = [(part, name, figure) for part, name, figure in goals if not figure.met]
    made = [f"{len(goals) - len(missed)} of {len(goals)} goals are met."]
    for part, name, figure in missed:
        sign = "≥" if figure.at_least else "≤"
        made.append(
            f"- not met, {part}: {name}: {figure.value:.4g} {figure.unit}, "
            f"{sign} {figure.bound:g} is the goal"
        )
    made += [f"- not measured, {part}: {one.failed}" for part, one in parts.items() if one.failed]
    return made


def write(folder: Path, parts: Mapping[str, Part]) -> None:
    """`figures.md` and `figures.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = ["# Figures", "", *verdict(parts), ""]
    for part, one in parts.items():
        rows = [figure.row() for figure in one.figures]
        text += [f"## {part}", "", f"*{one.about}*", "", *([one.failed] if one.failed else [])]
        text += [HEAD, *rows, ""] if rows else [""]
    (folder / "figures.md").write_text("\n".join(text), "utf-8")
    content = {
        part: {
            "about": one.about,
            "failed": one.failed,
            "figures": [
                {**asdict(figure), "name": name, "met": figure.met}
                for name, figure in named(one.figures)
            ],
        }
        for part, one in parts.items()
    }
    (folder / "figures.json").write_text(
        json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8"
    )
