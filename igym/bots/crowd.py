"""Many simulated participants in one process. Knows no terminal and starts no server.

`python -m igym.bots.crowd URL --participants N --seconds S` prints their summary as JSON;
it is a process of its own so that its CPU time is told apart from the server's.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import secrets
import sys
import time
from typing import Any

from igym.bots.person import Person
from igym.bots.report import Seen, summary
from igym.bots.site import Site

#: Everybody arrives within this time: a class that was sent the link, not a stampede.
ARRIVAL_S = 2.0


async def crowd(site: Site, participants: int, seconds: float, seed: int) -> list[Seen]:
    """Everybody's visit. Names are new with every call, so that nobody is taken for another."""
    tag = secrets.token_hex(4)

    async def one(number: int) -> Seen:
        await asyncio.sleep(ARRIVAL_S * number / participants)
        name = f"rehearsal-{tag}-{number}"
        return await Person(site, name, number, seconds, seed * 1_000_003 + number).run()

    return await asyncio.gather(*(one(number) for number in range(participants)))


def told(site: Site, participants: int, seconds: float, seed: int) -> dict[str, Any]:
    """Run a crowd in this process and summarise it, its own CPU seconds and packets included."""
    gc.freeze()
    cpu_s = time.process_time()
    people = asyncio.run(crowd(site, participants, seconds, seed))
    cpu_s = time.process_time() - cpu_s
    packets = sum(person.packets for person in people)
    return summary(people, seconds) | {
        "packets": packets,
        "load_cpu_s": round(cpu_s, 2),
        "load_cpu_us_per_packet": round(cpu_s / packets * 1e6, 1) if packets else None,
    }


def main() -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(prog="igym.bots.crowd", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--participants", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    said = parser.parse_args()
    made = told(Site.at(said.url), said.participants, said.seconds, said.seed)
    sys.stdout.write(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
