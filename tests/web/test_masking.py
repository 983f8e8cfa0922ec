"""What browsers send is unmasked as the RFC says."""

from __future__ import annotations

from geventwebsocket.websocket import Header
from hypothesis import given
from hypothesis import strategies as st

from igym.web import masking


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_unmasking_is_what_the_rfc_says_byte_for_byte(payload, mask):
    expected = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    assert masking.unmasked(payload, mask) == expected
    assert masking.unmasked(expected, mask) == payload


def test_every_websocket_of_the_process_does_so(monkeypatch):
    for name in ("unmask_payload", "mask_payload"):
        monkeypatch.setattr(Header, name, getattr(Header, name))
    masking.install()
    header = Header(length=2)
    header.mask = b"\x01\x02\x03\x04"
    assert header.unmask_payload(b"\x00\x00") == bytearray(b"\x01\x02")
