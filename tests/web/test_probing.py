"""What a worker gives away for measuring bandwidth has an end."""

from __future__ import annotations

from flask import Flask

from igym import wire
from igym.errors import TooMuch
from igym.web import probing
from igym.web.probing import BURST_BYTES, Allowance


def test_a_worker_gives_away_so_many_bytes_at_once_and_then_asks_to_wait():
    app = Flask(__name__)
    probing.register(app)
    app.register_error_handler(TooMuch, lambda error: (error.code, error.status))
    client = app.test_client()
    statuses = [
        client.get(f"/api/probe?bytes={wire.MAX_PROBE_BYTES}").status_code
        for _ in range(3 * BURST_BYTES // wire.MAX_PROBE_BYTES)
    ]
    assert statuses[: BURST_BYTES // wire.MAX_PROBE_BYTES] == [200] * 20
    assert 429 in statuses


def test_an_allowance_fills_again(monkeypatch):
    now_s = 100.0
    monkeypatch.setattr(probing.time, "monotonic", lambda: now_s)
    allowance = Allowance(per_s=10, most=30)
    assert allowance.take(30) and not allowance.take(1)
    now_s += 2
    assert not allowance.take(21) and allowance.take(20)
    now_s += 1_000
    assert not allowance.take(31) and allowance.take(30)
