"""Participant tokens: signed, bound to one session of one experiment."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeTimedSerializer

from igym.errors import BadToken
from igym.services.connect import Deployment

#: Longer than a session lives in Redis, so that a token never ends before what it opens.
LIFE_S = 31 * 86_400


def _signer(deployment: Deployment, salt: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(deployment.secret, salt=salt)


def issue(deployment: Deployment, experiment: str, session: str) -> str:
    """A token for that session."""
    return _signer(deployment, "participant").dumps([experiment, session])


def identify(deployment: Deployment, token: object) -> tuple[str, str]:
    """Who holds `token`: (experiment, session).

    Raises:
        BadToken: missing, forged, expired, or not a token at all.
    """
    hint = "Open the link you were given once more."
    if not isinstance(token, str) or not 0 < len(token) <= 512:
        raise BadToken("Your link has no valid sign-in.", hint=hint)
    try:
        experiment, session = _signer(deployment, "participant").loads(token, max_age=LIFE_S)
    except (BadSignature, ValueError, TypeError) as error:
        raise BadToken("Your sign-in is not valid here.", hint=hint) from error
    return str(experiment), str(session)


def issue_admin(deployment: Deployment) -> str:
    """A token that signs an admin in by link. Good for 12 hours."""
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
            hint="Print a new one with: igym admin-link",
        ) from error
