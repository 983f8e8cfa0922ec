"""API tokens: made once, shown once, and then only recognised.

A token's secret is 256 random bits, so nobody can try them out, and a plain SHA-256 of it may
be stored: slow hashes are for what people think up. Whoever reads Redis learns no token.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets

from igym.domain.access import ANY, Access, Role
from igym.domain.deeds import Did
from igym.errors import BadMessage, BadToken, NotFound, TooMuch
from igym.services import auditing
from igym.services.connect import Deployment, now_ms
from igym.store import access as store

_log = logging.getLogger(__name__)

MOST_DAYS = 365

#: Refused tokens of one address in a minute that still get their own answer.
MOST_FAILURES = 10

#: The time of last use is written down this often at most.
USED_EVERY_MS = 60_000

_TEXT = re.compile(r"igym_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_EXPERIMENT = re.compile(r"[a-z0-9_-]{1,40}")
_HINT = "Send a token as `Authorization: Bearer igym_…`. An admin makes one: igym token create"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def create(
    deployment: Deployment,
    name: str,
    role: Role,
    experiments: tuple[str, ...],
    days: float,
    *,
    trusted: bool = False,
    by: Access | str = auditing.LOCAL,
) -> tuple[str, Access]:
    """Make a token. Returns its text, which is nowhere else from now on, and what it opens.

    Raises:
        BadMessage: an argument is out of bounds; it says which.
    """
    if not 1 <= len(name) <= 60 or not name.isprintable():
        raise BadMessage("A token needs a name of 1 to 60 characters: whose it is, or what for.")
    if not 0 < days <= MOST_DAYS:
        raise BadMessage(f"A token lives for up to {MOST_DAYS} days, not {days:g}.")
    experiments, trusted = reach(role, experiments, trusted=trusted)
    at_ms = now_ms()
    secret = secrets.token_urlsafe(32)
    made = Access(
        id=secrets.token_hex(6),
        name=name,
        role=role,
        experiments=experiments,
        trusted=trusted,
        made_ms=at_ms,
        expires_ms=at_ms + days * 86_400_000,
    )
    store.add(deployment.redis, made, _digest(secret))
    opens = {"role": str(role), "experiments": list(made.experiments), "trusted": trusted}
    after = {"name": name, "days": days, **opens}
    auditing.note(deployment, by, Did.TOKEN_MADE, what=made.id, after=after)
    _log.info("token %s (%s, %s) was made", made.id, made.name, made.role)
    return f"igym_{made.id}_{secret}", made


def reach(
    role: Role, experiments: tuple[str, ...], *, trusted: bool = False
) -> tuple[tuple[str, ...], bool]:
    """What somebody of that role may be given: (their experiments, whether they are trusted).

    Raises:
        BadMessage: no experiments, something that is none, or a trusted viewer.
    """
    if role is Role.ADMIN:
        return (ANY,), True
    if trusted and role is not Role.RESEARCHER:
        raise BadMessage(f"A {role} releases nothing, so nobody can trust them with it.")
    if not experiments:
        raise BadMessage(
            f"A {role} needs experiments to look after.", hint=f'Name them, or "{ANY}" for all.'
        )
    for one in experiments:
        if one != ANY and not _EXPERIMENT.fullmatch(one):
            raise BadMessage(f"{one!r} is no experiment's id.")
    return tuple(sorted(set(experiments))), trusted


def identify(deployment: Deployment, header: str, address: str) -> Access:
    """Whom an Authorization header belongs to.

    A valid token always passes, however many others failed from the same address: a stranger
    behind the same proxy cannot lock anybody out.

    Raises:
        BadToken: missing, malformed, unknown, revoked or expired; it says which of these.
        TooMuch: that, and too often from this address.
    """
    try:
        return _identified(deployment, header)
    except BadToken as refused:
        # No address is kept: only who knows the deployment's secret can tell whose this was.
        who = hmac.new(deployment.secret.encode(), address.encode(), hashlib.sha256).hexdigest()
        if header and store.failed(deployment.redis, who[:16]) > MOST_FAILURES:
            raise TooMuch(
                "Too many tokens from your address were refused.",
                hint="Try again in a minute.",
                wait_s=60,
            ) from refused
        raise


def _identified(deployment: Deployment, header: str) -> Access:
    kind, _, text = header.partition(" ")
    if not header:
        raise BadToken("This needs a token.", hint=_HINT)
    parts = _TEXT.fullmatch(text.strip())
    if kind.lower() != "bearer" or parts is None:
        raise BadToken("That is not a token of igym.", hint=_HINT)
    id, secret = parts.groups()
    try:
        known = store.read(deployment.redis, id)
    except NotFound:
        known = None
    # One answer, so that nobody learns which ids there are.
    if known is None or not hmac.compare_digest(known.digest, _digest(secret)):
        raise BadToken("That token is not known here, or was revoked.", hint=_HINT)
    at_ms = now_ms()
    if at_ms >= known.access.expires_ms:
        raise BadToken("That token has expired.", hint="Ask an admin for a new one.")
    if at_ms - known.used_ms > USED_EVERY_MS:
        store.used(deployment.redis, id, at_ms)
    return known.access


def listed(deployment: Deployment) -> list[store.Known]:
    """Every token that has not been revoked or forgotten."""
    return store.listed(deployment.redis)


def find(deployment: Deployment, id: str) -> store.Known:
    """The token of that id. Raises `NotFound`."""
    return store.read(deployment.redis, id)


def revoke(deployment: Deployment, id: str, by: Access | str = auditing.LOCAL) -> None:
    """Make a token worthless at once. Raises `NotFound`."""
    known = store.read(deployment.redis, id).access
    store.revoke(deployment.redis, id)
    before = {"name": known.name, "role": str(known.role)}
    auditing.note(deployment, by, Did.TOKEN_REVOKED, what=id, before=before)
    _log.info("token %s was revoked", id)
