"""What settings may not be together, or in production. Reads no source and knows no default."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from igym.domain import secret

if TYPE_CHECKING:
    from igym.settings.declared import Settings


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def broken(s: Settings) -> Iterator[tuple[str, str, str]]:
    """Every rule that `s` breaks: the setting, what is wrong, and what would do.

    What is wrong never repeats a secret.
    """
    production = s.environment == "production"
    # (is it wrong, the field to blame, what is wrong, what to do)
    rules: tuple[tuple[bool, str, str, str], ...] = (
        (
            s.worker_beat_s * 3 >= s.worker_lease_s,
            "worker_beat_s",
            f"three beats of {s.worker_beat_s:g} s do not fit into worker_lease_s = "
            f"{s.worker_lease_s:g} s, so one slow step would lose the game's lease",
            "Raise worker_lease_s or lower worker_beat_s.",
        ),
        (
            s.ping_interval_s + 1 > s.away_after_s,
            "away_after_s",
            f"a browser that only answers pings is heard of every ping_interval_s = "
            f"{s.ping_interval_s:g} s, and writing that down takes up to 1 s: people who are there "
            f"would count as away after {s.away_after_s:g} s",
            "Raise away_after_s or lower ping_interval_s.",
        ),
        (
            s.ping_timeout_s < s.away_after_s,
            "ping_timeout_s",
            f"a socket would be cut after {s.ping_timeout_s:g} s without an answer, before its "
            f"participant counts as away (away_after_s = {s.away_after_s:g} s)",
            "Raise ping_timeout_s or lower away_after_s.",
        ),
        (
            s.log_flush_ms / 1000 >= s.worker_lease_s,
            "log_flush_ms",
            "the log would be flushed less often than the lease is lost",
            "Raise worker_lease_s.",
        ),
        (
            production and s.debug,
            "debug",
            "debug shows tracebacks, and this is production",
            "Unset debug, or set environment to development.",
        ),
        (
            production and "*" in s.allowed_origins,
            "allowed_origins",
            "`*` lets every website play in a participant's name, and this is production",
            "Name the origins, as in https://lab.example.org.",
        ),
        *(
            (bool(why), "secret_key", why, f"{secret.HOW}. Or leave it empty: igym makes one.")
            for why in map(secret.weakness, s.secret_key)
        ),
        *(
            (
                bool(url) and urlsplit(url).scheme not in ("redis", "rediss", "unix"),
                name,
                "it is not a Redis URL",
                "Write redis://host:6379/0, rediss://… or unix:///path, or leave it empty.",
            )
            for name, url in (
                ("redis_url", s.redis_url),
                ("checks_redis_url", s.checks_redis_url),
            )
        ),
        (
            production and "ssl_cert_reqs=none" in s.redis_url + s.checks_redis_url,
            "redis_url",
            "it asks nobody for a certificate, so anybody on the way can be Redis, and this is "
            "production",
            "Write ssl_ca_certs=/path/ca.pem instead of ssl_cert_reqs=none.",
        ),
        *(
            (True, name, f"{one!r} is no address or network", "Write 10.0.0.0/8.")
            for name, given in (
                ("trusted_proxies", s.trusted_proxies),
                ("metrics_from", s.metrics_from),
            )
            for one in given
            if not _is_network(one)
        ),
        (
            bool(s.metrics_token and secret.weakness(s.metrics_token)),
            "metrics_token",
            secret.weakness(s.metrics_token),
            secret.HOW,
        ),
        (
            bool(s.turn_urls) and not s.turn_secret,
            "turn_secret",
            "turn_urls names relays, and without their secret nobody can use them",
            "Set both, or neither.",
        ),
        (
            bool(s.turn_secret) and not s.turn_urls,
            "turn_urls",
            "turn_secret is set, and no relay is named",
            "Set both, or neither.",
        ),
        (
            bool(s.turn_secret and secret.weakness(s.turn_secret)),
            "turn_secret",
            secret.weakness(s.turn_secret),
            f"{secret.HOW}. The relay's static-auth-secret must be the same.",
        ),
        *(
            (True, "turn_urls", f"{one!r} is no relay", "Write turn:lab.example.org:3478.")
            for one in s.turn_urls
            if not re.fullmatch(r"turns?:[\w.:\[\]-]+(\?transport=(udp|tcp))?", one)
        ),
        (
            bool(s.public_url) and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", s.public_url),
            "public_url",
            "it is not an http(s) URL",
            "Write https://lab.example.org.",
        ),
    )
    for wrong, name, what, hint in rules:
        if wrong:
            yield name, what, hint
