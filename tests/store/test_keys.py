"""Every key has a life, or is on this short list."""

from __future__ import annotations

import re

from igym.store import keys
from tests import redis_server

PERMANENT = {
    "secret", "experiments", "plan", "lease_token", "releases", "records", "closed", "places",
    "packages", "versions", "opening", "unchecked",
    "exports", "errands", "accounts", "counts", "audit",
    "layout",
    "pepper", "appendfsync",
}  # fmt: skip


def test_only_these_keys_stay_for_ever():
    assert {n for n, k in keys.ALL.items() if not k.ttl_s and k.kind != "channel"} == PERMANENT


def test_every_key_says_what_is_in_it_and_what_kind_it_is():
    kinds = {"string", "hash", "zset", "set", "list", "stream", "channel"}
    assert all(key.doc.strip() and key.kind in kinds for key in keys.ALL.values())


def test_no_two_keys_can_be_mistaken_for_each_other():
    made = {
        n: k(*[f"p{i}" for i in range(k.name.__code__.co_argcount)]) for n, k in keys.ALL.items()
    }
    assert {redis_server.declared(name) for name in made.values()} == set(keys.ALL)


def test_keys_of_one_experiment_live_on_one_server():
    tags = {
        re.search(r"{(.*)}", key("kitchen", *["x"] * (count - 1)))[1]
        for key in keys.ALL.values()
        if (count := key.name.__code__.co_argcount)
        and key.name.__code__.co_varnames[0] == "experiment"
    }
    assert tags == {"kitchen"}


def test_the_leak_check_sees_a_leak(redis):
    redis.hset(keys.session("kitchen", "s"), "a", 1)
    redis.set("igym:stranger", 1, ex=9)
    redis.set(keys.secret(), "x", ex=9)
    assert len(redis_server.leaking(redis)) == 3
    redis.flushall()
