"""Verbs with which processes of a running deployment leave: `igym drain` and `igym restart`."""

from __future__ import annotations

import json as json_module
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from igym.errors import BadMessage, NotFound, Unavailable

if TYPE_CHECKING:
    from igym.store.processes import Process

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]

LOOK_S = 0.25

#: Tiers as `igym drain` knows them, in the order in which they leave: nobody may lose a game
#: because its web worker went before it.
DRAINS = ("games", "web", "inference", "director")


def drain(
    worker: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A process. May be repeated.")
    ] = None,
    node: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="Everything on that machine or in that container."),
    ] = None,
    tier: Annotated[
        str, typer.Option(metavar="web|games|all", help="Every process of that kind.")
    ] = "",
    wait: Annotated[
        bool, typer.Option("--wait", help="Return when they have nothing any more.")
    ] = False,
    json: Json = False,
) -> None:
    """Have processes take nothing new and give away what they have, so that they may be stopped."""
    if tier not in ("", "all", *DRAINS):
        raise BadMessage(f"There is no tier {tier!r}.", hint="web, games, inference, director, all")
    if not (worker or node or tier):
        _show(json)
        return
    from igym.cli import reach
    from igym.store import processes
    from igym.store.processes import Leave, State

    redis = reach.here().redis
    chosen = _chosen(processes.known(redis), worker or (), node or (), tier)
    gone = {one.name for one in chosen}
    if tier not in ("web", "all"):
        _spare_one(processes.known(redis), gone)
    for role in DRAINS:
        names = {one.name for one in chosen if one.role == role}
        processes.ask(redis, names, Leave.DRAIN)
        while wait and names:
            left = [one for one in processes.known(redis) if one.name in names]
            if all(one.state is State.LEFT for one in left):
                break
            time.sleep(LOOK_S)
    if json:
        typer.echo(json_module.dumps({"drained": sorted(gone), "waited": wait}))
        return
    said = "may be stopped now" if wait else "leave; igym drain without options shows how far"
    typer.echo(f"{', '.join(sorted(gone))}: {said}. Stopped and started again they are back.")


def _chosen(
    there: Sequence[Process], worker: Sequence[str], node: Sequence[str], tier: str
) -> list[Process]:
    """What the options mean. Raises `NotFound` for a name that nobody has."""
    for name, known in (
        *((one, {process.name for process in there}) for one in worker),
        *((one, {process.node for process in there}) for one in node),
    ):
        if name not in known:
            raise NotFound(
                f"Nothing here is called {name}.", hint=f"There are {', '.join(sorted(known))}."
            )
    chosen = [
        one for one in there if one.name in worker or one.node in node or tier in (one.role, "all")
    ]
    if not chosen:
        raise NotFound(f"There is no process of the tier {tier}.")
    return chosen


def _spare_one(there: Sequence[Process], gone: set[str]) -> None:
    """Raises `Unavailable` where nobody would be left to talk to the people who are there."""
    from igym.store.processes import State

    webs = [one.name for one in there if one.role == "web" and one.state is State.READY]
    if webs and gone.intersection(webs) and gone.issuperset(webs):
        raise Unavailable(
            "No web worker would be left, and everybody who takes part would be cut off.",
            hint="Start another one first, or say --tier web or --tier all if that is meant.",
        )


def _show(as_json: bool) -> None:
    from igym.cli import reach
    from igym.store import processes

    there = processes.known(reach.here().redis)
    if as_json:
        typer.echo(json_module.dumps({"processes": [asdict(one) for one in there]}))
        return
    table = Table("process", "tier", "node", "state", "holds", box=None, pad_edge=False)
    for one in there:
        table.add_row(one.name, one.role, one.node, one.state.value, str(one.holds))
    Console().print(table)


def restart(
    tier: Annotated[
        str,
        typer.Option(metavar="TIER,…", help="Only director, inference, games, web. Default: all."),
    ] = "",
    rolling: Annotated[
        bool,
        typer.Option("--rolling/--at-once", help="One after the other, or all in one moment."),
    ] = True,
    json: Json = False,
) -> None:
    """Start every process of the running deployment anew, while people play."""
    from igym.cli import reach
    from igym.cli.rolling import TIERS, Rolling, Step
    from igym.store import processes
    from igym.store.processes import Leave

    tiers = [one.strip() for one in tier.split(",") if one.strip()] or list(TIERS)
    if wrong := set(tiers) - set(TIERS):
        raise BadMessage(f"There is no tier {min(wrong)!r}.", hint=", ".join(TIERS))
    redis = reach.here().redis
    if not rolling:
        names = [one.name for one in processes.known(redis) if one.role in tiers]
        processes.ask(redis, names, Leave.RESTART)
        typer.echo(json_module.dumps({"asked": names}) if json else ", ".join(names))
        return

    def told(step: Step) -> None:
        if not json and step.back_ms:
            typer.echo(f"{step.name} is back after {(step.back_ms - step.asked_ms) / 1000:.1f} s")

    way = Rolling(redis, tiers, told)
    while not way.done:
        way.look()
        time.sleep(LOOK_S)
    if json:
        steps = [asdict(step) for step in way.steps]
        typer.echo(json_module.dumps({"steps": steps, "failed": way.failed}))
    if way.failed:
        raise Unavailable(way.failed, hint="Its log says why. The others were left alone.")
    if not way.steps:
        raise NotFound("There is nothing to restart: no process of a deployment answers here.")


def add(app: typer.Typer) -> None:
    """Give `app` these verbs."""
    app.command()(drain)
    app.command()(restart)
