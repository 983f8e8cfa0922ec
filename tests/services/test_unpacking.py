"""Whatever somebody uploads, nothing is written outside, nothing too large, nothing twice."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igym.errors import BadPackage
from igym.services.packages import packing, unpacking
from tests.services.conftest import PACKAGES

TOML = b'id = "x"\nversion = "1"\ntitle = "X"\n'


def zipped(*entries: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED, **fields) -> bytes:
    """A ZIP with these entries after experiment.toml, its last one with odd fields."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as packed:
        for number, (name, content) in enumerate([("experiment.toml", TOML), *entries]):
            info = zipfile.ZipInfo(name)
            info.compress_type = how
            if number == len(entries):
                for field, value in fields.items():
                    setattr(info, field, value)
            packed.writestr(info, content)
    return made.getvalue()


def unpacked(raw: bytes, tmp_path: Path, most_bytes: int = 1 << 24):
    archive = tmp_path / "in.zip"
    archive.write_bytes(raw)
    return unpacking.unpack(archive, tmp_path / "out", most_bytes)


def written(tmp_path: Path) -> list[Path]:
    """Everything below `tmp_path` but the ZIP."""
    found = []
    for folder, folders, files in os.walk(tmp_path):
        found += [Path(folder, name) for name in (*folders, *files)]
    return [path for path in found if path != tmp_path / "in.zip"]


def test_what_is_packed_comes_out_with_the_same_hash(tmp_path):
    root = PACKAGES / "counters"
    assert packing.pack(root, tmp_path / "in.zip") == (tmp_path / "in.zip").stat().st_size
    packing.pack(root, tmp_path / "again.zip")
    assert (tmp_path / "in.zip").read_bytes() == (tmp_path / "again.zip").read_bytes()

    found = unpacking.unpack(tmp_path / "in.zip", tmp_path / "out")

    assert found.package == packing.fingerprint(root) == packing.fingerprint(tmp_path / "out")
    assert (found.experiment, found.version, found.title) == ("counters", "1", "Counting together")
    assert found.files == len(packing.files(root))
    assert found.size == sum(path.stat().st_size for path in packing.files(root))


def test_one_folder_around_everything_is_taken_off_and_litter_is_left_out(tmp_path):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("study/", b"")
        packed.writestr("study/experiment.toml", TOML)
        packed.writestr("study/pages/ä.md", b"# \xc3\xa4")
        packed.writestr("study/__pycache__/x.pyc", b"x")
        packed.writestr("study/.git/HEAD", b"x")
        packed.writestr("__MACOSX/study/._x", b"x")
    unpacked(made.getvalue(), tmp_path)
    out = tmp_path / "out"
    found = [path.relative_to(out).as_posix() for path in packing.files(out)]
    assert found == ["experiment.toml", "pages/ä.md"]


@pytest.mark.parametrize(
    "name",
    [
        "../x", "a/../../x", "..", "/etc/x", "//x", "a//b", "./x", "a/./b", "C:/x", "C:x", "a\\b",
        "..\\x", "\\\\host\\x", "a\x00b", "a\nb", "a\x1b[31m", "a\u202eb", "con:", "a/..",
        "x" * 201, "/".join(["d" * 60] * 8), "/".join("abcdefghijklmnopq"),
    ],
    ids=lambda name: repr(name)[:24],
)  # fmt: skip
def test_a_name_that_is_not_a_file_of_the_package_is_refused(tmp_path, name):
    with pytest.raises(BadPackage, match="The ZIP's entry"):
        # As some programs write it, whatever Python would make of it.
        stand_in = "Q" * len(name.encode()) if name.isascii() else name
        raw = zipped((stand_in, b"x")).replace(stand_in.encode(), name.encode())
        unpacked(raw, tmp_path)
    assert written(tmp_path) == []


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK]
)
@pytest.mark.parametrize("system", [0, 3])
def test_links_and_devices_are_refused(tmp_path, kind, system):
    raw = zipped(("link", b"/etc/passwd"), external_attr=(kind | 0o777) << 16, create_system=system)
    with pytest.raises(BadPackage, match="entry 'link' is a link or a device"):
        unpacked(raw, tmp_path)
    assert written(tmp_path) == []


@pytest.mark.parametrize(
    ("one", "two", "told"),
    [
        ("a", "a", "twice"), ("A.py", "a.py", "twice"), ("é", "e\u0301", "twice"),
        ("ß/x", "ss/x", "twice"), ("a", "a/b", "as a file and as a folder"),
        ("a/b", "a", "as a file and as a folder"), ("A/b", "a", "as a file and as a folder"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_are_one_file_on_some_machine_are_refused(tmp_path, one, two, told):
    with pytest.raises(BadPackage, match=told):
        unpacked(zipped((one, b"1"), (two, b"2")), tmp_path)


def test_a_name_whose_encoding_nobody_knows_is_refused(tmp_path):
    raw = zipped(("Qa", b"x")).replace(b"Qa", b"\x84a")
    with pytest.raises(BadPackage, match="does not say how the name"):
        unpacked(raw, tmp_path)


def test_a_bomb_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(BadPackage, match="times its size"):
        unpacked(zipped(("zeros", b"\0" * (8 << 20))), tmp_path)
    with pytest.raises(BadPackage, match="are allowed"):
        unpacked(zipped(("much", os.urandom(1 << 20)), how=zipfile.ZIP_STORED), tmp_path, 1 << 19)
    assert written(tmp_path) == []


def test_a_zip_that_lies_about_its_sizes_writes_no_more_than_it_said(tmp_path):
    raw = zipped(("zeros", b"\0" * 1_000_000))
    lie = raw.replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    with pytest.raises(BadPackage):
        unpacked(lie, tmp_path)
    assert sum(p.stat().st_size for p in written(tmp_path) if p.is_file()) < 1_000


def test_a_file_that_goes_on_after_its_size_is_cut_short_and_refused(tmp_path):
    class Endless:
        def open(self, _: zipfile.ZipInfo) -> io.BytesIO:
            return io.BytesIO(b"x" * 100)

    info = zipfile.ZipInfo("liar")
    info.file_size = 10
    with pytest.raises(BadPackage, match="larger than it says"):
        unpacking._write(Endless(), unpacking.Entry(info, ("liar",)), tmp_path, 1_000)
    assert (tmp_path / "liar").stat().st_size == 0


def test_too_many_files_are_refused(tmp_path):
    raw = zipped(*((f"f{n}", b"") for n in range(unpacking.MOST_FILES)))
    with pytest.raises(BadPackage, match="5001 entries"):
        unpacked(raw, tmp_path)


def test_entries_that_share_their_bytes_are_refused():
    infos = [zipfile.ZipInfo("a"), zipfile.ZipInfo("b")]
    for info in infos:
        info.header_offset, info.compress_size, info.file_size = 0, 1000, 1000
    with pytest.raises(BadPackage, match="overlaps"):
        unpacking.looked_through(infos, 2_000)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "not a ZIP"), (b"PK", "not a ZIP"), (b"x" * 1000, "not a ZIP"),
        (zipped(("a", b"x"))[:-30], "not a ZIP"),
        (zipped(("a", b"hello hello hello hello"), how=zipfile.ZIP_STORED)
         .replace(b"hello hello", b"jello jello"), "not a ZIP"),
        (zipped(("a", b"x"), how=zipfile.ZIP_LZMA), "unusual method"),
        (zipped(("a", b"x"), how=zipfile.ZIP_BZIP2), "unusual method"),
        (zipped(("b", b"x")).replace(b"experiment.toml", b"experiment.tom_"), "no experiment.toml"),
    ],
    ids=["empty", "PK", "text", "cut", "damaged", "lzma", "bzip2", "no manifest"],
)  # fmt: skip
def test_what_is_no_package_is_refused_with_a_sentence(tmp_path, raw, told):
    with pytest.raises(BadPackage, match=told):
        unpacked(raw, tmp_path)


def test_an_encrypted_entry_is_refused(tmp_path):
    raw = bytearray(zipped(("secret", b"x")))
    at = raw.rindex(b"PK\x01\x02")
    raw[at + 8] |= 1
    with pytest.raises(BadPackage, match="entry 'secret' is encrypted"):
        unpacked(bytes(raw), tmp_path)


def test_a_huge_manifest_is_not_read(tmp_path):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("experiment.toml", TOML + b"#" * 70_000)
    with pytest.raises(BadPackage, match=r"experiment\.toml has more than"):
        unpacked(made.getvalue(), tmp_path)


def test_nothing_that_is_written_can_be_run_or_written_by_others(tmp_path):
    unpacked(zipped(("tool", b"#!/bin/sh"), external_attr=0o104777 << 16), tmp_path)
    assert stat.S_IMODE((tmp_path / "out" / "tool").stat().st_mode) == 0o644


_PARTS = st.sampled_from(["a", "A", "..", ".", "", "b", "é", "e\u0301", "C:", "\\"])
_NAMES = st.one_of(st.text(max_size=12), st.lists(_PARTS, max_size=5).map("/".join))


@st.composite
def archives(draw) -> bytes:
    """A ZIP of odd names and kinds, perhaps with some bytes of it changed or cut off."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("experiment.toml", TOML)
        for name, content in draw(st.lists(st.tuples(_NAMES, st.binary(max_size=200)), max_size=5)):
            info = zipfile.ZipInfo(name or "e")
            info.external_attr = draw(
                st.sampled_from([0, 0o100644 << 16, 0o120777 << 16, 0o020666 << 16, 0xFFFFFFFF])
            )
            packed.writestr(info, content)
    raw = bytearray(made.getvalue())
    for at, byte in draw(
        st.lists(st.tuples(st.integers(0, len(raw) - 1), st.integers(0, 255)), max_size=4)
    ):
        raw[at] = byte
    return bytes(raw[: draw(st.integers(0, len(raw)))] if draw(st.booleans()) else raw)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=200)
@given(archives())
def test_any_bytes_are_a_package_inside_its_folder_or_a_sentence(tmp_path_factory, raw):
    home = tmp_path_factory.mktemp("zip")
    try:
        found = unpacked(raw, home)
    except BadPackage as refused:
        assert refused.message.rstrip()[-1] in ".)"
    else:
        assert found.package == packing.fingerprint(home / "out")
    total = 0
    for path in written(home):
        assert path.is_relative_to(home / "out")
        assert not path.is_symlink()
        assert path.is_dir() or stat.S_ISREG(path.lstat().st_mode)
        total += path.stat().st_size if path.is_file() else 0
    assert total <= 1 << 24
