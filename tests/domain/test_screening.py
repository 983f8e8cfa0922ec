"""Who is let in: the rules, and what a user agent gives away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.domain.plan import EntryPlan
from igym.domain.screening import CHECKS, MESSAGES, Facts, agent, judge, screen, smaller
from igym.errors import BadPackage

FINE = Facts("desktop", "chrome", "chrome", 1280, 800, 40.0, 20_000)
STRICT = EntryPlan(
    devices=("desktop",),
    browsers=("chrome", "firefox"),
    width_px=1000,
    height_px=600,
    rtt_ms=150,
    kbps=1_000,
)


@pytest.mark.parametrize(
    ("facts", "check"),
    [
        ({}, ""),
        ({"device": "tablet"}, "device"),
        ({"browser": "safari"}, "browser"),
        ({"agent": "safari"}, "browser"),
        ({"browser": "", "agent": ""}, "browser"),
        ({"browser": ""}, ""),
        ({"width_px": 999}, "screen"),
        ({"height_px": 599}, "screen"),
        ({"rtt_ms": 150.1}, "rtt"),
        ({"kbps": 0}, "bandwidth"),
        ({"device": "phone", "rtt_ms": 9e9, "kbps": 0}, "device"),
    ],
)
def test_the_first_check_that_finds_something_wanting_is_named(facts, check):
    assert judge(STRICT, replace(FINE, **facts)) == check


def test_nothing_asked_is_nothing_refused():
    worst = Facts("phone", "", "", 0, 0, 9e9, 0)
    assert judge(EntryPlan(), worst) == ""


def test_a_blocked_browser_is_kept_out_whoever_names_it():
    entry = EntryPlan(blocked=("facebook",))
    assert judge(entry, FINE) == ""
    assert judge(entry, replace(FINE, agent="facebook")) == "browser"
    assert judge(entry, replace(FINE, browser="facebook")) == "browser"


WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0"


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (
            f"Mozilla/5.0 (Windows NT 10.0) {CHROME} Safari/537.36",
            ("desktop", "chrome"),
        ),
        (
            f"Mozilla/5.0 (Windows NT 10.0) {CHROME} Safari/537.36 Edg/130.0.0.0",
            ("desktop", "edge"),
        ),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541) {CHROME} Safari/537.36", ("desktop", "chrome")),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X) {WEBKIT} Version/18.0 Safari/605.1.15",
            ("desktop", "safari"),
        ),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
            ("desktop", "firefox"),
        ),
        (
            "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0",
            ("phone", "firefox"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36",
            ("phone", "chrome"),
        ),
        (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Safari/537.36", ("tablet", "chrome")),
        (
            f"Mozilla/5.0 (Linux; Android 14; SM-S921B) {CHROME} SamsungBrowser/26.0 Mobile Safari",
            ("phone", "samsung"),
        ),
        (
            f"Mozilla/5.0 (iPhone; CPU OS 18_0) {WEBKIT} CriOS/130.0 Mobile/15E148 Safari/604",
            ("phone", "chrome"),
        ),
        (
            f"Mozilla/5.0 (iPad; CPU OS 12_5) {WEBKIT} Version/12.1 Mobile/15E148 Safari/604.1",
            ("tablet", "safari"),
        ),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) {WEBKIT} Mobile/15E148 [FBAN/FBIOS;FBAV/4]",
            ("phone", "facebook"),
        ),
        ("curl/8.5.0", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_user_agent_names_device_and_browser(header, known):
    assert agent(header) == known


@given(st.text(max_size=2_000))
def test_no_user_agent_is_too_strange(header):
    device, browser = agent(header)
    assert device in ("", "desktop", "tablet", "phone") and browser == browser.lower()


def test_of_two_opinions_about_a_device_the_smaller_counts():
    assert smaller("tablet", "desktop") == "tablet"  # an iPad says it is a Mac
    assert smaller("desktop", "phone") == "phone"  # a script that says what we want to hear
    assert smaller("phone", "") == "phone"


def test_every_check_has_a_friendly_sentence():
    assert set(MESSAGES) == set(CHECKS)


def test_an_author_is_told_of_a_device_or_a_check_that_does_not_exist():
    with pytest.raises(BadPackage, match="fridge"):
        screen(devices=["fridge"])
    with pytest.raises(BadPackage, match="luck"):
        screen(messages={"luck": "No."})
