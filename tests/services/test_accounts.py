"""Whoever signs in may do what their role may, and is out the moment they are put out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from igym import settings
from igym.domain.access import Right, Role
from igym.domain.deeds import Did
from igym.errors import BadMessage, BadToken, Conflict, NotFound, TooMuch
from igym.services import accounts, auditing, passwords
from igym.store import accounts as store
from igym.store import keys

WORDS = "correct horse battery staple"


@pytest.fixture(scope="module")
def digest() -> str:
    """Of WORDS, made once: that is meant to be slow."""
    return passwords.digest(WORDS)


@pytest.fixture(autouse=True)
def quick(monkeypatch, digest):
    """Accounts whose password is WORDS, without the 25 ms for each."""
    hashed = passwords.digest
    monkeypatch.setattr(passwords, "digest", lambda text: digest if text == WORDS else hashed(text))


def made(deployment, name="ann", role=Role.ADMIN, experiments=(), **how):
    return accounts.create(deployment, name, WORDS, role, experiments, **how)


def comes_in(deployment, name="ann", password=WORDS, address="10.0.0.1") -> str:
    return accounts.sign_in(deployment, name, password, address, "Firefox")


def test_a_password_is_never_stored_and_what_is_differs_each_time():
    one, two = passwords.given("four plain words here"), passwords.given("four plain words here")
    assert one != two and one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches(one, "four plain words here")
    assert not passwords.matches(one, "four plain words Here")
    assert passwords.given(one) == one
    with pytest.raises(BadMessage, match="no Argon2 hash"):
        passwords.given("$2b$12$abcdefghijklmnopqrstuv")


def test_whoever_signs_in_is_known_by_what_their_cookie_holds_and_redis_does_not(deployment, redis):
    made(deployment)
    secret = comes_in(deployment, " Ann ")
    visit, access = accounts.signed_in(deployment, secret)
    assert (visit.account, visit.browser, access.role) == ("ann", "Firefox", Role.ADMIN)
    assert all(access.may(right, "anything") for right in Right)
    assert not redis.exists(keys.visit(secret)) and secret not in str(redis.keys("*"))
    assert accounts.signed_in(deployment, "x" * 43) is None
    assert accounts.signed_in(deployment, "") is None


@pytest.mark.parametrize(
    ("name", "password"),
    [("ann", WORDS[:-1]), ("bob", WORDS), ("", ""), ("ann", "")],
)  # fmt: skip
def test_a_wrong_name_and_a_wrong_password_read_the_same(deployment, name, password):
    made(deployment)
    with pytest.raises(BadToken, match="do not go together"):
        comes_in(deployment, name, password)


def test_after_ten_wrong_passwords_an_address_has_to_wait_and_others_do_not(deployment):
    made(deployment)
    wrong = {"matches": lambda *_: False}
    for _ in range(10):
        with pytest.raises(BadToken):
            accounts.sign_in(deployment, "ann", "no", "10.0.0.1", **wrong)
    with pytest.raises(TooMuch, match="too many wrong") as refused:
        comes_in(deployment)
    assert "15 minutes" in refused.value.hint and "igym admin link" in refused.value.hint
    assert comes_in(deployment, address="10.0.0.2")


def test_many_addresses_together_have_fifty_tries_at_an_account(deployment):
    made(deployment)
    for n in range(50):
        with pytest.raises(BadToken):
            accounts.sign_in(deployment, "ann", "no", f"10.0.1.{n}", matches=lambda *_: False)
    with pytest.raises(TooMuch):
        comes_in(deployment)
    key = accounts.link(deployment, "ann")  # whoever has the terminal is not kept out
    assert accounts.signed_in(deployment, accounts.enter(deployment, key)) is not None


def test_a_stranger_takes_as_long_as_a_wrong_password(deployment):
    asked = []
    with pytest.raises(BadToken):
        accounts.sign_in(
            deployment, "nobody", "x", "10.0.0.1", matches=lambda d, p: asked.append(d) or False
        )
    assert asked == [passwords.NOBODY]


def test_a_link_signs_in_once(deployment):
    key = accounts.link(deployment)
    visit, access = accounts.signed_in(deployment, accounts.enter(deployment, key))
    assert (visit.account, access.role) == (accounts.OPERATOR, Role.ADMIN)
    for used in (key, "", "x" * 5_000):
        with pytest.raises(BadToken, match="opened already"):
            accounts.enter(deployment, used)
    with pytest.raises(NotFound):
        accounts.link(deployment, "nobody")


def test_a_visit_ends_by_signing_out_by_being_revoked_and_with_the_account(deployment):
    made(deployment)
    made(deployment, "bea")
    first, second, third = (comes_in(deployment) for _ in range(3))
    visit, _ = accounts.signed_in(deployment, first)
    accounts.sign_out(deployment, visit)
    other, _ = accounts.signed_in(deployment, second)
    with pytest.raises(NotFound):
        accounts.revoke(deployment, "bea", other.id)  # not hers
    accounts.revoke(deployment, "ann", other.id)
    assert [accounts.signed_in(deployment, one) for one in (first, second)] == [None, None]
    assert len(accounts.visits(deployment, "ann")) == 1
    accounts.remove(deployment, "ann")
    assert accounts.signed_in(deployment, third) is None and not store.visits(
        deployment.redis, "ann"
    )


def test_another_password_signs_out_everywhere(deployment):
    made(deployment)
    secret = comes_in(deployment)
    accounts.set_password(deployment, "ann", "a wholly other four words")
    assert accounts.signed_in(deployment, secret) is None
    with pytest.raises(BadToken):
        comes_in(deployment)
    assert comes_in(deployment, password="a wholly other four words")


def test_another_role_counts_from_the_next_request_on(deployment):
    made(deployment, "boss")
    made(deployment)
    secret = comes_in(deployment)
    before, after = accounts.change(deployment, "ann", Role.VIEWER, ("kitchen",))
    assert (before.role, after.role) == (Role.ADMIN, Role.VIEWER)
    _, access = accounts.signed_in(deployment, secret)
    assert access.may(Right.SEE, "kitchen") and not access.may(Right.SEE, "garden")
    assert [right for right in Right if access.has(right)] == [Right.SEE]


def test_the_audit_log_tells_who_did_what_to_an_account_and_no_password(deployment):
    boss = made(deployment, "boss").access()
    made(deployment, by=boss)
    accounts.change(deployment, "ann", Role.VIEWER, ("kitchen",), by=boss)
    comes_in(deployment)
    accounts.set_password(deployment, "ann", "a wholly other four words", by=boss)
    accounts.sign_out_everywhere(deployment, "ann", by=boss)
    accounts.remove(deployment, "ann", by=boss)
    told = auditing.read(deployment)
    assert [(deed.did, deed.who, deed.what) for deed in told[::-1]] == [
        (Did.ACCOUNT_MADE, "local", "boss"), (Did.ACCOUNT_MADE, "boss", "ann"),
        (Did.ACCOUNT_CHANGED, "boss", "ann"), (Did.SIGNED_IN, "ann", "ann"),
        (Did.PASSWORD_SET, "boss", "ann"), (Did.SIGNED_OUT, "boss", "ann"),
        (Did.ACCOUNT_REMOVED, "boss", "ann"),
    ]  # fmt: skip
    changed = told[4]
    assert (changed.before["role"], changed.after["role"]) == ("admin", "viewer")
    assert WORDS not in str(told) and "argon2" not in str(told)


def test_the_last_admin_stays_one(deployment):
    made(deployment)
    made(deployment, "vic", Role.VIEWER, ("*",))
    with pytest.raises(BadMessage, match="only admin"):
        accounts.remove(deployment, "ann")
    with pytest.raises(BadMessage, match="only admin"):
        accounts.change(deployment, "ann", Role.VIEWER, ("*",))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"name": "ann"}, "already"),
        ({"name": "operator"}, "terminal"),
        ({"name": "-x"}, "cannot be the name"),
        ({"name": "<b>"}, "cannot be the name"),
        ({"name": "a" * 61}, "cannot be the name"),
        ({"name": "b", "role": Role.VIEWER}, "needs experiments"),
        ({"name": "b", "role": Role.VIEWER, "experiments": ("no/id",)}, "no experiment's id"),
        ({"name": "b", "role": Role.VIEWER, "experiments": ("x",), "trusted": True}, "nobody can"),
    ],
)  # fmt: skip
def test_an_account_that_cannot_be_says_why(deployment, how, said):
    made(deployment)
    with pytest.raises((BadMessage, Conflict), match=said):
        made(deployment, **how)


@pytest.mark.parametrize(
    "password", ["short", "aaaaaaaaaaaa", "123456789012", "ann ann ann ann", "x" * 201]
)
def test_a_password_that_is_easily_thought_of_is_refused(deployment, password):
    with pytest.raises(BadMessage):
        accounts.create(deployment, "ann", password, Role.ADMIN)
    assert not accounts.any_there(deployment)


def test_the_admin_of_the_settings_has_the_password_they_say(deployment):
    def settled(text):
        accounts.settle(
            replace(deployment, settings=settings.replace(deployment.settings, admin_password=text))
        )

    settled("")
    assert not accounts.any_there(deployment)
    settled(WORDS)
    secret = comes_in(deployment, "admin")
    settled(WORDS)  # every process of the deployment says it
    assert accounts.signed_in(deployment, secret) is not None
    settled(passwords.digest("a wholly other four words"))
    assert comes_in(deployment, "admin", "a wholly other four words")
    for bad in ("admin-password-1", "$argon2id$broken"):
        with pytest.raises(BadMessage):
            settled(bad)
