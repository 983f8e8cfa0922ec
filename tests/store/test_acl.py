"""Each tier has a Redis user of its own, who can do its work and nobody else's."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from igym.cli import embedded
from igym.domain import secret
from igym.store import acl, durable, forgetting, keys, lobby
from igym.store.acl import Tier
from igym.store.client import open_redis
from tests.redis_server import Server

PASSWORDS = {tier: secret.made() for tier in Tier}
LOG = keys.log("kitchen", "g-0")


class Guarded(Server):
    """A server that knows the tiers' users and nobody else."""

    def start(self) -> None:
        users = self.home / "users.acl"
        users.write_text(acl.users(PASSWORDS) + "user test on nopass ~* &* +@all\n")
        command = [*embedded.command(self.home, self.socket), "--aclfile", str(users)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        embedded.wait(self.socket, self._process)

    def url_of(self, tier: Tier) -> str:
        return f"unix://{tier}:{PASSWORDS[tier]}@{self.socket}"

    def user(self, tier: Tier) -> Redis:
        return open_redis(self.url_of(tier))


@pytest.fixture(scope="module")
def server() -> Iterator[Guarded]:
    made = Guarded()
    made.start()
    yield made
    made.remove()


@pytest.mark.slow
@pytest.mark.parametrize("tier", Tier)
def test_every_tier_gets_in_with_its_password_and_nobody_without(server, tier):
    assert server.user(tier).ping()
    for url in (f"unix://{server.socket}", f"unix://{tier}:guess@{server.socket}"):
        with pytest.raises((AuthenticationError, NoPermissionError)):
            open_redis(url).ping()


#: What somebody would try first, in the place of any tier that works for participants.
HARM = {
    "empties it": ("FLUSHALL",),
    "empties the database": ("FLUSHDB",),
    "reads its passwords": ("CONFIG", "GET", "requirepass"),
    "loads a module of its own": ("CONFIG", "SET", "dir", "/tmp"),
    "lists everything": ("KEYS", "*"),
    "makes a user": ("ACL", "SETUSER", "me", "on", "nopass", "+@all", "~*"),
    "reads what others do": ("MONITOR",),
    "copies it away": ("REPLICAOF", "example.org", "6379"),
    "stops it": ("SHUTDOWN", "NOSAVE"),
    "stops its scripts": ("SCRIPT", "FLUSH"),
    "hangs up on others": ("CLIENT", "KILL", "TYPE", "normal"),
    "reads another program's key": ("GET", "session:42"),
}

WORKING = (Tier.WEB, Tier.GAME, Tier.INFERENCE, Tier.CHECKS, Tier.HEALTH)


@pytest.mark.parametrize("command", HARM.values(), ids=HARM)
@pytest.mark.parametrize("tier", WORKING)
def test_no_tier_harms_the_server(server, tier, command):
    with pytest.raises(NoPermissionError):
        server.user(tier).execute_command(*command)


@pytest.mark.parametrize("command", [c for c in HARM.values() if c[:2] != ("CONFIG", "GET")])
def test_neither_does_the_director(server, command):
    if command[0] != "MONITOR":
        with pytest.raises(NoPermissionError):
            server.user(Tier.DIRECTOR).execute_command(*command)


def test_a_web_worker_knows_whether_a_policy_may_still_be_offered_and_counts_none(server):
    web = server.user(Tier.WEB)
    assert lobby.filled(web, "kitchen", "p:cook:live") == 0
    with pytest.raises(NoPermissionError):
        web.hset(keys.fills("kitchen"), "cook:live", 9)


@pytest.mark.parametrize("command", ["FLUSHALL", "FLUSHDB", "SHUTDOWN", "MONITOR", "ACL LIST"])
def test_an_operators_slip_does_not_empty_it(server, command):
    with pytest.raises(NoPermissionError):
        server.user(Tier.OPERATOR).execute_command(*command.split())


#: (tier, what it cannot do, as a command)
OTHERS = [
    (Tier.WEB, "ask for a job", ("RPUSH", "rq:queue:games", "x")),
    (Tier.WEB, "make a job", ("HSET", "rq:job:x", "data", "x")),
    (Tier.WEB, "order workers about", ("PUBLISH", "rq:pubsub:games-1", "{}")),
    (Tier.WEB, "change a package", ("SET", keys.plan("kitchen", "0" * 64), "{}")),
    (Tier.WEB, "read an episode", ("XRANGE", LOG, "-", "+")),
    (Tier.WEB, "forge an episode", ("XADD", LOG, "*", "c", "x")),
    (Tier.WEB, "write in a game", ("HSET", keys.game("kitchen", "g"), "phase", "over")),
    (Tier.WEB, "direct", ("SET", keys.lease("matching"), "9:me")),
    (Tier.WEB, "answer for an author", ("SET", keys.answer("kitchen", "q"), "{}")),
    *(
        (tier, f"read {key}", (command, key))
        for tier in (Tier.GAME, Tier.INFERENCE, Tier.CHECKS, Tier.DIRECTOR)
        for command, key in (
            ("GET", keys.secret()),
            ("GET", keys.pepper()),
            ("HGETALL", keys.api_token("0")),
            ("HGETALL", keys.accounts()),
            ("GET", keys.admin_link("0")),
        )
    ),
    (Tier.GAME, "activate a package", ("HSET", keys.opening("kitchen"), "active", "x")),
    (Tier.GAME, "make itself a package", ("SET", keys.plan("kitchen", "0" * 64), "{}")),
    (Tier.GAME, "direct", ("SET", keys.lease("matching"), "9:me")),
    (Tier.CHECKS, "read a person's answers", ("HGETALL", keys.session("kitchen", "ann"))),
    (Tier.CHECKS, "read an episode", ("XRANGE", LOG, "-", "+")),
    (Tier.INFERENCE, "read a person's answers", ("HGETALL", keys.session("kitchen", "ann"))),
    (Tier.INFERENCE, "ask for a job", ("RPUSH", "rq:queue:games", "x")),
    (Tier.HEALTH, "read anything", ("GET", keys.layout())),
]


@pytest.mark.parametrize(
    ("tier", "what", "command"), OTHERS, ids=[f"{t}: {w}" for t, w, _ in OTHERS]
)
def test_a_tier_cannot_do_what_is_anothers(server, tier, what, command):
    with pytest.raises(NoPermissionError):
        server.user(tier).execute_command(*command)


def test_a_web_worker_cannot_start_a_game_by_any_script(server):
    web = server.user(Tier.WEB)
    for key in ("rq:queue:games", LOG):
        with pytest.raises(NoPermissionError):
            web.eval("return redis.call('RPUSH', KEYS[1], 'x')", 1, key)
    with pytest.raises(Exception, match=r"(?i)permission"):
        web.eval("return redis.call('FLUSHALL')", 0)


def test_the_director_tells_the_others_how_the_disk_is_written(server):
    assert durable._policy(server.user(Tier.WEB)) == ""
    durable.tell(server.user(Tier.DIRECTOR))
    assert durable._policy(server.user(Tier.WEB)) == "everysec"


def test_the_director_forgets_somebody_wherever_they_are_named(server):
    fill: dict[str, Callable[[Redis, str], object]] = {
        "string": lambda redis, key: redis.set(key, "ann"),
        "hash": lambda redis, key: redis.hset(key, "ann", "ann"),
        "set": lambda redis, key: redis.sadd(key, "ann"),
        "zset": lambda redis, key: redis.zadd(key, {"ann": 1}),
        "list": lambda redis, key: redis.rpush(key, "ann"),
        "stream": lambda redis, key: redis.xadd(key, {"who": "ann"}),
    }
    # Neither do these name anybody, nor are the bench's there in production.
    spared = {"plan", "versions", "opening", "releases", "bench", "bench_asks"}
    redis = open_redis(f"unix://test:@{server.socket}")
    named = []
    for name, key in keys.ALL.items():
        at = key(*["kitchen"] * key.name.__code__.co_argcount)
        if at.startswith("igym:{kitchen}:") and key.kind in fill and name not in spared:
            fill[key.kind](redis, at)
            named.append(at)
    assert len(named) > 30

    forgetting.sweep(server.user(Tier.DIRECTOR), "kitchen", {"ann": "x"})

    left = [at for at in named if redis.exists(at) and not at.startswith(keys.game("kitchen", ""))]
    assert [at for at in left if redis.type(at) != b"stream"] == []
    assert forgetting.rewrite_log(server.user(Tier.DIRECTOR))


def test_the_file_holds_no_password_and_names_only_those_who_have_one():
    text = acl.users({Tier.WEB: PASSWORDS[Tier.WEB]})

    assert PASSWORDS[Tier.WEB] not in text
    assert [line.split()[1] for line in text.splitlines()] == ["default", "web"]
    assert text.startswith("user default off\n")


def test_an_address_holds_a_password_of_any_characters(server):
    assert acl.url(Tier.WEB, "a/b@c:d%", "db:6379", tls=True) == (
        "rediss://web:a%2Fb%40c%3Ad%25@db:6379/0"
    )
