"""A new version takes the place of the old one while people play, by the commands in the docs."""

from __future__ import annotations

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.deploy import engine
from tests.deploy.engine import docker
from tests.deploy.stack import Stack
from tests.system.client import Client, join
from tests.system.server import IGYM, eventually, plain_env

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(600)]

TIERS = {"web": 2, "games": 2, "inference": 1, "director": 2}

PEOPLE = 6


def documented(checkout) -> list[str]:
    """The commands of docs/deploy.md, section Update, up to the maintenance page."""
    text = (checkout / "docs" / "deploy.md").read_text("utf-8")
    section = text.partition("## Update\n")[2].partition("\n## ")[0]
    block = re.search(r"(?:^    .+\n)+", section, re.M)
    assert block
    return [line.strip() for line in block[0].splitlines()]


def next_version(images: engine.Images) -> engine.Images:
    """The same, a layer higher: what `docker compose build` makes of another checkout."""
    made = {}
    for role, image in images._asdict().items():
        made[role] = f"{image}-next"
        recipe = f"FROM {image}\nLABEL org.example.version=next\n"
        subprocess.run(
            [engine.client(), "build", "--quiet", "--tag", made[role], "-"],
            input=recipe, text=True, capture_output=True, check=True, timeout=60,
        )  # fmt: skip
    return engine.Images(**made)


def crowd(stack: Stack) -> subprocess.Popen[str]:
    """People who play for a while."""
    return subprocess.Popen(
        [*IGYM, "rehearse", f"{stack.url}/e/pair", "--json",
         "--participants", str(PEOPLE), "--seconds", "30"],
        env=plain_env(), cwd=stack.home, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@dataclass
class Updated:
    """What was there before, and what people met."""

    token: str
    scene: str
    old: set[str]  # containers
    met: list[dict]  # of each crowd


@pytest.fixture(scope="module")
def updated(stack: Stack, images, checkout) -> Updated:
    """`deploy/update` while people play: however long it takes, somebody does."""
    token = join(stack.url, "pair", PROLIFIC_PID="zoe")
    with Client(stack.url, token) as zoe:
        assert zoe.advance() is None
        scene = zoe.state["scene"]
    old = set(stack.containers())
    pull, build, *then = documented(checkout)
    assert pull == "git pull"
    assert build == "docker compose -f deploy/compose.yml build"
    assert then == ["deploy/update"]

    met = []
    people = crowd(stack)
    try:
        eventually(lambda: stack.sockets() >= PEOPLE, within_s=60, what="a crowd")
        stack.take(next_version(images))
        with ThreadPoolExecutor(1) as beside:
            update = beside.submit(stack.run, *then)
            while True:
                said, why = people.communicate(timeout=240)
                assert said, why
                met.append(json.loads(said))
                if update.done():
                    break
                people = crowd(stack)
        update.result()
    finally:
        people.kill()
    return Updated(token, scene, old, met)


def test_nobody_is_lost_while_all_containers_are_exchanged(updated):
    for met in updated.met:
        assert met["finished"] == PEOPLE, f"{met['errors']} {met['outcomes']}"
        assert met["stuck"] == 0
        assert "technical_problem" not in met["outcomes"]
    moved = sum(met["reconnects"] for met in updated.met)
    assert moved >= PEOPLE, "nginx was exchanged, and nobody was there"


def test_every_container_is_of_the_new_version_and_there_are_as_many(stack, updated):
    assert not updated.old & set(stack.containers())
    for service, many in {**TIERS, "redis": 1, "nginx": 1}.items():
        found = [stack.inspect(container) for container in stack.containers(service)]
        assert len(found) == many, service
        for about in found:
            assert about["Config"]["Labels"]["org.example.version"] == "next"


def test_who_was_signed_in_before_goes_on_where_they_were(stack, updated):
    with Client(stack.url, updated.token) as zoe:
        assert zoe.state["scene"] == updated.scene


def test_a_version_that_does_not_get_well_is_taken_away_and_nothing_has_happened(stack, updated):
    before = set(stack.containers())
    broken = f"{stack.images['IGYM_IMAGE']}-broken"
    health = "HEALTHCHECK --interval=1s --start-period=1s --retries=1 CMD false"
    recipe = f"FROM {stack.images['IGYM_IMAGE']}\n{health}\n"
    subprocess.run(
        [engine.client(), "build", "--quiet", "--tag", broken, "-"],
        input=recipe, text=True, capture_output=True, check=True, timeout=60,
    )  # fmt: skip

    said = stack.run("deploy/update", ends=1, IGYM_IMAGE=broken)

    assert "Taking them away again" in said
    assert set(stack.containers()) == before
    docker("rmi", "--force", broken)
