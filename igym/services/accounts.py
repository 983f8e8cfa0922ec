"""Accounts, and signing in to them: with a password, or with a link that works once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from igym.domain import accounts
from igym.domain.access import ANY, Access, Role
from igym.domain.accounts import Account
from igym.domain.deeds import Did
from igym.errors import BadMessage, BadToken, NotFound, TooMuch
from igym.services import auditing, passwords
from igym.services.access import reach
from igym.services.connect import Deployment, now_ms
from igym.store import accounts as store
from igym.store.accounts import Known, Visit

#: Who does something: an account or a token, or a name.
By = Access | str

#: Whoever can use the terminal of the deployment: signs in by link, and has no password.
OPERATOR = "operator"

#: The account that ADMIN_PASSWORD is for.
FIRST = "admin"

#: Wrong passwords in a quarter of an hour, from one address and for one account. More are
#: borne for an account, so that it takes many addresses to keep somebody out.
MOST_FROM, MOST_FOR = 10, 50

#: The time somebody was seen is written down this often at most.
_SEEN_EVERY_MS = 60_000

_WRONG = "That name and password do not go together."


def _told(account: Account) -> dict[str, Any]:
    """What the audit log says of an account."""
    return {
        "role": account.role.value,
        "experiments": list(account.experiments),
        "trusted": account.trusted,
    }


def _hashed(secret: str) -> str:
    """As which a random secret is stored: 256 bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


# --- accounts --------------------------------------------------------------------------------


def create(
    deployment: Deployment,
    name: str,
    password: str,
    role: Role,
    experiments: tuple[str, ...] = (),
    *,
    trusted: bool = False,
    by: By = auditing.LOCAL,
    digest: Callable[[str], str] = passwords.digest,
) -> Account:
    """Let somebody sign in.

    Args:
        digest: `passwords.digest`, or that somewhere where it keeps nobody waiting.

    Raises:
        BadMessage: the name, the password or what they look after; it says which and why.
        Conflict: there is an account of that name.
    """
    name = _free(name)
    accounts.fit(password, name)
    experiments, trusted = reach(role, experiments, trusted=trusted)
    made = Account(name, role, experiments, trusted, now_ms())
    store.add(deployment.redis, Known(made, digest(password)))
    auditing.note(deployment, by, Did.ACCOUNT_MADE, what=name, after=_told(made))
    return made


def _free(name: str) -> str:
    name = accounts.named(name)
    if name == OPERATOR:
        raise BadMessage(
            f"{OPERATOR!r} is whoever can use the terminal.", hint="Choose another name."
        )
    return name


def change(
    deployment: Deployment,
    name: str,
    role: Role,
    experiments: tuple[str, ...] = (),
    *,
    trusted: bool = False,
    by: By = auditing.LOCAL,
) -> tuple[Account, Account]:
    """Give an account another role, at once. Returns it as it was and as it is.

    Raises:
        BadMessage: what they are to look after, or the last admin would be none any more.
        NotFound: there is no such account.
    """
    known = store.read(deployment.redis, name)
    experiments, trusted = reach(role, experiments, trusted=trusted)
    if role is not Role.ADMIN:
        _not_the_last(deployment, known.account)
    after = replace(known.account, role=role, experiments=experiments, trusted=trusted)
    store.put(deployment.redis, replace(known, account=after))
    was, now = _told(known.account), _told(after)
    auditing.note(deployment, by, Did.ACCOUNT_CHANGED, what=name, before=was, after=now)
    return known.account, after


def set_password(
    deployment: Deployment,
    name: str,
    password: str,
    *,
    by: By = auditing.LOCAL,
    digest: Callable[[str], str] = passwords.digest,
) -> None:
    """Give an account another password, and sign it out everywhere.

    Args:
        digest: `passwords.digest`, or that somewhere where it keeps nobody waiting.

    Raises:
        BadMessage: it is easily thought of.
        NotFound: there is no such account.
    """
    known = store.read(deployment.redis, name)
    accounts.fit(password, name)
    store.put(deployment.redis, replace(known, digest=digest(password)))
    store.end_all(deployment.redis, name)
    auditing.note(deployment, by, Did.PASSWORD_SET, what=name)


def remove(deployment: Deployment, name: str, *, by: By = auditing.LOCAL) -> Account:
    """Let somebody sign in no more, and sign them out. Returns what they were.

    Raises:
        BadMessage: they are the last admin.
        NotFound: there is no such account.
    """
    known = store.read(deployment.redis, name)
    _not_the_last(deployment, known.account)
    store.remove(deployment.redis, name)
    before = _told(known.account)
    auditing.note(deployment, by, Did.ACCOUNT_REMOVED, what=name, before=before)
    return known.account


def _not_the_last(deployment: Deployment, account: Account) -> None:
    if account.role is Role.ADMIN and not any(
        one.role is Role.ADMIN for one in listed(deployment) if one.name != account.name
    ):
        raise BadMessage(
            f"{account.name} is the only admin.", hint="Make another one first: igym admin create"
        )


def listed(deployment: Deployment) -> list[Account]:
    """Everybody who may sign in, by name."""
    return store.listed(deployment.redis)


def any_there(deployment: Deployment) -> bool:
    """Whether anybody has an account yet."""
    return store.any_there(deployment.redis)


def settle(deployment: Deployment) -> None:
    """Make the account that ADMIN_PASSWORD is for, or give it that password.

    Raises:
        BadMessage: that password is easily thought of, or half a hash.
    """
    text = deployment.settings.admin_password
    if not text:
        return
    try:
        known = store.read(deployment.redis, FIRST)
        if known.digest == text or passwords.matches(known.digest, text):
            return
    except NotFound:
        known = Known(Account(FIRST, Role.ADMIN, (ANY,), True, now_ms()), "")
    if not text.startswith("$"):
        accounts.fit(text, FIRST)
    store.put(deployment.redis, replace(known, digest=passwords.given(text)))
    auditing.note(deployment, "settings", Did.PASSWORD_SET, what=FIRST)


# --- signing in ------------------------------------------------------------------------------


def sign_in(
    deployment: Deployment,
    name: str,
    password: str,
    address: str,
    browser: str = "",
    matches: Callable[[str, str], bool] = passwords.matches,
) -> str:
    """Begin a visit. Returns what its cookie holds, which is nowhere else.

    Args:
        matches: `passwords.matches`, or that somewhere where it keeps nobody waiting.

    Raises:
        BadToken: there is no such account, or that is not its password: one answer for both.
        TooMuch: too many wrong ones lately, from this address or for this account.
    """
    name = name.strip().lower()[: accounts.LONGEST]
    _recognised(deployment, name, password, address, matches)
    return _begin(deployment, name, browser)


def own_password(
    deployment: Deployment,
    name: str,
    old: str,
    new: str,
    address: str,
    browser: str = "",
    *,
    by: By,
    matches: Callable[[str, str], bool] = passwords.matches,
    digest: Callable[[str], str] = passwords.digest,
) -> str:
    """Another password, for whoever knows the one so far; wrong ones count as when signing in.

    Returns:
        What the cookie of a new visit holds: all that there were have ended.

    Args:
        matches, digest: of `passwords`, or those somewhere where they keep nobody waiting.

    Raises:
        BadMessage: the new one is easily thought of.
        BadToken: the old one is wrong.
        TooMuch: too many wrong ones lately.
    """
    accounts.fit(new, name)
    _recognised(deployment, name, old, address, matches)
    set_password(deployment, name, new, by=by, digest=digest)
    return _begin(deployment, name, browser)


def _recognised(
    deployment: Deployment,
    name: str,
    password: str,
    address: str,
    matches: Callable[[str, str], bool],
) -> None:
    """Let pass who knows the password of that account. Raises `BadToken`, `TooMuch`."""
    # No address is kept: only who knows the deployment's secret can tell whose this was.
    place = hmac.new(deployment.secret.encode(), address.encode(), hashlib.sha256)
    tried = (f"from:{place.hexdigest()[:16]}", f"for:{_hashed(name)[:16]}")
    for (count, left_s), most in zip(
        store.tries(deployment.redis, *tried), (MOST_FROM, MOST_FOR), strict=True
    ):
        if count >= most:
            raise TooMuch(
                "There were too many wrong passwords.",
                hint=f"Try again in {-(-left_s // 60) or 1} minutes, or sign in with a link: "
                "igym admin link",
                wait_s=left_s,
            )
    try:
        known = store.read(deployment.redis, name)
    except NotFound:
        known = None
    fits = matches(
        passwords.NOBODY if known is None else known.digest, password[: accounts.LONGEST + 1]
    )
    if known is None or not fits:
        store.wrong(deployment.redis, *tried)
        raise BadToken(_WRONG, hint="Both are as they were given to you; mind capital letters.")
    store.right(deployment.redis, tried[1])


def _begin(deployment: Deployment, account: str, browser: str) -> str:
    secret, at_ms = secrets.token_urlsafe(32), now_ms()
    store.begin(deployment.redis, Visit(_hashed(secret), account, at_ms, at_ms, browser[:60]))
    auditing.note(deployment, account, Did.SIGNED_IN, what=account)
    return secret


def link(deployment: Deployment, name: str = OPERATOR) -> str:
    """The key of a link that signs in that account once, within 12 hours.

    Raises:
        NotFound: there is no such account.
    """
    if name != OPERATOR:
        store.read(deployment.redis, name)
    key = secrets.token_urlsafe(32)
    store.add_link(deployment.redis, _hashed(key), name)
    return key


def enter(deployment: Deployment, key: str, browser: str = "") -> str:
    """Open a link. Returns what the cookie of the visit holds.

    Raises:
        BadToken: it was opened already, has run out, or never was one.
    """
    name = store.open_link(deployment.redis, _hashed(key[:100]))
    if name is None:
        raise BadToken(
            "This link was opened already, or is too old.",
            hint="Print a new one with: igym admin link",
        )
    return _begin(deployment, name, browser)


def signed_in(deployment: Deployment, secret: str) -> tuple[Visit, Access] | None:
    """Whose visit a cookie is, and what it opens now; None once it is over."""
    found = opens(deployment, _hashed(secret[:100]))
    if found is not None and (at_ms := now_ms()) - found[0].seen_ms > _SEEN_EVERY_MS:
        store.seen(deployment.redis, found[0].id, at_ms)
    return found


def opens(deployment: Deployment, id: str) -> tuple[Visit, Access] | None:
    """The visit of that id, and what it opens now; None once it is over."""
    try:
        visit = store.visit(deployment.redis, id)
        if visit.account == OPERATOR:
            access = Account(OPERATOR, Role.ADMIN, (ANY,), True, visit.made_ms).access()
        else:
            access = store.read(deployment.redis, visit.account).account.access()
    except NotFound:
        return None
    return visit, access


def sign_out(deployment: Deployment, visit: Visit, *, by: By = "") -> None:
    """End a visit: what its cookie holds opens nothing any more."""
    store.end(deployment.redis, visit)
    auditing.note(deployment, by or visit.account, Did.SIGNED_OUT, what=visit.account)


def visits(deployment: Deployment, name: str) -> list[Visit]:
    """Where somebody is signed in, the last to come first."""
    return store.visits(deployment.redis, name)


def revoke(deployment: Deployment, name: str, id: str) -> None:
    """End one of their visits from elsewhere. Raises `NotFound`."""
    visit = store.visit(deployment.redis, id)
    if visit.account != name:
        raise NotFound("That visit is over.")
    sign_out(deployment, visit)


def sign_out_everywhere(deployment: Deployment, name: str, *, by: By = auditing.LOCAL) -> int:
    """End all of somebody's visits. Returns how many there were."""
    ended = store.end_all(deployment.redis, name)
    auditing.note(deployment, by, Did.SIGNED_OUT, what=name, before={"visits": ended})
    return ended
