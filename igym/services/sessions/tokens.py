"""Participant tokens: signed; bound to one session of one experiment, to no socket or address."""

from __future__ import annotations

import time
from typing import NamedTuple

from itsdangerous import BadSignature, URLSafeTimedSerializer

from igym.errors import BadToken
from igym.services.connect import Deployment

#: Longer than a session lives in Redis, so that a token never ends before what it opens.
LIFE_S = 31 * 86_400

#: A page that connects with an older token is given a new one.
RENEW_AFTER_S = 86_400


def _signer(deployment: Deployment, salt: str) -> URLSafeTimedSerializer:
    # It signs with the last of a list, and takes the signatures of all.
    return URLSafeTimedSerializer(list(reversed(deployment.signing_keys)), salt=salt)


def issue(deployment: Deployment, experiment: str, session: str) -> str:
    """A token for that session."""
    return _signer(deployment, "participant").dumps([experiment, session])


class Holder(NamedTuple):
    """What a token says."""

    experiment: str
    session: str
    age_s: float


def read(deployment: Deployment, token: object) -> Holder:
    """Who holds `token`, and for how long it has existed.

    Raises:
        BadToken: missing, forged, expired, or not a token at all.
    """
    hint = "Open the link you were given once more."
    if not isinstance(token, str) or not 0 < len(token) <= 512:
        raise BadToken("Your link has no valid sign-in.", hint=hint)
    try:
        said, made = _signer(deployment, "participant").loads(
            token, max_age=LIFE_S, return_timestamp=True
        )
        experiment, session = said
    except (BadSignature, ValueError, TypeError) as error:
        raise BadToken("Your sign-in is not valid here.", hint=hint) from error
    return Holder(str(experiment), str(session), time.time() - made.timestamp())


def identify(deployment: Deployment, token: object) -> tuple[str, str]:
    """Who holds `token`: (experiment, session). Raises `BadToken`."""
    holder = read(deployment, token)
    return holder.experiment, holder.session


def renewed(deployment: Deployment, holder: Holder) -> str | None:
    """A fresh token where the old one is older than a day. Both work until they expire."""
    if holder.age_s < RENEW_AFTER_S:
        return None
    return issue(deployment, holder.experiment, holder.session)


def issue_watch(deployment: Deployment, visit: str, experiment: str, game: str) -> str:
    """A permit with which the socket of that admin's visit may look on at that game."""
    return _signer(deployment, "watch").dumps([visit, experiment, game])


def read_watch(deployment: Deployment, permit: object, life_s: int) -> tuple[str, str, str]:
    """(visit, experiment, game) of a permit that is no older than `life_s`. Raises `BadToken`."""
    try:
        if not isinstance(permit, str) or len(permit) > 1024:
            raise BadSignature("not a permit")
        visit, experiment, game = _signer(deployment, "watch").loads(permit, max_age=life_s)
    except (BadSignature, ValueError, TypeError) as error:
        raise BadToken("That permit is not valid (any more).", hint="Open the game.") from error
    return str(visit), str(experiment), str(game)


def issue_admin(deployment: Deployment) -> str:
    """A key that opens the bench from another machine (`igym.web.bench`). Good for 12 hours."""
    return _signer(deployment, "admin-link").dumps("operator")


def identify_admin(deployment: Deployment, token: object) -> str:
    """The admin's name. Raises `BadToken`."""
    try:
        if not isinstance(token, str) or len(token) > 512:
            raise BadSignature("not a token")
        return str(_signer(deployment, "admin-link").loads(token, max_age=12 * 3600))
    except (BadSignature, ValueError) as error:
        raise BadToken(
            "This admin link is not valid (any more).",
            hint="Print a new one with: igym admin link",
        ) from error
