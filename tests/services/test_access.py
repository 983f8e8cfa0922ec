"""A token opens what it was made for, as long as it was made for, and is nowhere to be read."""

from __future__ import annotations

import pytest

from igym.domain.access import Access, Right, Role
from igym.errors import BadMessage, BadToken, NotFound, TooMuch
from igym.services import access
from igym.services.connect import now_ms


def made(deployment, **how) -> tuple[str, Access]:
    given = {"name": "Ann", "role": Role.RESEARCHER, "experiments": ("kitchen",), "days": 90} | how
    return access.create(deployment, **given)


def opens(deployment, text: str, address: str = "10.0.0.1") -> Access:
    return access.identify(deployment, f"Bearer {text}", address)


def test_a_token_opens_what_it_was_made_for(deployment):
    text, mine = made(deployment)
    assert opens(deployment, text) == mine
    assert mine.may(Right.SUBMIT, "kitchen") and mine.may(Right.EXPORT, "kitchen")
    assert not mine.may(Right.SUBMIT, "garden")
    assert not mine.may(Right.RELEASE, "kitchen") and not mine.has(Right.TOKENS)


def test_a_trusted_researcher_releases_their_own_and_an_admin_everything(deployment):
    _, trusted = made(deployment, trusted=True)
    assert trusted.may(Right.RELEASE, "kitchen") and not trusted.may(Right.RELEASE, "garden")
    assert not trusted.has(Right.TOKENS)
    _, admin = made(deployment, role=Role.ADMIN, experiments=())
    assert all(admin.may(right, "anything") for right in Right)
    _, wide = made(deployment, experiments=("*",))
    assert wide.may(Right.SUBMIT, "garden") and not wide.may(Right.RELEASE, "garden")


def test_whoever_reads_redis_learns_no_token(deployment, redis):
    text, mine = made(deployment)
    secret = text.removeprefix(f"igym_{mine.id}_")
    assert len(secret) == 43
    for name in redis.scan_iter("*"):
        kind = redis.type(name)
        read = {b"hash": redis.hgetall, b"stream": redis.xrange}.get(kind)
        held = read(name) if read else redis.zrange(name, 0, -1)
        assert secret not in str(held) and secret not in str(name)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "Bearer igym_0_x", "igym_", "Bearer " * 9],
)
def test_what_is_not_a_token_is_told_how_one_looks(deployment, header):
    with pytest.raises(BadToken) as refused:
        access.identify(deployment, header, "10.0.0.1")
    assert "Authorization: Bearer" in refused.value.hint


def test_another_secret_or_id_opens_nothing_and_both_read_the_same(deployment):
    text, mine = made(deployment)
    other, _ = made(deployment)
    told = set()
    for forged in (
        text[:-1] + ("A" if text[-1] != "A" else "B"),
        text.replace(mine.id, "0" * 12),
        f"igym_{mine.id}_{other[-43:]}",
    ):
        with pytest.raises(BadToken) as refused:
            opens(deployment, forged)
        told.add(refused.value.message)
    assert len(told) == 1


def test_an_expired_token_says_so(deployment, monkeypatch):
    text, mine = made(deployment, days=1)
    monkeypatch.setattr(access, "now_ms", lambda: mine.expires_ms + 1)
    with pytest.raises(BadToken, match="has expired"):
        opens(deployment, text)


def test_a_revoked_token_opens_nothing_from_that_moment_on(deployment):
    text, mine = made(deployment)
    opens(deployment, text)
    access.revoke(deployment, mine.id)
    with pytest.raises(BadToken, match="revoked"):
        opens(deployment, text)
    assert access.listed(deployment) == []
    with pytest.raises(NotFound):
        access.revoke(deployment, mine.id)


def test_guessing_is_slowed_and_locks_out_nobody_who_has_a_token(deployment):
    text, _ = made(deployment)
    forged = f"igym_{'0' * 12}_{'x' * 43}"
    for _ in range(access.MOST_FAILURES):
        with pytest.raises(BadToken):
            opens(deployment, forged)
    with pytest.raises(TooMuch, match="Too many tokens"):
        opens(deployment, forged)
    assert opens(deployment, text)
    with pytest.raises(BadToken):
        opens(deployment, forged, "10.0.0.2")


def test_no_address_is_kept(deployment, redis):
    with pytest.raises(BadToken):
        opens(deployment, "x", "192.0.2.77")
    assert not [name for name in redis.scan_iter("*") if b"192.0.2" in name]


def test_last_use_is_remembered_and_not_written_every_time(deployment, monkeypatch):
    text, _ = made(deployment)
    first_ms = now_ms()
    opens(deployment, text)
    (known,) = access.listed(deployment)
    assert known.used_ms >= first_ms
    opens(deployment, text)
    assert access.listed(deployment)[0].used_ms == known.used_ms
    monkeypatch.setattr(access, "now_ms", lambda: known.used_ms + 61_000)
    opens(deployment, text)
    assert access.listed(deployment)[0].used_ms == known.used_ms + 61_000


@pytest.mark.parametrize(
    "how",
    [
        {"name": ""}, {"name": "x" * 61}, {"name": "a\nb"}, {"days": 0}, {"days": 366},
        {"days": float("nan")}, {"experiments": ()}, {"experiments": ("../x",)},
        {"experiments": ("Kitchen",)},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_that_cannot_be_is_refused(deployment, how):
    with pytest.raises(BadMessage):
        made(deployment, **how)
    assert access.listed(deployment) == []
