"""The relay in its container: for whom igym lends it to, and not for looking around.

Asked by coturn's own client, which is in the same image.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from igym.services.sessions import relaying
from tests.deploy.engine import docker
from tests.deploy.stack import Stack
from tests.system.client import fetch, join
from tests.system.server import eventually

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass
class Relay:
    """The relay of a deployment, and a network that reaches it."""

    stack: Stack
    image: str
    network: str
    container: str

    def ask(self, lent: dict[str, str], *options: str) -> str:
        """What coturn's client says who asks for a place, binds a channel and sends."""
        return docker(
            "run", "--rm", "--network", self.network, "--entrypoint", "turnutils_uclient",
            self.image, "-v", "-c", "-n", "3", *options,
            "-u", lent["username"], "-w", lent["credential"], self.stack.relay,
            check=False,
        )  # fmt: skip

    def lent(
        self, until_s: float = 3600, secret: str = "", who: str = "somebody"
    ) -> dict[str, str]:
        """Credentials as igym makes them, good for `until_s` from now, signed with `secret`."""
        name = f"{int(time.time() + until_s)}:{who}"
        return {"username": name, "credential": relaying.password(secret or self.secret, name)}

    @property
    def secret(self) -> str:
        """What igym and the relay know."""
        lines = (self.stack.home / "deploy" / ".env").read_text().splitlines()
        return next(line for line in lines if line.startswith("TURN_SECRET=")).partition("=")[2]


@pytest.fixture(scope="module")
def relay(stack, images) -> Iterator[Relay]:
    """The profile `turn`, started beside a deployment that runs."""
    network = f"{stack.project}-relay"
    # Docker would hide who is in this network from the machine's own address in it.
    bare = ("-o", "com.docker.network.bridge.enable_ip_masquerade=false")
    subnet = ipaddress.ip_network(f"{stack.relay}/28", strict=False)
    docker("network", "create", *bare, "--subnet", str(subnet), network)
    try:
        stack.compose("--profile", "turn", "up", "--detach", "turn")
        (container,) = stack.containers("turn")
        eventually(
            lambda: stack.inspect(container)["State"]["Health"]["Status"] == "healthy",
            within_s=60,
            what="a relay that is well",
        )
        yield Relay(stack, images.turn, network, container)
    finally:
        stack.compose("--profile", "turn", "rm", "--stop", "--force", "turn")
        docker("network", "rm", network, check=False)


def test_the_relay_can_do_little_on_the_machine(relay):
    about = relay.stack.inspect(relay.container)
    assert about["Config"]["User"] == "10001"
    assert about["HostConfig"]["ReadonlyRootfs"]
    assert about["HostConfig"]["CapDrop"] == ["ALL"]


def test_two_people_reach_each_other_with_what_igym_lends_one_of_them(relay):
    url = relay.stack.url
    token = join(url, "pair")
    status, answer = fetch(f"{url}/api/x/pair/relay", {"token": token})
    assert status == 200
    (lent,) = answer["iceServers"]
    assert lent["urls"] == [f"turn:{relay.stack.relay}:3478"]

    said = relay.ask(lent, "-y")  # two clients, each of which has a place and sends to the other's

    assert "Total lost packets 0 (0.000000%)" in said, said
    assert "tot_send_msgs=6, tot_recv_msgs=6" in said


@pytest.mark.parametrize(
    ("until_s", "secret"),
    [(-2, ""), (3600, "q7Jx-2vR9_wLkZ4tYb8NfD3sHc6MgPa1uEoX")],
    ids=["yesterday's", "somebody else's"],
)
def test_credentials_that_have_ended_or_that_igym_did_not_make_get_no_place(relay, until_s, secret):
    said = relay.ask(relay.lent(until_s, secret), "-y")
    assert "Cannot complete Allocation" in said
    assert "relay addr" not in said


def test_nobody_looks_through_the_relay_into_the_network_it_stands_in(relay):
    (nginx,) = relay.stack.containers("nginx")
    for inside in (relay.stack.address(nginx), "127.0.0.1", "169.254.169.254"):
        said = relay.ask(relay.lent(who=inside), "-e", inside)
        assert "Received relay addr" in said
        assert "error 403 (Forbidden IP)" in said, inside
    assert "error 442" in relay.ask(relay.lent(who="tcp"), "-T"), "it would open connections"


def test_the_relay_says_nothing_of_its_secret_and_needs_a_long_one(relay, images):
    assert relay.secret not in docker("logs", relay.container, check=False)
    assert relay.secret not in docker("top", relay.container, "-ww", "-eo", "pid,args")
    said = docker("run", "--rm", "-e", "TURN_SECRET=short", images.turn, check=False)
    assert "fewer than 32 characters" in said
