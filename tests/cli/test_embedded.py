"""The embedded Redis has its folder to itself."""

from __future__ import annotations

import pytest

from igym.cli import embedded
from igym.errors import Unavailable


def test_two_of_them_do_not_share_a_data_folder(tmp_path):
    with embedded.claim(tmp_path):
        with pytest.raises(Unavailable, match="Another igym runs on the data folder") as refused:
            embedded.claim(tmp_path)
        assert "IGYM_DATA_DIR" in refused.value.hint
    embedded.claim(tmp_path).close()  # it is free again
