"""A deployment in real containers: up, in use, scaled, broken on purpose, and stopped."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from playwright.sync_api import Browser, expect

from igym.cli.deploy import NEEDED
from tests.deploy.engine import docker
from tests.deploy.stack import Stack
from tests.system.browser import Tab, running
from tests.system.client import Client, Turned, fetch, join
from tests.system.server import IGYM, eventually, plain_env

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(900)]

#: From `up` to ready on two cores, had they nothing else to do.
UP_S = 20

LARGEST_BYTES = 430_000_000

ROLES = ("redis", "web", "games", "inference", "director", "nginx")

PEOPLE = 8


@pytest.fixture(scope="module")
def browser(chromium) -> Iterator[Browser]:
    with running(chromium) as browser:
        yield browser


def test_the_images_are_small(images):
    for image in images:
        size = int(docker("inspect", "--format", "{{.Size}}", image))
        assert size <= LARGEST_BYTES, f"{image} has {size / 1e6:.0f} MB"


def test_it_is_ready_soon(stack):
    assert stack.alone_s < UP_S, f"{stack.up_s:.1f} s, on a machine that did other things too"


@pytest.mark.parametrize("role", ROLES)
def test_each_container_is_well_and_can_do_little(stack, role):
    for container in stack.containers(role):
        about = stack.inspect(container)
        assert about["Config"]["User"] in ("igym", "10001")
        assert about["HostConfig"]["ReadonlyRootfs"]
        assert about["HostConfig"]["CapDrop"] == ["ALL"]
        assert "no-new-privileges:true" in about["HostConfig"]["SecurityOpt"]
        assert bool(about["HostConfig"]["PortBindings"]) == (role == "nginx")
        eventually(
            lambda id=container: stack.inspect(id)["State"]["Health"]["Status"] == "healthy",
            within_s=120,
            what=f"a healthy {role}",
        )


def test_redis_is_out_of_reach_and_answers_nobody_without_the_password(stack):
    (redis,) = stack.containers("redis")
    with socket.create_connection((stack.address(redis), 6379), timeout=5) as line:
        line.sendall(b"CONFIG GET *\r\n")
        assert line.recv(100).startswith(b"-NOAUTH")

    # Who breaks into nginx does not even find it.
    (nginx,) = stack.containers("nginx")
    assert docker("exec", nginx, "getent", "hosts", "redis", check=False) == ""
    look = f"timeout 3 bash -c 'exec 3<>/dev/tcp/{stack.address(redis)}/6379' || echo out of reach"
    assert "out of reach" in docker("exec", nginx, "bash", "-c", look)
    (web, *_) = stack.containers("web")
    assert docker("exec", web, "getent", "hosts", "redis") != ""


def test_no_secret_is_in_a_log_or_on_a_command_line(stack):
    env = dict(
        line.split("=", 1)
        for line in (stack.home / "deploy" / ".env").read_text().splitlines()
        if "=" in line and not line.startswith("#")
    )
    secrets = [env[name] for name in ("TURN_SECRET", *NEEDED)]
    said = stack.logs()
    for container in stack.containers():
        said += docker("top", container, "-ww", "-eo", "pid,args")
    assert "valkey-server" in said
    assert not [name for name in secrets if name in said]


def test_two_people_play_in_real_browsers_through_nginx(stack, browser):
    tabs = (Tab(browser), Tab(browser))
    for tab in tabs:
        tab.page.goto(f"{stack.url}/x/pair")
        expect(tab.page.get_by_role("heading", level=1)).to_be_visible(timeout=30_000)
        assert tab.state
        tab.page.locator("button.primary").click()
    for tab in tabs:
        tab.until(lambda t=tab: t.stage() == "playing" and t.drawn(), within_s=60, what="the game")

    ann, _ = tabs
    mine = ann.state["view"]["seat"]
    before = {tab: tab.picture.x(mine) for tab in tabs}
    ann.page.bring_to_front()
    ann.page.keyboard.down("ArrowRight")
    for tab in tabs:
        tab.until(lambda t=tab: t.picture.x(mine) > before[t] + 100, what="a key that moves")
    ann.page.keyboard.up("ArrowRight")
    for tab in tabs:
        assert tab.errors == []
        tab.context.close()


@pytest.fixture(scope="module")
def rehearsed(stack) -> dict:
    """What people met who played while everything was scaled and a part of it crashed."""
    crowd = subprocess.Popen(
        [*IGYM, "rehearse", f"{stack.url}/e/pair", "--json",
         "--participants", str(PEOPLE), "--seconds", "45"],
        env=plain_env(), cwd=stack.home, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        eventually(lambda: stack.sockets() >= PEOPLE, within_s=60, what="a crowd")
        for service in ("web", "games", "director"):
            stack.crash(stack.containers(service)[0])
            eventually(lambda s=service: len(stack.containers(s)) == 2, within_s=60, what=service)
            time.sleep(2)  # one trouble after the other is what is promised
        stack.compose("up", "--detach", "--no-recreate", "--scale", "web=4", "--scale", "games=4")
        said, why = crowd.communicate(timeout=240)
    finally:
        crowd.kill()
    assert said, why
    return json.loads(said)


def _joins(stack: Stack) -> bool:
    try:
        return fetch(f"{stack.url}/api/x/pair/join", {"query": {}, "fresh": True})[0] == 200
    except OSError:
        return False


def test_people_get_to_their_end_while_it_is_scaled_and_containers_crash(rehearsed):
    assert rehearsed["finished"] == PEOPLE, f"{rehearsed['errors']} {rehearsed['outcomes']}"
    assert rehearsed["stuck"] == 0
    assert rehearsed["reconnects"] > 0, "a web worker crashed, and nobody was there"
    assert "technical_problem" not in rehearsed["outcomes"]


def test_what_crashed_is_there_again(stack, rehearsed):
    for service, count in (("web", 4), ("games", 4), ("director", 2)):
        eventually(
            lambda s=service, n=count: len(stack.containers(s)) == n,
            within_s=60,
            what=f"{count} {service}",
        )
    eventually(lambda: _joins(stack), within_s=60, what="somebody new")


def test_redis_crashes_and_nobody_loses_their_place(stack, rehearsed):
    with Client(stack.url, join(stack.url, "pair", PROLIFIC_PID="eve")) as eve:
        assert eve.advance() is None
        before = eve.state["scene"]
    (redis,) = stack.containers("redis")
    stack.crash(redis)

    def back() -> bool:
        with (
            suppress(AssertionError, OSError, Turned),
            Client(stack.url, join(stack.url, "pair", PROLIFIC_PID="eve")) as eve,
        ):
            return eve.state["scene"] == before
        return False

    eventually(lambda: stack.inspect(redis)["RestartCount"] > 0, within_s=60, what="a restart")
    eventually(back, within_s=60, what="the place that somebody had")


def test_newcomers_are_spread_over_all_web_workers(stack, rehearsed):
    with ExitStack() as people:
        seen = set()

        def look() -> bool:
            with suppress(AssertionError, OSError, Turned):  # some are only just there again
                one = Client(stack.url, join(stack.url, "pair"))
                people.callback(one.close)
                seen.add(one.state["server"])
            return len(seen) >= 4

        eventually(look, within_s=90, what="a fourth web worker")


@pytest.mark.parametrize("role", ROLES)
def test_a_container_stops_at_once(stack, rehearsed, role):
    container = stack.containers(role)[0]
    began_s = time.monotonic()
    docker("stop", "--time", "60", container, within_s=90)
    took_s = time.monotonic() - began_s
    state = stack.inspect(container)["State"]
    docker("start", container)
    assert took_s < 15, f"{role} took {took_s:.1f} s"
    assert state["ExitCode"] in (0, 143), state


def test_a_backup_comes_back_into_empty_volumes(stack, rehearsed, tmp_path):
    eventually(lambda: _joins(stack), within_s=60, what="a deployment whose parts were stopped")
    tmp_path.chmod(0o777)  # user 10001 writes there
    volume = ("-v", f"{tmp_path}:/backups")
    with Client(stack.url, join(stack.url, "pair", PROLIFIC_PID="bob")) as bob:
        assert bob.advance() is None
        before = bob.state["scene"]
    stack.igym("backup", "/backups/all.zip", options=volume)

    stack.compose("stop", "--timeout", "60")
    ended = {}
    for service in ("web", "games", "director", "redis"):
        found = stack.compose("ps", "--all", "--quiet", service).split()
        ended[service] = max(stack.inspect(one)["State"]["FinishedAt"] for one in found)
    assert max(ended, key=ended.__getitem__) == "redis", "it went before who writes to it"
    stack.compose("down", "--volumes")
    stack.compose("up", "--detach", "--wait", "redis")
    stack.igym("restore", "/backups/all.zip", options=volume)
    stack.up()

    with Client(stack.url, join(stack.url, "pair", PROLIFIC_PID="bob")) as bob:
        assert bob.state["scene"] == before
