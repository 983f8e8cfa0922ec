"""Redis users: one for each tier, who may touch the keys and call the commands it works with.

A tier that was taken over can then do what that tier does, and no more: a web worker cannot put a
job into a queue or read a log, a game worker, which runs researchers' code, knows no token. Opens
no connection; `users` is the text of a server's `aclfile`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import quote

from igym.store import keys


class Tier(StrEnum):
    """Who connects. Its value is the user's name."""

    WEB = "web"
    GAME = "game"  # game workers, bound ones too, and their supervisor
    INFERENCE = "inference"
    DIRECTOR = "director"  # and the archiver that it starts
    CHECKS = "checks"  # the checks workers that a director starts
    OPERATOR = "operator"  # `igym token`, `igym backup`, `igym doctor` and the like
    HEALTH = "health"  # a health check: PING and nothing else


#: What every process of igym says of itself.
_ALL = "layout process processes leave meter server_lines"

#: A participant's way through a study: moves of a session touch all of them in one step.
_PEOPLE = (
    "session recruits presence places holders lobby lobbies tickets proposals choosing paying "
    "deciding ended counts pace records"
)

#: What a tier reads and writes, by the names in `igym.store.keys`. A key that a script is given
#: is here even where the script only reads it: Redis cannot know.
WRITES: Mapping[Tier, frozenset[str]] = {
    tier: frozenset(f"{_ALL} {names}".split())
    for tier, names in {
        Tier.WEB: f"{_PEOPLE} secret pepper api_token api_tokens api_failures rate accounts visit "
        "visits wrong_passwords admin_link audit bell problems written bench bench_asks bindings "
        "packages experiments unchecked exports export exports_of errands errand versions opening "
        "releases orders sockets mail chat chatters replies heard felt links screening "
        "browser_lines followed command commands commands_open commands_for films film",
        Tier.GAME: f"{_PEOPLE} game games links log closed replies chat chatters mail answer "
        "worker bell bindings starter problems inference_workers command commands_open "
        "commands_for finished",
        Tier.INFERENCE: "inference_worker inference_workers",
        Tier.DIRECTOR: f"{_PEOPLE} lease lease_token fence fills game games links log closed "
        "replies chat chatters mail sockets heard answer screening hooked happenings telling waits "
        "bell bindings starter problems unchecked exports export exports_of errands errand report "
        "orders audit felt browser_lines appendfsync worker decided command commands "
        "commands_open commands_for trail films film finished",
        Tier.CHECKS: "unchecked exports export exports_of errands errand plan versions opening "
        "releases hooked report answer records bell problems audit films film",
    }.items()
}  # fmt: skip

#: What it reads besides.
READS: Mapping[Tier, frozenset[str]] = {
    tier: frozenset(names.split()) | ({"followed"} - WRITES[tier])
    for tier, names in {
        Tier.WEB: "plan report worker game games finished closed appendfsync decided trail fills",
        Tier.GAME: "plan sockets heard inference_worker",
        Tier.INFERENCE: "plan",
        Tier.DIRECTOR: "plan packages versions opening experiments releases",
        Tier.CHECKS: "packages experiments",
    }.items()
}

#: RQ's keys. A web worker counts what waits, and cannot ask for anything.
_RQ = {
    Tier.WEB: "%R~rq:queue:* %R~rq:workers",
    Tier.GAME: "~rq:* &rq:pubsub:*",
    Tier.DIRECTOR: "~rq:*",
    Tier.CHECKS: "~rq:* &rq:pubsub:*",
}

#: `-@dangerous` takes away INFO, which says nothing of anybody's data. SCRIPT LOAD runs nothing.
_WORK = (
    "-@all +@read +@write +@connection +@transaction +@pubsub -@admin -@dangerous -randomkey "
    "-dbsize -@scripting +eval +evalsha +script|load +script|exists +info +time"
)

_COMMANDS = {
    # A backup connects as a replica does. Nobody but who owns the server changes or empties it.
    Tier.OPERATOR: "+@all -acl -config -flushall -flushdb -swapdb -shutdown -debug -module "
    "-replicaof -slaveof -failover -cluster -migrate -monitor +acl|whoami +config|get",
    Tier.HEALTH: "-@all +ping",
    # Tells the others how the server writes its disk; has it write anew when somebody was erased.
    Tier.DIRECTOR: f"{_WORK} +config|get +bgrewriteaof",
}


def pattern(name: str) -> str:
    """Every key that `igym.store.keys.<name>` may make, as Redis's pattern."""
    key = keys.ALL[name]
    return key(*["*"] * key.name.__code__.co_argcount)


def rules(tier: Tier) -> str:
    """What the user of that tier may do, as Redis writes it."""
    commands = _COMMANDS.get(tier, _WORK)
    if tier is Tier.HEALTH:
        return f"resetkeys resetchannels {commands}"
    if tier is Tier.OPERATOR:
        return f"~igym:* ~rq:* &igym:* &rq:* {commands}"
    both = [f"~{pattern(name)}" for name in sorted(WRITES[tier])]
    read = [f"%R~{pattern(name)}" for name in sorted(READS[tier])]
    inbox = f"&{pattern('inbox')}"
    return " ".join([*both, *read, _RQ.get(tier, ""), inbox, commands]).replace("  ", " ")


def users(passwords: Mapping[Tier, str]) -> str:
    """An `aclfile`: the tiers with a password, and nobody without one. It holds no password, only
    SHA-256 sums; they are of drawn passwords, or they are worth nothing."""
    made = ["user default off"]
    for tier, password in passwords.items():
        digest = hashlib.sha256(password.encode()).hexdigest()
        made.append(f"user {tier} on #{digest} {rules(tier)}")
    return "\n".join(made) + "\n"


def url(tier: Tier, password: str, server: str = "redis:6379", *, tls: bool = False) -> str:
    """The REDIS_URL of that tier's processes."""
    scheme = "rediss" if tls else "redis"
    return f"{scheme}://{tier}:{quote(password, safe='')}@{server}/0"
