"""A line is one line, says what it is about, and gives no secret away."""

from __future__ import annotations

import contextvars
import io
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from igym import log
from igym.settings import load

ROOT = Path(__file__).parents[1]


@pytest.fixture
def said():
    """What was logged; the logging of pytest is put back afterwards."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    log.about(**dict.fromkeys(log._about.get(), ""))  # of games that ran in this very thread
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


# --- to a file ---------------------------------------------------------------------------------


def test_a_file_has_every_line_as_json_and_is_made_new_at_its_size(said, tmp_path):
    file = tmp_path / "logs" / "igym.log"
    log.setup(role="web", name="web-1", stream=said, file=file, file_mb=0.002, files=3)

    for n in range(60):
        logging.getLogger("igym").info("line %d %s", n, "x" * 40, extra={"session": f"s{n}"})

    assert {p.name for p in file.parent.iterdir()} == {
        "igym.log", "igym.log.1", "igym.log.2", "igym.log.lock",
    }  # fmt: skip
    kept = [json.loads(line) for p in ("igym.log.2", "igym.log.1", "igym.log")
            for line in (file.parent / p).read_text().splitlines()]  # fmt: skip
    assert [one["session"] for one in kept] == [f"s{n}" for n in range(60 - len(kept), 60)]
    assert all(p.stat().st_size < 2_300 for p in file.parent.iterdir())
    assert said.getvalue().count("\n") == 60


MANY = """
import logging, sys
from pathlib import Path
from igym import log
log.setup(role="web", name=sys.argv[1], stream=open("/dev/null", "w"), file=Path(sys.argv[2]),
          file_mb=0.02, files=200)
for n in range(400):
    logging.getLogger("igym").info("line", extra={"tick": n})
"""


def test_processes_that_share_a_file_lose_no_line_while_it_is_made_new(tmp_path):
    file = tmp_path / "igym.log"
    writers = [
        subprocess.Popen([sys.executable, "-c", MANY, f"web-{n}", str(file)], cwd=ROOT)
        for n in range(3)
    ]
    assert [one.wait(60) for one in writers] == [0, 0, 0]

    lines = [line for p in tmp_path.glob("igym.log*") for line in p.read_text().splitlines()]
    seen = sorted((one["name"], one["tick"]) for one in map(json.loads, lines))
    assert seen == sorted((f"web-{n}", tick) for n in range(3) for tick in range(400))
    assert len(list(tmp_path.glob("igym.log.*"))) > 3


def test_a_disk_that_is_full_costs_lines_and_no_more(said, tmp_path):
    file = tmp_path / "igym.log"
    log.setup(stream=said, file=file)
    handler = logging.getLogger().handlers[-1]
    os.close(handler._handle)  # what it writes to fails
    handler._handle = os.open("/dev/full", os.O_WRONLY)
    file.unlink()
    os.symlink("/dev/full", file)

    logging.getLogger("igym").error("said all the same")

    assert "said all the same" in said.getvalue()


def test_what_a_greenlet_is_about_is_in_each_of_its_lines(said):
    log.setup(as_json=True, stream=said)

    def game() -> None:
        log.about(experiment="kitchen", game="g7")
        logging.getLogger("igym").info("one")
        log.about(episode="g7-001")
        logging.getLogger("igym").info("two", extra={"episode": "told apart"})
        log.about(game="", episode="")
        logging.getLogger("igym").info("three")

    contextvars.copy_context().run(game)
    logging.getLogger("igym").info("four")

    one, two, three, four = map(json.loads, said.getvalue().splitlines())
    assert (one["experiment"], one["game"]) == ("kitchen", "g7")
    assert two["episode"] == "told apart" and two["game"] == "g7"
    assert three["experiment"] == "kitchen" and "game" not in three
    assert "experiment" not in four


#: What a collector may rely on.
SCHEMA = {
    "type": "object",
    "required": ["ts", "level", "role", "name", "logger", "message"],
    "additionalProperties": False,
    "properties": {
        "ts": {"type": "number"},
        "level": {"enum": ["debug", "info", "warning", "error", "critical"]},
        **{key: {"type": "string"} for key in ("role", "name", "logger", "message", "trace")},
        **{name: {"type": ["string", "integer"]} for name in log.SUBJECTS},
    },
}


@pytest.mark.parametrize("format", ["auto", "json"])
def test_lines_have_the_schema_that_collectors_rely_on(said, tmp_path, format, monkeypatch):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setattr("sys.stderr", said)
    log.set_up(load({"IGYM_LOG_FORMAT": format}, tmp_path), "games", "games-1")

    logging.getLogger("igym").info("plain")
    logging.getLogger("workers").error("x", extra=dict.fromkeys(log.SUBJECTS, "y"))
    logging.getLogger("engineio").error("theirs", exc_info=ValueError("v"))

    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    assert len(lines) == 3
    for line in lines:
        jsonschema.validate(line, SCHEMA)
    assert "text" not in lines[0] and lines[0]["role"] == "games"


def test_somebody_at_a_terminal_reads_text(said, tmp_path, monkeypatch):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setattr("os.path.exists", lambda path: False)
    monkeypatch.setattr("sys.stderr", said)
    log.set_up(load({}, tmp_path), "web", "web-1")

    logging.getLogger("igym").info("hello")

    assert said.getvalue().endswith("INFO    web-1 igym: hello\n")
