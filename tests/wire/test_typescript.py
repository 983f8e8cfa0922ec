"""The client and the server speak the same language, or this fails."""

from __future__ import annotations

from igym import wire
from igym.wire import typescript


def test_the_committed_twin_is_current():
    """Redo it with: python -m igym.wire.typescript --write"""
    assert typescript.FILE.read_text(encoding="utf-8") == typescript.text()


def test_every_message_has_an_interface_and_an_event():
    text = typescript.text()
    for message in (*wire.FROM_BROWSER, *wire.FROM_SERVER):
        assert f"export interface {message.__name__} {{" in text
        assert f"\n  {message.event}: {message.__name__}" in text
