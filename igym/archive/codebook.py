"""The codebook: what every table, question, treatment, outcome, key and policy of a study means.

Made from the declarations of the tables and from the plans of the packages, which are the
experiment's own words. As JSON for programs and as Markdown for people.
"""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from igym import __version__
from igym.archive.tables import TABLES
from igym.domain.outcome import GameOutcome, Outcome

Plan = Mapping[str, Any]  # `igym.domain.plan.Plan` as JSON has it

#: Of a question, what else a reader of its answers needs.
_ABOUT = (
    "isRequired", "inputType", "min", "max", "minValueText", "maxValueText", "step", "rateMin",
    "rateMax", "minRateDescription", "maxRateDescription", "maxLength", "visibleIf", "requiredIf",
    "description", "validators", "labelTrue", "labelFalse", "correctAnswer",
)  # fmt: skip

#: Elements that ask nothing.
_MUTE = ("html", "image", "expression")


def make(
    experiment: str, version: str, plans: Mapping[str, Plan], packages: Path
) -> dict[str, Any]:
    """The codebook of one version, of all the packages it ran with.

    Args:
        plans: by content hash.
        packages: where their files are.
    """
    return {
        "experiment": experiment,
        "version": version,
        "title": next((plan["title"] for plan in plans.values()), ""),
        "igym": __version__,
        "times": "columns ending in _ms are ms since the Unix epoch, on the server's clock if not "
        "said otherwise",
        "packages": {hash: _package(plan, packages / hash) for hash, plan in plans.items()},
        "outcomes": {"session": meanings(Outcome), "game": meanings(GameOutcome)},
        "tables": {
            name: {
                "grain": table.grain,
                "key": list(table.key),
                "points_to": {k: v for k, v in table.foreign.items() if not TABLES[v].private},
                "columns": {
                    column: {"type": str(kind), "meaning": meaning}
                    for column, (kind, meaning) in table.columns.items()
                },
            }
            for name, table in TABLES.items()
            if not table.private
        },
    }


def meanings(kind: type[StrEnum]) -> dict[str, str]:
    """Outcome -> what it means: the comment beside it in the code."""
    source = inspect.getsource(kind)
    found = {}
    for one in kind:
        said = re.search(rf'{one.name} = "{one.value}"  # (.*)', source)
        found[str(one.value)] = said[1] if said else ""
    return found


def _package(plan: Plan, root: Path) -> dict[str, Any]:
    end: Any = next((s["end"] for s in reversed(plan["scenes"]) if s.get("end")), {})
    return {
        "title": plan["title"],
        "scenes": [{"scene": s["name"], "kind": _kind(s)} for s in plan["scenes"]],
        "items": [
            {"scene": s["name"], **item, **_correct(s, item["item"])}
            for s in plan["scenes"]
            if (asked := s.get("survey") or (s.get("quiz") or {}).get("asked"))
            for item in items(asked["form"])
        ],
        "games": {s["name"]: _game(s["play"]) for s in plan["scenes"] if s.get("play")},
        "flow": plan.get("flow"),
        "treatments": list(plan.get("treatments") or ()),
        "waves": list(plan.get("waves") or ()),
        "entry": plan.get("entry"),
        "codes": dict(end.get("codes") or {}),
        "redirects": dict(end.get("redirects") or {}),
        "policies": _policies(plan, root),
    }


def _kind(scene: Mapping[str, Any]) -> str:
    kind = next((k for k in ("page", "survey", "quiz", "play", "end") if scene.get(k)), "scene")
    return "consent" if kind == "page" and scene["page"].get("consent") else kind


def _correct(scene: Mapping[str, Any], item: str) -> dict[str, Any]:
    """What counts as right, of a question in a quiz."""
    right = ((scene.get("quiz") or {}).get("correct") or {}).get(item)
    return {"correct": list(right)} if right else {}


def _game(play: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "seats": [
            {"seat": seat, "who": "human" if seat in play["humans"] else _who(play, seat)}
            for seat in play["seats"]
        ],
        "assign": play.get("assign"),
        "fps": play.get("fps"),
        "episodes": play.get("episodes"),
        "max_steps": play.get("max_steps"),
        "keys": list(play.get("keys") or ()),
        "actions": dict(play.get("actions") or {}),
        "matching": (play.get("group") or {}).get("strategy"),
        "when_somebody_is_away": play.get("dropped"),
        "replay_is_exact": play.get("deterministic"),
    }


def _who(play: Mapping[str, Any], seat: str) -> str:
    treated = (play.get("treated") or {}).get(seat)
    return f"treatment {treated}" if treated else str(play["policies"].get(seat, ""))


def _policies(plan: Plan, root: Path) -> list[dict[str, Any]]:
    """Every policy file of the package, and the seats that name it."""
    named: dict[str, list[str]] = {}
    for scene in plan["scenes"]:
        play = scene.get("play") or {}
        for seat, who in (play.get("policies") or {}).items():
            if who.startswith("onnx:"):
                named.setdefault(who.split(":")[1], []).append(f"{scene['name']}.{seat}")
    files = {path.relative_to(root).as_posix() for path in root.rglob("*.onnx")}
    made = []
    for file in sorted(files | set(named)):
        path = root / file
        content = path.read_bytes() if path.is_file() else None
        made.append(
            {
                "file": file,
                "sha256": hashlib.sha256(content).hexdigest() if content is not None else None,
                "seats": named.get(file, []),
            }
        )
    return made


# --- questions -----------------------------------------------------------------------------------


def items(form: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every question of a SurveyJS form, in order, as the person read it."""
    for element in _elements(form):
        kind = element.get("type", "")
        if not element.get("name") or kind in _MUTE:
            continue
        item = {
            "item": element["name"],
            "type": kind,
            "question": _text(element.get("title")) or element["name"],
        }
        for name, word in (("choices", "choices"), ("rateValues", "choices"), ("rows", "rows"),
                           ("columns", "columns")):  # fmt: skip
            if isinstance(element.get(name), list):
                item[word] = [_choice(one) for one in element[name]]
        item |= {k: _text(element[k]) for k in _ABOUT if element.get(k) not in (None, "")}
        yield item


def _elements(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for page in node.get("pages") or ():
        yield from _elements(page)
    for element in node.get("elements") or node.get("questions") or ():
        if element.get("type") == "panel":
            yield from _elements(element)
        else:
            yield element


def _choice(one: Any) -> dict[str, Any]:
    if not isinstance(one, Mapping):
        return {"value": one, "text": str(one)}
    value = one.get("value", one.get("name"))
    text = _text(one.get("text") or one.get("title"))
    return {"value": value, "text": text if text is not None else str(value)}


def _text(value: Any) -> Any:
    """What SurveyJS shows: of a text in several languages, the default."""
    if isinstance(value, Mapping) and value and all(isinstance(v, str) for v in value.values()):
        return value.get("default", next(iter(value.values())))
    return value


# --- for people ----------------------------------------------------------------------------------


def markdown(book: Mapping[str, Any]) -> str:
    """The codebook to read."""
    parts = [
        f"# {book['title'] or book['experiment']}: codebook\n\n"
        f"Experiment `{book['experiment']}`, version `{book['version']}`, exported by igym "
        f"{book['igym']}. Times: {book['times']}."
    ]
    for hash, package in book["packages"].items():
        parts += [f"## Package {hash[:12]}", *_package_parts(package)]
    parts.append("## Outcomes")
    for of, those in book["outcomes"].items():
        parts.append(f"Of a {of}:\n\n" + _table(("outcome", "meaning"), those.items()))
    parts.append("## Tables")
    for name, table in book["tables"].items():
        key = ", ".join(f"`{column}`" for column in table["key"])
        rows = [
            (f"`{c}`", about["type"], about["meaning"]) for c, about in table["columns"].items()
        ]
        parts.append(
            f"### {name}\n\n{table['grain']}. Key: {key}.\n\n"
            + _table(("column", "type", "meaning"), rows)
        )
    return "\n\n".join(parts) + "\n"


def _package_parts(package: Mapping[str, Any]) -> Iterator[str]:
    yield "### Scenes\n\n" + _table(
        ("scene", "kind"), [(f"`{s['scene']}`", s["kind"]) for s in package["scenes"]]
    )
    if package["items"]:
        yield "### Questions\n\n" + _table(
            ("scene", "item", "type", "question", "answers"),
            [
                (i["scene"], f"`{i['item']}`", i["type"], i["question"], _answers(i))
                for i in package["items"]
            ],
        )
    for scene, game in package["games"].items():
        seats = ", ".join(f"`{s['seat']}`: {s['who']}" for s in game["seats"])
        yield (
            f"### Game `{scene}`\n\nSeats: {seats}. {game['episodes']} episodes of at most "
            f"{game['max_steps']} steps at {game['fps']} per second."
        )
        if game["actions"]:
            rows = [(f"`{key or '(nothing)'}`", f"`{a}`") for key, a in game["actions"].items()]
            yield _table(("keys held", "action"), rows)
    if package["treatments"]:
        treatments = [
            (
                f"`{t['name']}`" if not n else "",
                t["per"] if not n else "",
                f"`{cell}`",
                t.get("means", {}).get(cell, ""),
                t.get("wanted") or "any number",
            )
            for t in package["treatments"]
            for n, cell in enumerate(t["cells"])
        ]
        columns = ("treatment", "per", "cell", "what it stands for", "wanted")
        yield "### Treatments\n\n" + _table(columns, treatments)
    if package["codes"]:
        yield "### Completion codes\n\n" + _table(("outcome", "code"), package["codes"].items())
    if package["policies"]:
        policies = [
            (f"`{p['file']}`", f"`{p['sha256']}`", ", ".join(p["seats"]))
            for p in package["policies"]
        ]
        yield "### Policies\n\n" + _table(("file", "SHA-256", "seats"), policies)


def _answers(item: Mapping[str, Any]) -> str:
    if "choices" in item:
        return "; ".join(f"{c['value']} = {c['text']}" for c in item["choices"])
    if "rateMin" in item or "rateMax" in item or item["type"] == "rating":
        low, high = item.get("rateMin", 1), item.get("rateMax", 5)
        ends = [item.get("minRateDescription", ""), item.get("maxRateDescription", "")]
        return f"{low} ({ends[0]}) to {high} ({ends[1]})" if any(ends) else f"{low} to {high}"
    rows = item.get("rows")
    return f"rows: {', '.join(str(r['value']) for r in rows)}" if isinstance(rows, list) else ""


def _table(head: tuple[str, ...], rows: Any) -> str:
    lines = [f"| {' | '.join(head)} |", "| " + " | ".join("---" for _ in head) + " |"]
    for row in rows:
        cells = (str(cell).replace("|", "\\|").replace("\n", " ") for cell in row)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
