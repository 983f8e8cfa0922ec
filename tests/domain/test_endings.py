"""An address takes its participant along, whatever characters their id has."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.domain import endings
from igym.domain.experiment import ending
from igym.errors import BadPackage


@given(st.text(max_size=30).filter(str.strip))
def test_whatever_an_id_is_it_arrives_intact(id):
    there = endings.filled("https://x.org/back?p={PROLIFIC_PID}&cc={code}", {"PROLIFIC_PID": id})
    got = parse_qs(urlsplit(there).query, strict_parsing=True, keep_blank_values=True)
    assert got == {"p": [id], "cc": [""]}


def test_what_addresses_pass_on_is_kept_of_the_link_and_nothing_else():
    addresses = ["https://x.org/{study}?a={participant}", "https://x.org/{group}"]
    query = {"study": "s 1", "group": "g" * 300, "secret": "x", "participant": "me"}
    assert endings.kept(query, addresses) == {"study": "s 1", "group": "g" * 200}
    assert endings.kept({"study": ["a"], "group": ""}, addresses) == {}


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("x.org", "is no address"), ("javascript:alert(1)", "is no address"),
        ("https://", "is no address"), (7, "is no address"),
        ("https://x.org/{partcipant}", "Did you mean 'participant'"),
        ("https://x.org/{a b}", "braces"), ("https://x.org/{", "braces"),
    ],
)  # fmt: skip
def test_an_address_that_leads_nowhere_is_refused(address, told):
    with pytest.raises(BadPackage, match=told):
        ending("thanks", "t.md", redirects={"complete": address})
