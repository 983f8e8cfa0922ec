"""Where a request is from: believed of our own proxies only, and pages of others get no socket."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from igym import settings
from igym.services.connect import connect
from igym.store import keys, packages, rates
from igym.web import pages
from igym.web.gate import Gate, policy


def gate(**told: str) -> Gate:
    env = {f"IGYM_{name.upper()}": value for name, value in told.items()}
    return Gate(lambda *_: [], settings.load(env))


@pytest.mark.parametrize(
    ("peer", "said", "address"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        (
            "203.0.113.9",
            "198.51.100.7",
            "203.0.113.9",
        ),  # no proxy of ours: it may say what it likes
        ("10.0.0.2", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.2", "198.51.100.7, 203.0.113.9", "203.0.113.9"),  # what the browser sent before
        ("10.0.0.2", "198.51.100.7, 203.0.113.9, 10.0.0.3", "203.0.113.9"),  # two proxies
        ("10.0.0.2", "2001:db8::1", "2001:db8::1"),
        ("10.0.0.2", "", "10.0.0.2"),
        ("10.0.0.2", "unknown", "10.0.0.2"),
        ("10.0.0.2", "203.0.113.9, <script>", "10.0.0.2"),
        ("10.0.0.2", ",".join(["10.0.0.3"] * 5_000), "10.0.0.3"),
        ("", "203.0.113.9", ""),
    ],
)
def test_an_address_is_what_our_own_proxies_have_seen(peer, said, address):
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": said}
    assert gate(trusted_proxies="10.0.0.0/24").address(environ) == address


@pytest.mark.parametrize(
    ("origin", "opens"),
    [
        ("http://lab.org", True),
        ("https://LAB.org", True),  # TLS ends at the proxy
        ("https://study.lab.org", True),  # public_url
        ("https://partner.org", True),  # allowed_origins
        ("https://partner.org.evil.org", False),
        ("http://partner.org", False),
        ("https://evil.org", False),
        ("https://lab.org.evil.org", False),
        ("https://lab.org@evil.org", False),
        ("https://evil.org/lab.org", False),
        ("http://lab.org:8001", False),
        ("null", False),
        ("", False),
        ("file://", False),
        ("chrome-extension://lab.org", False),
        ("http://[", False),
        (None, True),  # no browser: it could say any
    ],
)
def test_a_page_of_another_site_opens_no_socket(origin, opens):
    ours = gate(public_url="https://study.lab.org", allowed_origins="https://partner.org")
    environ = {"HTTP_HOST": "lab.org", "PATH_INFO": "/socket.io/"}
    if origin is not None:
        environ["HTTP_ORIGIN"] = origin
    answered = []

    ours(environ, lambda status, headers: answered.append((status, dict(headers))))

    assert bool(answered) is not opens
    if answered:
        assert answered[0][0] == "403 Forbidden"
        assert answered[0][1]["X-Content-Type-Options"] == "nosniff"


def test_a_host_that_is_none_does_not_get_into_the_policy():
    assert "ws://lab.org:8000 wss://lab.org:8000;" in policy("lab.org:8000", framed=False)
    for host in ("x; script-src *", "a b", "x\r\nSet-Cookie: y", "", "*"):
        assert "connect-src 'self';" in policy(host, framed=False)


@pytest.fixture
def study(redis, redis_url, tmp_path, compiled):
    env = {"REDIS_URL": redis_url, "IGYM_ARRIVALS_PER_MINUTE": "10"}
    deployment = connect(settings.load(env, tmp_path))
    packages.publish(redis, replace(compiled, package="0" * 64))
    app = Flask("igym.web", static_folder="static", static_url_path="/static")
    pages.register(app, deployment)
    app.wsgi_app = Gate(app.wsgi_app, deployment.settings)  # type: ignore[method-assign]
    return app.test_client()


def test_more_arrivals_from_one_address_than_a_minute_takes_are_asked_to_wait(
    study, redis, monkeypatch
):
    monkeypatch.setattr("igym.store.rates.time.time", lambda: 1_000_000.5)

    def joins(address: str) -> int:
        headers = {"X-Forwarded-For": address}
        answer = study.post("/api/x/counters/join", json={"query": {}}, headers=headers)
        if answer.status_code == 429:
            assert answer.json["code"] == "too_much" and answer.json["hint"]
            # 40.5 s of this minute are over.
            assert answer.headers["Retry-After"] == "20"
        else:
            assert "Retry-After" not in answer.headers
        return answer.status_code

    assert [joins("203.0.113.9") for _ in range(12)] == [200] * 10 + [429] * 2
    # A network of IPv6 is one place, however many addresses it has; others do not suffer from it.
    assert [joins(f"2001:db8::{n:x}") for n in range(11)] == [200] * 10 + [429]
    assert joins("198.51.100.7") == 200
    assert [joins("127.0.0.1") for _ in range(12)] == [200] * 12
    monkeypatch.setattr("igym.store.rates.time.time", lambda: 1_000_000.5 + 20)
    assert joins("203.0.113.9") == 200
    assert b"203.0.113" not in b"".join(redis.hkeys(keys.rate("arrivals", str(1_000_000 // 60))))


def test_however_many_addresses_come_they_take_no_more_than_so_much_room(redis):
    for n in range(400):
        rates.count(redis, "x", f"198.51.{n // 250}.{n % 250}", "k" * 32)
    places = redis.keys("igym:rate:x:*")
    assert all(len(field) == 4 for name in places for field in redis.hkeys(name))
