"""Who is signed in to the admin pages, what they may do, and whether a form is from there."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from igym.domain.access import Access, Right
from igym.errors import BadMessage, BadToken, NotYours
from igym.services import accounts
from igym.services.connect import Deployment
from igym.store import keys
from igym.store.accounts import Visit

P = ParamSpec("P")
R = TypeVar("R")

#: How long the sign-in form may stand open before it is sent.
FORM_S = 3600

#: After a form that was refused.
_AGAIN = "Open the page once more and try again."


class Visitor(UserMixin):
    """Somebody who is signed in. The cookie holds `id`, which Redis knows only a hash of."""

    def __init__(self, id: str, visit: Visit, access: Access) -> None:
        self.id = id
        self.visit = visit
        self.access = access


def visitor() -> Visitor:
    """Whoever asks. Only in a route that somebody signed in reaches."""
    return cast(Visitor, current_user)


def admit(secret: str) -> None:
    """Sign this browser in: `secret` is what a new visit's cookie holds."""
    session.clear()
    session.permanent = True
    found = accounts.signed_in(_deployment(), secret)
    assert found is not None
    login_user(Visitor(secret, *found))


def _deployment() -> Deployment:
    from flask import current_app

    return cast(Deployment, current_app.extensions["igym_admin"])


def prepare(app: Flask, deployment: Deployment) -> None:
    """Cookies and the login manager."""
    public_url = deployment.settings.public_url
    app.extensions["igym_admin"] = deployment
    app.config.update(
        SECRET_KEY=deployment.secret,
        SECRET_KEY_FALLBACKS=list(deployment.signing_keys[1:]),
        SESSION_COOKIE_NAME="igym_admin",
        SESSION_COOKIE_PATH="/admin",  # participants' pages and sockets never see it
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=public_url.startswith("https:"),
        SESSION_REFRESH_EACH_REQUEST=False,  # 12 h from signing in, not from the last look
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=keys.visit.ttl_s),
    )
    manager = LoginManager(app)

    @manager.user_loader
    def load(secret: str) -> Visitor | None:
        """Whose visit a cookie is, unless it is over: asked of Redis each time, so that whoever
        is put out is out."""
        found = accounts.signed_in(deployment, secret)
        return Visitor(secret, *found) if found is not None else None

    @manager.unauthorized_handler
    def nobody() -> Response:
        """A person is shown where to sign in; a script is told."""
        if request.path.endswith(".json") or request.method != "GET":
            raise BadToken("You are not signed in (any more).", hint="Sign in at /admin.")
        wanted = request.full_path.rstrip("?")
        again = wanted if wanted != "/admin" else None
        return redirect(url_for("admin.sign_in", next=again), 302)


def home(wanted: str | None) -> str:
    """Where to go after signing in: a page of ours that was asked for, else the first."""
    parts = urlsplit(wanted or "")
    ours = not parts.scheme and not parts.netloc and parts.path.startswith("/admin")
    # A browser takes a backslash for a slash.
    if wanted is None or not ours or "\\" in wanted or not wanted.isprintable():
        return url_for("admin.overview")
    return wanted


def needs(right: Right) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse whoever has not that right for anything. Stands below `login_required`."""

    def guarded(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def wrapped(*args: P.args, **named: P.kwargs) -> R:
            if not visitor().access.has(right):
                raise NotYours(
                    f"You are signed in as {visitor().access.role}.",
                    hint=f"This needs the right to {right.value}: ask an admin.",
                )
            return view(*args, **named)

        return wrapped

    return guarded


# --- forms -----------------------------------------------------------------------------------


def form_token(deployment: Deployment) -> str:
    """What a form holds so that only our own pages can send one: bound to the visit where there
    is one, and to the hour where not."""
    return _signer(deployment).dumps(_bound())


def _bound() -> str:
    return current_user.visit.id if current_user.is_authenticated else ""


def _signer(deployment: Deployment) -> URLSafeTimedSerializer:
    # As for participants' tokens (`igym.services.sessions.tokens`): the last one signs.
    return URLSafeTimedSerializer(list(reversed(deployment.signing_keys)), salt="admin-form")


def check_form(deployment: Deployment) -> None:
    """Refuse a form that no page of ours sent. Raises `BadMessage`."""
    # The header first: whoever sends one sends no form, and its body may be large.
    given = request.headers.get("X-Form-Token") or request.form.get("form_token") or ""
    life_s = keys.visit.ttl_s if _bound() else FORM_S
    try:
        bound = str(_signer(deployment).loads(given[:512], max_age=life_s))
    except BadSignature as error:
        raise BadMessage("That form is not from this page, or is too old.", hint=_AGAIN) from error
    if not hmac.compare_digest(bound, _bound()):
        raise BadMessage("That form is from before you signed in.", hint=_AGAIN)
    origin = request.headers.get("Origin")
    if origin and origin != "null":
        known = {urlsplit(deployment.settings.public_url).netloc, request.host}
        if urlsplit(origin).netloc not in known:
            raise BadMessage("That form is from another site.", hint=_AGAIN)


def moment(at_ms: float) -> str:
    """A time of day for people, in the server's time zone."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at_ms / 1000))
