"""People meet: they are asked before, they see honest numbers, and nobody waits for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.system.client import Client, join
from tests.system.server import Server, eventually, serving

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def meet() -> Iterator[Server]:
    with serving("meet") as server:
        yield server


def waiting(server: Server, *, answers: bool = True) -> Client:
    """Somebody in the lobby."""
    client = Client(server.url, join(server.url, "meet"))
    client.answers = answers
    assert client.advance() is None
    client.wait("state", lambda s: s["phase"] == "waiting")
    return client


def test_both_are_asked_and_answer_before_they_are_seated(meet):
    with waiting(meet) as ann, waiting(meet) as bob:
        for who in (ann, bob):
            who.wait("state", lambda s: s["phase"] == "playing")
            order = [h.event for h in who.heard if h.event in ("check", "state")]
            assert order[-2:] == ["check", "state"]
        assert ann.state["view"]["game"] == bob.state["view"]["game"]
        assert len({who.all("check")[0]["proposal"] for who in (ann, bob)}) == 1


def test_whoever_does_not_answer_is_out_the_second_time_and_the_other_keeps_their_place(meet):
    with waiting(meet, answers=False) as mute, waiting(meet) as ann:
        ann.wait("check")
        out = mute.wait("state", lambda s: s["phase"] == "ended")
        assert (out["view"]["outcome"], out["view"]["code"]) == ("absent", "AWAY")
        assert len({said["proposal"] for said in mute.all("check")}) == 2
        assert ann.state["phase"] == "waiting" and ann.state["version"] == 2
        with waiting(meet):
            ann.wait("state", lambda s: s["phase"] == "playing")


def test_a_proposal_cannot_be_confirmed_by_somebody_else(meet):
    with waiting(meet, answers=False) as ann, waiting(meet, answers=False):
        asked = ann.wait("check")
        with Client(meet.url, join(meet.url, "meet")) as stranger:
            refused = stranger.ask("here", {"proposal": asked["proposal"]})
            assert refused["code"] == "not_yours"
        assert ann.ask("here", {"proposal": asked["proposal"]}) is None
        assert ann.ask("here", {"proposal": asked["proposal"]}) is None  # twice does no harm


def test_waiting_ends_on_the_servers_clock_and_there_is_a_choice(meet):
    began_s = time.monotonic()
    with waiting(meet) as ann:
        lobby = ann.state["view"]
        ann.tell("probe", {"sent_ms": 1.0})  # a clock that stands still changes nothing
        choice = ann.wait("state", lambda s: s["phase"] == "choosing")
        assert 3.9 < time.monotonic() - began_s < 7
        assert choice["view"]["type"] == "choice"
        assert [o["name"] for o in choice["view"]["options"]] == ["again", "finish"]
        assert choice["view"]["waited_ms"] == pytest.approx(
            lobby["until_ms"] - lobby["since_ms"], abs=3000
        )

        assert ann.ask("choose", {"version": choice["version"], "option": "bot"})["code"]
        assert ann.ask("choose", {"version": choice["version"], "option": "again"}) is None
        ann.wait("state", lambda s: s["phase"] == "waiting" and s["version"] > choice["version"])

        # Once is all that was offered: the second time in vain is the end.
        end = ann.wait("state", lambda s: s["phase"] == "ended")
        assert (end["view"]["outcome"], end["view"]["code"]) == ("no_partner", "NOBODY")


def test_everybody_sees_the_same_numbers_within_a_second():
    with serving("crowded") as server:
        people = []
        try:
            for n in range(1, 5):
                client = Client(server.url, join(server.url, "crowded"))
                people.append(client)
                assert client.advance() is None
                client.wait("state", lambda s: s["phase"] == "waiting")
                for place, who in enumerate(people, 1):
                    eventually(
                        lambda who=who, n=n, place=place: shown(who) == (n, place),
                        within_s=3,
                        what=f"{(n, place)} on a screen",
                    )
            people.pop(0).close()
            for place, who in enumerate(people, 1):
                eventually(lambda who=who, place=place: shown(who) == (3, place), within_s=6)
        finally:
            for client in people:
                client.close()


def shown(client: Client) -> tuple[int, int]:
    """(people waiting, own place) as on their screen."""
    heard = [h for h in client.heard if h.event in ("lobby", "state")]
    said = heard[-1].said
    view = said["view"] if heard[-1].event == "state" else said
    return view["waiting"], view["position"]
