"""Many simulated participants in one process. Knows no terminal and starts no server.

`python -m igym.bots.crowd URL --participants N --seconds S` prints their summary as JSON, with
what each of them saw and said under "trails" and "answers"; it is a process of its own so that
its CPU time is told apart from the server's. The moment half of them have seen a game, a line
`HALF` comes before it, and a line `ENDED` whenever one of them is through.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import secrets
import sys
import time
from collections.abc import Callable
from typing import Any

from igym.bots.person import Person
from igym.bots.report import Seen, summary
from igym.bots.site import Site
from igym.bots.weather import Weather, fates, round_trips, share

#: Everybody arrives within this time: a class that was sent the link, not a stampede.
ARRIVAL_S = 2.0

#: Printed once half of the crowd have seen a game, and whenever one of them is through.
HALF, ENDED = "half of them play", "one of them is through"


async def crowd(
    site: Site,
    participants: int,
    seconds: float,
    seed: int,
    weather: Weather | None = None,
    half: Callable[[], None] = lambda: None,
    arrival_s: float = ARRIVAL_S,
    ended: Callable[[], None] = lambda: None,
) -> list[Seen]:
    """Everybody's visit. Names are new with every call, so that nobody is taken for another.

    `half` is called once half of them have seen a game, `ended` whenever one of them is through.
    """
    tag = secrets.token_hex(4)
    lots = fates(weather or Weather(), participants, seconds, seed)
    playing = 0

    def began() -> None:
        nonlocal playing
        playing += 1
        if playing == (participants + 1) // 2:
            half()

    async def one(number: int) -> Seen:
        await asyncio.sleep(arrival_s * number / participants)
        name = f"rehearsal-{tag}-{number}"
        person = Person(site, name, number, seconds, seed * 1_000_003 + number, lots[number], began)
        seen = await person.run()
        ended()
        return seen

    return await asyncio.gather(*(one(number) for number in range(participants)))


def told(
    site: Site,
    participants: int,
    seconds: float,
    seed: int,
    weather: Weather | None = None,
    half: Callable[[], None] = lambda: None,
    arrival_s: float = ARRIVAL_S,
    ended: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Run a crowd in this process and summarise it, its own CPU seconds and packets included."""
    gc.freeze()
    cpu_s = time.process_time()
    people = asyncio.run(crowd(site, participants, seconds, seed, weather, half, arrival_s, ended))
    cpu_s = time.process_time() - cpu_s
    packets = sum(person.packets for person in people)
    return summary(people, seconds) | {
        "packets": packets,
        "load_cpu_s": round(cpu_s, 2),
        "load_cpu_us_per_packet": round(cpu_s / packets * 1e6, 1) if packets else None,
        "trails": [person.trail for person in people if person.trail],
        "answers": [answer for person in people for answer in person.answers],
    }


def _say(what: str) -> Callable[[], None]:
    """What prints `what` as a line, at once."""

    def say() -> None:
        sys.stdout.write(what + "\n")
        sys.stdout.flush()

    return say


def main() -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(prog="igym.bots.crowd", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--participants", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    for kind in ("reload", "drop", "leave"):
        parser.add_argument(f"--{kind}", type=share, default=0.0)
    parser.add_argument("--rtt", type=round_trips, default=())
    parser.add_argument("--at-once", action="store_true", help="nobody is late")
    said = parser.parse_args()
    weather = Weather(said.reload, said.drop, said.leave, said.rtt)
    site = Site.at(said.url)
    arrival_s = 0.0 if said.at_once else ARRIVAL_S
    made = told(
        site,
        said.participants,
        said.seconds,
        said.seed,
        weather,
        _say(HALF),
        arrival_s,
        _say(ENDED),
    )
    sys.stdout.write(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
