"""What browsers send is unmasked as the RFC says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from igym.web import masking


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_unmasking_is_what_the_rfc_says_byte_for_byte(payload, mask):
    expected = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    assert masking.unmasked(payload, mask) == expected
    assert masking.unmasked(expected, mask) == payload
