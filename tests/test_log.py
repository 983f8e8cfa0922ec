"""A line is one line, says what it is about, and gives no secret away."""

from __future__ import annotations

import io
import json
import logging

import pytest

from igym import log


@pytest.fixture
def said():
    """What was logged; the logging of pytest is put back afterwards."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield io.StringIO()
    root.handlers[:] = before
    root.setLevel(level)
    for ours in ("igym", "workers"):
        logging.getLogger(ours).setLevel(logging.NOTSET)


def test_a_person_reads_one_line_with_the_process_and_the_subject(said):
    log.setup(role="web", name="web-1", stream=said)

    logging.getLogger("igym.web").info("player %s left", "ann", extra={"game": "g7", "tick": 12})

    line = said.getvalue()
    assert line.count("\n") == 1
    assert line.endswith(" INFO    web-1 igym.web: player ann left  game=g7 tick=12\n")


def test_a_machine_reads_one_object_a_line(said):
    log.setup(as_json=True, role="games", name="games-2", stream=said)

    try:
        raise ValueError("no such seat")
    except ValueError:
        logging.getLogger("workers.games").exception(
            "tick failed", extra={"experiment": "slime", "episode": 2, "session": "s1"}
        )

    (line,) = said.getvalue().splitlines()
    got = json.loads(line)
    trace, ts = got.pop("trace"), got.pop("ts")
    assert "ValueError: no such seat" in trace and ts > 1.6e9
    assert got == {
        "level": "error",
        "role": "games",
        "name": "games-2",
        "logger": "workers.games",
        "message": "tick failed",
        "experiment": "slime",
        "session": "s1",
        "episode": 2,
    }


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "token=opensesame",
        "join_token: opensesame, next",
        "{'password': 'opensesame'}",
        '{"secret_key":"opensesame"}',
        "POST /x?token=opensesame&y=1",
        "Authorization: Bearer opensesame",
        "redis://igym:opensesame@db:6379/0",
    ],
)
def test_a_secret_in_a_message_a_subject_or_a_traceback_is_masked(text, as_json, said):
    log.setup(as_json=as_json, stream=said)

    try:
        raise RuntimeError(text)
    except RuntimeError:
        logging.getLogger("igym").exception(text, extra={"session": text})

    assert "opensesame" not in said.getvalue()
    assert "***" in said.getvalue()


def test_ordinary_words_are_left_alone():
    for text in ("a token was missing", "3 tokens left", "keys=ArrowUp", "http://host:8000/x"):
        assert log.masked(text) == text


@pytest.mark.parametrize("as_json", [False, True])
def test_a_name_from_a_browser_cannot_forge_a_second_line(as_json, said):
    log.setup(as_json=as_json, stream=said)

    logging.getLogger("igym").warning("hello %s", "x\n12:00 ERROR all is lost\x1b[2J")

    assert len(said.getvalue().splitlines()) == 1
    assert "\x1b" not in said.getvalue()


def test_our_own_loggers_follow_the_level_and_libraries_stay_quiet(said):
    log.setup("debug", stream=said)

    logging.getLogger("igym.store").debug("ours")
    logging.getLogger("engineio").info("theirs")

    assert "ours" in said.getvalue() and "theirs" not in said.getvalue()


def test_nothing_is_written_to_a_file(said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    log.setup(stream=said)
    logging.getLogger("igym").error("x")
    assert list(tmp_path.iterdir()) == []
