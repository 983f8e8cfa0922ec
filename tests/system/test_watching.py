"""Looking on over a real socket: the same bytes as people get, and not a word the other way."""

from __future__ import annotations

import pytest

from igym import settings
from igym.domain.access import Role
from igym.services import accounts
from igym.services.connect import Deployment, connect
from igym.services.games import spectating
from igym.store import games
from igym.wire import VERSION
from tests.system.client import BASE, TICK, Client, Turned
from tests.system.server import Server, eventually

pytestmark = pytest.mark.stack

WORDS = "correct horse battery staple"


def connected(server: Server) -> Deployment:
    env = {"REDIS_URL": f"unix://{server.data}/redis/redis.sock"}
    return connect(settings.load(env, server.data))


def looks_on(server: Server, permit: str, seat: str = "") -> Client:
    auth = {"watch": permit, "wire": VERSION, "seat": seat}
    return Client(server.url, None, auth=auth)


def test_a_watcher_sees_each_frame_people_see_changes_nothing_and_goes_when_put_out(stack, couple):
    deployment = connected(stack)
    accounts.create(deployment, "wanda", WORDS, Role.VIEWER, ("pair",))
    found = accounts.signed_in(
        deployment, accounts.sign_in(deployment, "wanda", WORDS, "127.0.0.1")
    )
    assert found is not None
    game = couple[0].game["game"]
    said = spectating.admit(deployment, *found, "pair", game)
    players = games.links(stack.redis, "pair", game)

    with pytest.raises(Turned):
        looks_on(stack, said["permit"][:-2] + "xx")
    with looks_on(stack, said["permit"], couple[1].game["seat"]) as watcher:
        eventually(lambda: len(watcher.all("frame")) > 10, what="frames")
        frames = watcher.all("frame")
        assert frames[0][BASE] == -1 and all(f[BASE] == f[TICK] - 1 for f in frames[1:])
        theirs = {f[TICK]: f for f in couple[1].all("frame") if f[BASE] >= 0}
        assert [theirs[f[TICK]] for f in frames[1:6]] == frames[1:6]
        assert watcher.all("episode")[-1]["stage"] == "playing"

        # Then what it says is refused, and who plays is who played
        assert watcher.ask("withdraw", {"keep": False})["code"] == "not_yours"
        assert watcher.ask("ready", {"game": game, "width_px": 9, "height_px": 9})["code"]
        assert games.links(stack.redis, "pair", game) == players
        assert all(one.all("episode")[-1]["stage"] == "playing" for one in couple)

        # And once the account may see something else only, it is over
        accounts.change(deployment, "wanda", Role.VIEWER, ("other",))
        watcher.wait_closed()
        with pytest.raises(Turned):
            looks_on(stack, said["permit"])
