"""Every Redis key igym writes, with its kind, its life and its meaning.

Keys of one experiment share a hash tag, so that every script works on Redis Cluster; they
are below. RQ keeps its own keys under `rq:`.
"""

from __future__ import annotations

from igym.store.key import ALL as ALL
from igym.store.key import Key as Key
from igym.store.key import key
from igym.store.keys_deployment import *  # noqa: F403 - they are used as `keys.secret()`

# --- an experiment ----------------------------------------------------------------------------


@key("string")
def plan(experiment: str, package: str) -> str:
    """A compiled package (`igym.domain.plan.Plan`) as JSON."""
    return f"igym:{{{experiment}}}:plan:{package}"


@key("hash")
def versions(experiment: str) -> str:
    """Version -> how it stands, as JSON (`igym.domain.package.Version`)."""
    return f"igym:{{{experiment}}}:versions"


@key("hash")
def opening(experiment: str) -> str:
    """What newcomers meet: `active`, the package they get; `latest`, the last that was active;
    `closed_ms`, since when nobody new is let in; `cap`, how many participants there may be."""
    return f"igym:{{{experiment}}}:opening"


@key("string", days=7)
def export(experiment: str, id: str) -> str:
    """An export over the API and how far it is, as JSON (`store.exports`)."""
    return f"igym:{{{experiment}}}:export:{id}"


@key("zset", days=7)
def exports_of(experiment: str) -> str:
    """Ids of the experiment's exports, by when they were asked for (ms)."""
    return f"igym:{{{experiment}}}:exports"


@key("string", days=7)
def errand(experiment: str, id: str) -> str:
    """Something an admin asked for that takes its time, and what came of it, as JSON
    (`store.errands.Errand`)."""
    return f"igym:{{{experiment}}}:errand:{id}"


@key("string", days=1)
def film(experiment: str, episode_id: str) -> str:
    """The film of an episode and how far it is, as JSON (`store.films`)."""
    return f"igym:{{{experiment}}}:film:{episode_id}"


@key("list", days=31)
def finished(experiment: str) -> str:
    """The last games that ended, newest first, as JSON (`game_end.lua`); capped. Names nobody."""
    return f"igym:{{{experiment}}}:finished"


@key("string", days=400)
def report(experiment: str, package: str) -> str:
    """What the check on the server found, as JSON (`igym.wire.api.Report`)."""
    return f"igym:{{{experiment}}}:report:{package}"


@key("hash", days=400)
def recruits(experiment: str) -> str:
    """ "<mode>:<participant>[:<wave>]" -> session id: the same link is the same person. With
    ":outcome" after the wave, how that one ended."""
    return f"igym:{{{experiment}}}:recruits"


@key("hash", days=400)
def orders(experiment: str, release: str, mode: str) -> str:
    """`seed` and `count` of drawn orders, and "of:<session>" -> its number among them."""
    return f"igym:{{{experiment}}}:orders:{release}:{mode}"


@key("hash", days=30)
def session(experiment: str, session_id: str) -> str:
    """One participant's run: version, phase, scene, game, outcome, ... (`store.sessions`)."""
    return f"igym:{{{experiment}}}:session:{session_id}"


@key("hash", days=7)
def command(experiment: str, id: str) -> str:
    """What an admin asked for (`igym.domain.commands.Command`): `said` as JSON, and its `state`,
    `at_ms`, `why`, `hint` and `read_ms`."""
    return f"igym:{{{experiment}}}:command:{id}"


@key("zset", days=7)
def commands(experiment: str) -> str:
    """Ids of commands, by when they were given (ms): the latest 2,000."""
    return f"igym:{{{experiment}}}:commands"


@key("zset", days=7)
def commands_open(experiment: str) -> str:
    """Ids of commands that have not ended, or whose end is not in the audit log yet -> when they
    expire (ms)."""
    return f"igym:{{{experiment}}}:commands_open"


@key("zset", days=7)
def commands_for(experiment: str, target: str) -> str:
    """Ids of commands that a session's browser or a game's worker has to carry out, by when they
    were given (ms)."""
    return f"igym:{{{experiment}}}:commands_for:{target}"


@key("hash", days=30)
def sockets(experiment: str) -> str:
    """Session id -> "<web worker>|<connection>" of its latest socket."""
    return f"igym:{{{experiment}}}:sockets"


@key("zset", days=90)
def presence(experiment: str) -> str:
    """Session that has not ended -> when to look whether it has gone silent (ms)."""
    return f"igym:{{{experiment}}}:presence"


@key("zset", days=31)
def ended(experiment: str) -> str:
    """Session that has ended -> when (ms). Forgotten with what is left of the session."""
    return f"igym:{{{experiment}}}:ended"


@key("hash")
def counts(experiment: str, release: str, mode: str) -> str:
    """How many sessions are in which phase, got how far and ended how (`count.lua`).
    Permanent: what an admin reads a year later must agree with the data. About 1 kB."""
    return f"igym:{{{experiment}}}:counts:{release}:{mode}"


@key("hash", days=3)
def pace(experiment: str, mode: str, hour: str) -> str:
    """ "<minute>:<milestone>" -> sessions that got so far then (`count.lua`), for one hour."""
    return f"igym:{{{experiment}}}:pace:{mode}:{hour}"


@key("hash")
def places(experiment: str, release: str, mode: str) -> str:
    """How many places of each treatment's cells are taken (`quota.lua`). Permanent, a few dozen
    bytes for each cell: a study that rested for months must not begin to count anew."""
    return f"igym:{{{experiment}}}:places:{release}:{mode}"


@key("hash", days=90)
def holders(experiment: str, release: str, mode: str) -> str:
    """Who holds each place that is reserved, and who of them has yet to complete (`quota.lua`)."""
    return f"igym:{{{experiment}}}:holders:{release}:{mode}"


@key("stream", days=31)
def mail(experiment: str, session_id: str) -> str:
    """Reliable messages the session's browser has not acknowledged; ids are 0-<seq>. Capped.
    Lives as long as a token: numbers must not begin anew for a page that is still open."""
    return f"igym:{{{experiment}}}:mail:{session_id}"


@key("list", days=2)
def chat(experiment: str, game_id: str) -> str:
    """Lines of a game's chat as msgpack (`wire.ChatLine`), oldest first. Capped."""
    return f"igym:{{{experiment}}}:chat:{game_id}"


@key("hash", days=2)
def chatters(experiment: str, game_id: str) -> str:
    """Of a game's chat: `lines` so far; per session its last count, that line, its last times."""
    return f"igym:{{{experiment}}}:chatters:{game_id}"


@key("hash", days=400)
def hooked(experiment: str) -> str:
    """Version whose callbacks want to know what happens to people -> its package."""
    return f"igym:{{{experiment}}}:hooked"


@key("stream", days=7)
def happenings(experiment: str, release: str) -> str:
    """What callbacks are to be told of (`igym.domain.happenings`), in order. Trimmed once told."""
    return f"igym:{{{experiment}}}:happenings:{release}"


@key("string", days=7)
def telling(experiment: str, release: str) -> str:
    """The question in which callbacks are being told, as JSON (`store.happenings.Telling`)."""
    return f"igym:{{{experiment}}}:telling:{release}"


@key("set", days=7)
def waits(experiment: str, release: str, scene: str) -> str:
    """Sessions that wait for that scene, as far as callbacks were told."""
    return f"igym:{{{experiment}}}:waits:{release}:{scene}"


@key("hash", days=90)
def paying(experiment: str) -> str:
    """Session that has ended -> how far its bonus is, as JSON (`store.asked.Asked`)."""
    return f"igym:{{{experiment}}}:paying"


@key("hash", days=30)
def deciding(experiment: str) -> str:
    """Session before a branch -> how far its question is, as JSON (`store.asked.Deciding`)."""
    return f"igym:{{{experiment}}}:deciding"


@key("hash", days=2)
def replies(experiment: str, game_id: str) -> str:
    """What people said between a game's episodes: "<ask>:<episode>:<seat>" -> answers as JSON."""
    return f"igym:{{{experiment}}}:replies:{game_id}"


@key("zset", days=1)
def heard(experiment: str) -> str:
    """Session -> when any message of its browser last came, ms on Redis's clock."""
    return f"igym:{{{experiment}}}:heard"


@key("hash", days=1)
def felt(experiment: str) -> str:
    """Session with a socket -> "<round trip, ms>|<where they look>" (`store.felt`)."""
    return f"igym:{{{experiment}}}:felt"


@key("zset", days=1)
def lobby(experiment: str, lobby_name: str) -> str:
    """Sessions that wait, by arrival (ms). A lobby is "<package>:<scene>:<mode>"."""
    return f"igym:{{{experiment}}}:lobby:{lobby_name}"


@key("hash", days=1)
def tickets(experiment: str, lobby_name: str) -> str:
    """Session -> its ticket as JSON (`domain.strategies.Ticket`); "rtt:<session>" -> its round
    trip, ms; "cells:<session>" -> its treatments, as JSON; "more:<session>" -> "<seconds>
    <command>", how much longer it may wait. Whoever is in the lobby has a ticket."""
    return f"igym:{{{experiment}}}:tickets:{lobby_name}"


@key("hash", days=1)
def proposals(experiment: str, lobby_name: str) -> str:
    """Who is asked whether they are there.

    "p:<id>" -> the proposal as JSON (`store.proposals.Proposal`); "s:<session>" -> the id of
    the proposal it is in, with a "!" behind it once confirmed; "m:<session>" -> how often it
    was silent in this wait.
    """
    return f"igym:{{{experiment}}}:proposals:{lobby_name}"


@key("zset", days=30)
def choosing(experiment: str) -> str:
    """Sessions that waited in vain and have a choice, by when it is made for them (ms)."""
    return f"igym:{{{experiment}}}:choosing"


@key("hash", days=90)
def fills(experiment: str) -> str:
    """Scene -> games in which a policy sits in a person's seat (`fill`), by "<scene>:<mode>"."""
    return f"igym:{{{experiment}}}:fills"


@key("list", days=3)
def trail(experiment: str, session_id: str) -> str:
    """What is archived of a session and admins look at, as msgpack (`store.trails`); capped."""
    return f"igym:{{{experiment}}}:trail:{session_id}"


@key("stream", days=7)
def browser_lines(experiment: str) -> str:
    """What participants' browsers log, where that is asked for (`store.tails`); capped."""
    return f"igym:{{{experiment}}}:browser_lines"


@key("list", days=7)
def decided(experiment: str) -> str:
    """The matcher's latest decisions, newest first, as JSON (`store.decisions`); capped."""
    return f"igym:{{{experiment}}}:decided"


@key("string", days=30)
def fence(experiment: str) -> str:
    """The highest fencing token of a director that changed a lobby here: older ones are refused."""
    return f"igym:{{{experiment}}}:fence"


@key("set", days=1)
def lobbies(experiment: str) -> str:
    """Names of the lobbies that may hold somebody."""
    return f"igym:{{{experiment}}}:lobbies"


@key("zset", days=2)
def games(experiment: str) -> str:
    """Games that still need somebody's care, by creation (ms)."""
    return f"igym:{{{experiment}}}:games"


@key("hash", days=2)
def game(experiment: str, game_id: str) -> str:
    """One game: scene, seed, seats, generation, owner, phase, ... (`store.games`)."""
    return f"igym:{{{experiment}}}:game:{game_id}"


@key("hash", days=2)
def links(experiment: str, game_id: str) -> str:
    """Seat -> "<web worker>|<connection>" that wants its frames."""
    return f"igym:{{{experiment}}}:links:{game_id}"


@key("stream", days=90)
def log(experiment: str, episode_id: str) -> str:
    """The episode log (`igym.wire.record`). Deleted once it is on the data volume."""
    return f"igym:{{{experiment}}}:log:{episode_id}"


@key("zset")
def closed(experiment: str) -> str:
    """Episodes whose log is complete and waits for the archiver, by time of closing (ms).
    Permanent, like `records`: what is only here must not run out while a disk is full."""
    return f"igym:{{{experiment}}}:closed"


@key("stream")
def records(experiment: str, release: str) -> str:
    """Rows for the data tables, in order: t = table, d = row as JSON. Trimmed when archived."""
    return f"igym:{{{experiment}}}:records:{release}"


@key("set")
def releases(experiment: str) -> str:
    """Versions of the experiment that passed a check: whose records may wait."""
    return f"igym:{{{experiment}}}:releases"


@key("string", seconds=120)
def answer(experiment: str, question: str) -> str:
    """What an author's function said to that question, as JSON: a value or an error."""
    return f"igym:{{{experiment}}}:answer:{question}"


@key("hash", days=1)
def screening(experiment: str) -> str:
    """Session id -> what was found out about it, as JSON: waits for an author's function."""
    return f"igym:{{{experiment}}}:screening"


@key("hash", seconds=30)
def bench(experiment: str) -> str:
    """What `igym run` says of an experiment on its bench (`store.bench`). Renewed while it is."""
    return f"igym:{{{experiment}}}:bench"


@key("list", seconds=30)
def bench_asks(experiment: str) -> str:
    """What the bench page asks of `igym run`, as JSON, oldest first; capped."""
    return f"igym:{{{experiment}}}:bench_asks"
