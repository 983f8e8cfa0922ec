"""A study's link is understood, or refused with what one looks like."""

from __future__ import annotations

import pytest

from igym.bots.site import Site
from igym.errors import NotFound


def test_a_link_is_taken_apart():
    site = Site.at("https://lab.org/here/x/slime_volleyball?STUDY_ID=7&new")

    assert site == Site("https://lab.org/here", "slime_volleyball", {"STUDY_ID": "7"})


@pytest.mark.parametrize("url", ["https://lab.org/", "ftp://lab.org/x/a", "https://lab.org/x/"])
def test_anything_else_is_refused_with_an_example(url):
    with pytest.raises(NotFound, match="/e/"):
        Site.at(url)


def test_only_a_server_on_this_machine_shares_our_clock():
    assert Site.at("http://127.0.0.1:8000/x/a").here
    assert not Site.at("https://lab.org/x/a").here
