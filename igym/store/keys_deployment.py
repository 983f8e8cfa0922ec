"""Keys of Redis that belong to the deployment and to no experiment: part of `igym.store.keys`."""

from __future__ import annotations

from igym.store.key import key


@key("string")
def secret() -> str:
    """The key that signs participant tokens, where settings give none. Shared by all workers."""
    return "igym:secret"


@key("string")
def layout() -> str:
    """Number of the shape of everything here (`store.layout`): which igym can go on with it."""
    return "igym:layout"


@key("string")
def pepper() -> str:
    """What recruiters' ids are hashed with: who comes back is the same, whatever keys sign then."""
    return "igym:pepper"


@key("hash")
def experiments() -> str:
    """Experiment id -> when it was first heard of here (ms). Loops look after all of them."""
    return "igym:experiments"


@key("hash")
def packages() -> str:
    """Content hash of a package -> "<experiment> <version>"."""
    return "igym:packages"


@key("hash")
def unchecked() -> str:
    """Content hash -> a package that waits for its check, as JSON (`store.submissions`)."""
    return "igym:unchecked"


@key("hash", days=1)
def films() -> str:
    """Id of an episode whose film waits to be made -> its experiment."""
    return "igym:films"


@key("hash")
def exports() -> str:
    """Id of an export that waits -> its experiment."""
    return "igym:exports"


@key("hash")
def errands() -> str:
    """Experiment and id of an errand that has not come to an end -> its kind (`store.errands`)."""
    return "igym:errands"


@key("hash", days=400)
def api_token(id: str) -> str:
    """An API token: `access` as JSON, `digest` of its secret, `used_ms`. Lives as long as it is
    valid, and a month longer."""
    return f"igym:api_token:{id}"


@key("zset", days=400)
def api_tokens() -> str:
    """Ids of API tokens, by when they expire (ms)."""
    return "igym:api_tokens"


@key("hash", seconds=120)
def rate(what: str, minute: str) -> str:
    """What was done in that minute, by place of an address (`store.rates`): 65,536 at the most."""
    return f"igym:rate:{what}:{minute}"


@key("string", seconds=60)
def api_failures(address: str) -> str:
    """How many tokens from that address (hashed) were refused in this minute."""
    return f"igym:api_failures:{address}"


@key("hash")
def accounts() -> str:
    """Name -> who may sign in under it, as JSON, with a hash of their password."""
    return "igym:accounts"


@key("hash", days=0.5)
def visit(id: str) -> str:
    """Somebody who is signed in: `account`, `made_ms`, `seen_ms`, `browser`. By a hash of what
    their cookie holds; it ends with its life, when they sign out, or when it is revoked."""
    return f"igym:visit:{id}"


@key("zset", days=0.5)
def visits(account: str) -> str:
    """The visits of an account, by when they end (ms)."""
    return f"igym:visits:{account}"


@key("string", seconds=900)
def wrong_passwords(whose: str) -> str:
    """Wrong passwords for an account, or from an address (hashed), since the first of them."""
    return f"igym:wrong_passwords:{whose}"


@key("string", days=0.5)
def admin_link(id: str) -> str:
    """A link that was not opened yet and signs in the account that is its value."""
    return f"igym:admin_link:{id}"


@key("hash", seconds=60)
def worker(name: str) -> str:
    """A game worker that is alive: pid, load, games; or `gone`. Renewed by its supervisor."""
    return f"igym:worker:{name}"


@key("zset", days=1)
def processes() -> str:
    """Names of processes -> when each last said that it is there (ms)."""
    return "igym:processes"


@key("hash", seconds=10)
def process(name: str) -> str:
    """A web worker, game worker, inference worker or director: role, node, pid, since when, how it
    stands and what it holds. Renewed by itself every second (`store.processes`)."""
    return f"igym:process:{name}"


@key("string", seconds=60)
def leave(name: str) -> str:
    """What that process was asked to do by `igym drain` or `igym restart`."""
    return f"igym:leave:{name}"


@key("string", seconds=20)
def meter(name: str) -> str:
    """The figures of a process, as msgpack (`store.meters`). Written by itself every 5 s."""
    return f"igym:meter:{name}"


@key("string", seconds=60)
def lease(name: str) -> str:
    """Who runs the loop of that name: "<fencing token>:<holder>"."""
    return f"igym:{{lease:{name}}}:holder"


@key("string")
def lease_token(name: str) -> str:
    """The last fencing token given out for that loop."""
    return f"igym:{{lease:{name}}}:token"


@key("list", seconds=60)
def bell() -> str:
    """Something for the director to look at now. Its content means nothing."""
    return "igym:bell"


@key("set", days=1)
def inference_workers() -> str:
    """Names of inference workers that were alive lately."""
    return "igym:inference"


@key("string", seconds=3)
def inference_worker(name: str) -> str:
    """That inference worker is alive: renewed by itself every second."""
    return f"igym:inference:{name}"


@key("zset", days=2)
def bindings() -> str:
    """Bindings of games (`igym.domain.bound`) -> when a worker was last asked for, s."""
    return "igym:bindings"


@key("string", seconds=60)
def starter(binding: str) -> str:
    """The supervisor that starts workers for that binding at the moment."""
    return f"igym:starter:{binding}"


@key("list", days=7)
def problems() -> str:
    """The last problems a researcher or admin should see, newest first, as JSON; capped."""
    return "igym:problems"


@key("stream", days=7)
def server_lines() -> str:
    """The latest warnings and errors of every process, and what somebody follows (`store.tails`);
    capped."""
    return "igym:server_lines"


@key("hash", seconds=900)
def followed() -> str:
    """Ids of sessions, games or episodes of which an admin wants every line (`store.tails`)."""
    return "igym:followed"


@key("stream")
def audit() -> str:
    """Who did what to the deployment (`igym.domain.deeds`), in order, as JSON; capped."""
    return "igym:audit"


@key("string", seconds=60)
def written() -> str:
    """Written just before the disk is asked how far it is. Its content means nothing."""
    return "igym:written"


@key("string")
def appendfsync() -> str:
    """How the server syncs its append-only file, for who may not ask it (`store.durable`)."""
    return "igym:appendfsync"


@key("channel")
def inbox(name: str) -> str:
    """Messages for one process (`igym.wire.inner`)."""
    return f"igym:inbox:{name}"
