"""A token opens one session of one experiment, for a month, and is made anew while it lasts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from itsdangerous import URLSafeTimedSerializer

from igym.errors import BadToken
from igym.services.sessions import arriving, tokens

OURS = "a secret of thirty-two characters"


def made(*said: object, ago_s: float = 0, secret: str = OURS, salt: str = "participant") -> str:
    """A token as igym makes them, or nearly."""

    class Signer(URLSafeTimedSerializer.default_signer):
        def get_timestamp(self) -> int:
            return int(super().get_timestamp() - ago_s)

    return URLSafeTimedSerializer(secret, salt=salt, signer=Signer).dumps(said[0])


def test_a_token_says_whose_it_is_and_how_old(deployment):
    holder = tokens.read(deployment, made(["kitchen", "ann"], ago_s=90))
    assert holder[:2] == ("kitchen", "ann") and 89 < holder.age_s < 95


@pytest.mark.parametrize(
    "token",
    [
        made(["kitchen", "ann"], secret="another secret of thirty-two chars"),
        made(["kitchen", "ann"], salt="admin-link"),
        made(["kitchen", "ann"], ago_s=tokens.LIFE_S + 60),
        made("operator"),
        made(["kitchen"]),
        made(["kitchen", "ann", "root"]),
        made({"experiment": "kitchen"}),
        made(None),
        made(["kitchen", "ann"])[:-1],
        "x" * 600,
        "",
        None,
        7,
        ["a"],
        b"bytes",
        "\x00.\ud800.é",
    ],
    ids=[
        "another secret",
        "another salt",
        "run out",
        "no list",
        "too short",
        "too long",
        "an object",
        "null",
        "cut off",
        "xxx",
        "empty",
        "none",
        "a number",
        "a list",
        "bytes",
        "strange letters",
    ],
)
def test_whatever_is_not_our_token_opens_nothing(deployment, token):
    with pytest.raises(BadToken) as refused:
        tokens.read(deployment, token)
    assert refused.value.hint


def test_a_token_older_than_a_day_is_renewed_and_the_old_one_works_on(deployment):
    old = made(["kitchen", "ann"], ago_s=tokens.RENEW_AFTER_S + 60)
    new = tokens.renewed(deployment, tokens.read(deployment, old))
    assert new is not None and new != old
    assert tokens.read(deployment, new).age_s < 5
    assert tokens.identify(deployment, old) == tokens.identify(deployment, new)
    assert tokens.renewed(deployment, tokens.read(deployment, new)) is None


def test_whoever_joins_again_has_a_fresh_token_of_the_same_session(lab):
    _, session = arriving.join(lab.deployment, "counters", {}, None)
    old = made(["counters", session], ago_s=86_400 * 20)
    new, again = arriving.join(lab.deployment, "counters", {}, old)
    assert again == session and tokens.read(lab.deployment, new).age_s < 5


def test_a_token_of_another_deployment_is_a_stranger_here(deployment):
    token = tokens.issue(replace(deployment, given="some other secret, just as long!!"), "x", "y")
    with pytest.raises(BadToken):
        tokens.identify(deployment, token)
