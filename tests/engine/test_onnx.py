"""An ONNX policy decides as documented, remembers for one episode, and refuses clearly."""

from __future__ import annotations

import gc
import math
import os
import subprocess
import sys
import threading
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from igym.domain.experiment import Onnx, Sample
from igym.engine.choosing import draw
from igym.engine.onnx import load
from igym.engine.player import Player, check
from igym.errors import BadPackage, BadPolicy

FLOAT, DOUBLE, INT64 = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64


def save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: dict[str, tuple[int, list[Any]]],
    outputs: dict[str, tuple[int, list[Any]]],
    constants: dict[str, np.ndarray] | None = None,
) -> None:
    """Write a model of these nodes to `path`."""
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(n, t, s) for n, (t, s) in inputs.items()],
        [helper.make_tensor_value_info(n, t, s) for n, (t, s) in outputs.items()],
        [numpy_helper.from_array(v, n) for n, v in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A package with an echo (logits = observation) and an adder (logits = sum so far)."""
    node = helper.make_node
    save(
        tmp_path / "echo.onnx",
        [node("Identity", ["obs"], ["logits"])],
        {"obs": (FLOAT, ["batch", 3])},
        {"logits": (FLOAT, ["batch", 3])},
    )
    save(
        tmp_path / "adder.onnx",
        [node("Add", ["obs", "sum"], ["logits"]), node("Identity", ["logits"], ["next"])],
        {"obs": (FLOAT, [1, 3]), "sum": (FLOAT, ["batch", 3])},
        {"logits": (FLOAT, [1, 3]), "next": (FLOAT, [1, 3])},
    )
    return tmp_path


ECHO = Onnx("echo.onnx")
ADDER = Onnx("adder.onnx", memory={"sum": "next"})


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_argmax_is_the_first_of_the_largest_logits_and_draws_nothing(root):
    drawn = rng(7)
    player = Player(load(ECHO, root), drawn)

    assert [player.decide(o) for o in ([0, 2, 1], [5, 5, 1], [-3, -2, -1])] == [1, 0, 2]
    assert drawn.random() == rng(7).random()


def test_actions_translate_the_index_of_a_logit(root):
    player = Player(load(replace(ECHO, actions=("left", "stay", "right")), root), rng())

    assert player.decide([0, 0, 9]) == "right"


def test_the_observation_is_taken_cast_scaled_and_shifted_in_the_models_dtype(root):
    model = load(replace(ECHO, take=("camera", "mean"), scale=0.1, shift=-0.3), root)

    (seen,) = model.see({"camera": {"mean": np.array([1, 2, 255], np.uint8)}}).values()

    expected = np.array([1, 2, 255], np.float32) * np.float32(0.1) + np.float32(-0.3)
    assert seen.dtype == np.float32
    assert seen.tolist() == [expected.tolist()]


def test_the_environments_own_observation_is_left_as_it_was(root):
    mine = np.array([1, 2, 3], np.float32)

    load(replace(ECHO, scale=2.0), root).see(mine)

    assert mine.tolist() == [1, 2, 3]


def by_hand(logits: list[float], temperature: float, generator: np.random.Generator) -> int:
    """The algorithm of `draw`'s docstring, written a second time."""
    z = [x / temperature for x in logits]
    w = [math.exp(x - max(z)) for x in z]
    threshold = generator.random() * sum(w[1:], w[0])
    return next(i for i in range(len(w)) if sum(w[1 : i + 1], w[0]) > threshold)


def test_sampling_takes_one_draw_per_decision_as_documented(root):
    observations = rng(1).normal(size=(300, 3)).astype(np.float32)
    model = load(replace(ECHO, choose=Sample(temperature=0.7)), root)
    player, generator = Player(model, rng(42)), rng(42)

    assert [player.decide(o) for o in observations] == [
        by_hand([float(x) for x in o], 0.7, generator) for o in observations
    ]
    assert player.rng.random() == generator.random()


def test_the_same_seed_samples_the_same_actions_and_another_seed_others(root):
    model = load(replace(ECHO, choose=Sample()), root)
    once, again, other = (Player(model, rng(seed)) for seed in (3, 3, 4))

    actions = [[p.decide([0, 0, 0]) for _ in range(100)] for p in (once, again, other)]

    assert actions[0] == actions[1] != actions[2]


def test_sampling_follows_the_softmax(root):
    player = Player(load(replace(ECHO, choose=Sample(temperature=2)), root), rng())
    shares = np.bincount([player.decide([0, 2, 4]) for _ in range(20_000)]) / 20_000

    assert shares == pytest.approx(np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum(), abs=0.015)


@given(
    st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=8),
    st.floats(0.01, 100),
    st.floats(0, 1, exclude_max=True),
)
def test_a_draw_is_always_an_action_that_has_weight(logits, temperature, u):
    index = draw(logits, temperature, u)

    assert math.exp(logits[index] / temperature - max(logits) / temperature) > 0


@pytest.fixture
def two_eyes(root: Path) -> Onnx:
    """A model that adds up a picture (uint8) and a goal, each an input of its own."""
    node = helper.make_node
    save(
        root / "eyes.onnx",
        [node("Cast", ["pixels"], ["light"], to=FLOAT), node("Add", ["light", "goal"], ["logits"])],
        {"pixels": (TensorProto.UINT8, ["n", 3]), "goal": (FLOAT, ["n", 3])},
        {"logits": (FLOAT, ["n", 3])},
    )
    return Onnx("eyes.onnx", inputs={"pixels": ("camera", "pixels"), "goal": "goal"})


def test_parts_of_an_observation_go_to_inputs_of_their_own(root, two_eyes):
    seen = {"camera": {"pixels": np.array([0, 200, 0], np.uint8)}, "goal": [0.5, 0.0, 300.0]}
    model = load(two_eyes, root)
    assert {name: (v.dtype.name, v.tolist()) for name, v in model.see(seen).items()} == {
        "pixels": ("uint8", [[0, 200, 0]]), "goal": ("float32", [[0.5, 0.0, 300.0]]),
    }  # fmt: skip
    check(model, seen, n_actions=3)
    assert Player(model, rng()).decide(seen) == 2
    assert model.cost_ms < 100
    with pytest.raises(BadPolicy, match=r"inputs\['goal'\]=\('goal',\) finds no 'goal'"):
        model.see({"camera": {"pixels": [0, 1, 2]}})
    with pytest.raises(BadPolicy, match=r"becomes \[1, 2\], and the model takes goal"):
        check(model, {**seen, "goal": [1.0, 2.0]})


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"take": ("a",)}, "inputs= is for several observation inputs"),
        ({"scale": 0.1}, "Put the scaling into the model"),
        ({"inputs": {"a": 1.5}}, "inputs\\['a'\\]=1.5 is no key and no path"),
    ],
)
def test_several_inputs_are_declared_in_one_way(more, told):
    with pytest.raises(BadPackage, match=told):
        Onnx("x.onnx", **{"inputs": {"a": "b"}, **more})


def test_memory_starts_at_zero_and_is_carried_to_the_next_decision(root):
    player = Player(load(ADDER, root), rng())

    assert player.memory["sum"].tolist() == [[0, 0, 0]]
    assert [player.decide(o) for o in ([3, 0, 0], [0, 2, 0], [0, 2, 0])] == [0, 0, 1]
    assert player.memory["sum"].tolist() == [[3, 4, 0]]


def test_players_of_one_model_share_no_memory(root):
    model = load(ADDER, root)
    first, second = Player(model, rng()), Player(model, rng())
    first.decide([9, 9, 9])

    assert second.memory["sum"].tolist() == [[0, 0, 0]]
    assert Player(model, rng()).memory["sum"].tolist() == [[0, 0, 0]]


def test_memory_put_back_goes_on_where_it_was(root):
    model = load(ADDER, root)
    player, heir = Player(model, rng()), Player(model, rng())
    player.decide([3, 0, 0])
    heir.memory = player.memory

    assert heir.decide([0, 2, 0]) == player.decide([0, 2, 0]) == 0
    assert heir.memory["sum"].tolist() == player.memory["sum"].tolist()


@pytest.mark.parametrize(
    "memory", [{}, {"other": np.zeros((1, 3))}, {"sum": np.zeros((1, 4))}, {"sum": np.zeros(3)}]
)
def test_memory_of_another_model_is_refused(root, memory):
    player = Player(load(ADDER, root), rng())

    with pytest.raises(BadPolicy, match=r"adder\.onnx keeps"):
        player.memory = memory


def test_deciding_again_on_the_same_observations_rebuilds_a_player(root):
    model = load(replace(ADDER, choose=Sample()), root)
    observations = rng(5).normal(size=(20, 3))
    lost, rebuilt = Player(model, rng(1)), Player(model, rng(1))
    for observation in observations:
        lost.decide(observation)
        rebuilt.decide(observation)

    assert rebuilt.decisions == lost.decisions == 20
    assert [rebuilt.decide([0, 0, 0]) for _ in range(50)] == [
        lost.decide([0, 0, 0]) for _ in range(50)
    ]


def test_a_player_without_memory_is_rebuilt_by_skipping(root):
    model = load(replace(ECHO, choose=Sample()), root)
    lost, rebuilt = Player(model, rng(1)), Player(model, rng(1))
    for _ in range(20):
        lost.decide([0, 0, 0])
    rebuilt.skip(20)

    assert rebuilt.decisions == lost.decisions
    assert [rebuilt.decide([0, 0, 0]) for _ in range(50)] == [
        lost.decide([0, 0, 0]) for _ in range(50)
    ]


def test_a_refused_decision_keeps_nothing_and_draws_nothing(root):
    player = Player(load(replace(ADDER, choose=Sample()), root), rng(1))

    with pytest.raises(BadPolicy, match="not finite"):
        player.decide([0, math.nan, 0])

    assert player.decisions == 0
    assert player.memory["sum"].tolist() == [[0, 0, 0]]
    assert player.rng.random() == rng(1).random()


def test_inference_in_another_thread_gives_the_same_action(root):
    model = load(ADDER, root)
    here, there = Player(model, rng()), Player(model, rng())
    outputs: list[Any] = []
    for observation in ([3.0, 0, 0], [0, 5.0, 0]):
        feeds = there.prepare(observation)
        thread = threading.Thread(target=lambda f=feeds: outputs.append(model.infer(f)))
        thread.start()
        thread.join()
        assert there.commit(outputs[-1]) == here.decide(observation)


def test_a_file_is_opened_once_per_process(root):
    spelled_otherwise = replace(ECHO, file="./echo.onnx", choose=Sample())

    assert load(ECHO, root).session is load(spelled_otherwise, root).session


def test_a_file_stays_open_between_two_games(root):
    first = id(load(ECHO, root).session)
    gc.collect()

    assert id(load(ECHO, root).session) == first


def test_a_file_that_nobody_uses_any_more_is_closed(root):
    forgotten = weakref.ref(load(ECHO, root).session)
    for n in range(8):
        (root / f"{n}.onnx").write_bytes((root / "echo.onnx").read_bytes())
        load(Onnx(f"{n}.onnx"), root)
    gc.collect()

    assert forgotten() is None


def test_a_file_that_changed_is_opened_again(root):
    before = load(ECHO, root)
    (root / "echo.onnx").write_bytes((root / "adder.onnx").read_bytes())

    after = load(replace(ADDER, file="echo.onnx"), root)

    assert after.session is not before.session


def test_the_cost_is_measured(root):
    assert 0 < load(ECHO, root).cost_ms < 100


def test_the_cost_of_an_open_size_is_known_after_a_check(root):
    save(
        root / "open.onnx",
        [helper.make_node("Identity", ["obs"], ["logits"])],
        {"obs": (FLOAT, ["batch", "n"])},
        {"logits": (FLOAT, ["batch", "n"])},
    )
    model = load(Onnx("open.onnx"), root)
    assert model.cost_ms == math.inf

    check(model, [1, 2, 3, 4], n_actions=4)

    assert model.cost_ms < 100


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (Onnx("nobody.onnx"), r"no policy file nobody\.onnx.*adder\.onnx, echo\.onnx"),
        (Onnx(""), "no policy file"),
        (Onnx("../secret.onnx"), r"\.\./secret\.onnx is outside the package"),
        (Onnx("/etc/passwd"), "is outside the package"),
        (Onnx("link.onnx"), "is outside the package"),
        (Onnx("text.onnx"), r"text\.onnx is not a model.*Export it again"),
        (replace(ECHO, observation="pixels"), r"'pixels' names none.*obs float32\[\?, 3\]"),
        (replace(ECHO, logits="values"), r"'values' names none.*logits float32\[\?, 3\]"),
        (replace(ECHO, memory={"h": "logits"}), "'h', which is not an input"),
        (replace(ADDER, memory={"sum": "h"}), "'h', which is not an output"),
        (replace(ADDER, memory={}), "names none of the free inputs"),
        (replace(ADDER, memory={}, observation="obs"), "what to feed to 'sum'"),
        (replace(ECHO, actions=(0, 1)), "2 entries for 3 logits"),
        (replace(ECHO, inputs={"obs": "a", "goal": "b"}), "inputs names 'goal', not among"),
        (Onnx("adder.onnx", inputs={"obs": "a"}), "does not say what to feed to 'sum'"),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused_with_what_was_found(root, spec, message):
    (root / "text.onnx").write_text("I am not a model.")
    (root.parent / "secret.onnx").write_bytes((root / "echo.onnx").read_bytes())
    (root / "link.onnx").symlink_to(root.parent / "secret.onnx")

    with pytest.raises(BadPolicy, match=message):
        load(spec, root)


IDENTITY = helper.make_node("Identity", ["obs"], ["logits"])
CAST = helper.make_node("Cast", ["obs"], ["logits"], to=INT64)


@pytest.mark.parametrize(
    ("nodes", "inputs", "outputs", "spec", "message"),
    [
        (
            [IDENTITY],
            {"obs": (FLOAT, [4, 3])},
            {"logits": (FLOAT, [4, 3])},
            {},
            "more than one observation at a time",
        ),
        (
            [CAST],
            {"obs": (FLOAT, [1, 3])},
            {"logits": (INT64, [1, 3])},
            {},
            "not floating point.*before the argmax",
        ),
        (
            [helper.make_node("Cast", ["obs"], ["logits"], to=FLOAT)],
            {"obs": (INT64, [1, 3])},
            {"logits": (FLOAT, [1, 3])},
            {"scale": 0.5},
            "scale and shift need a floating point input",
        ),
        (
            [helper.make_node("Concat", ["obs", "obs"], ["logits"], axis=0)],
            {"obs": (FLOAT, [1, 3])},
            {"logits": (FLOAT, [2, 3])},
            {},
            "more than one row",
        ),
        (
            [IDENTITY, helper.make_node("Cast", ["h"], ["g"], to=FLOAT)],
            {"obs": (FLOAT, [1, 3]), "h": (DOUBLE, [1, 2])},
            {"logits": (FLOAT, [1, 3]), "g": (FLOAT, [1, 2])},
            {"memory": {"h": "g"}},
            r"from the output g float32\[1, 2\] into the input h float64\[1, 2\]",
        ),
        (
            [IDENTITY, helper.make_node("Concat", ["h", "h"], ["g"], axis=1)],
            {"obs": (FLOAT, [1, 3]), "h": (FLOAT, [1, 2])},
            {"logits": (FLOAT, [1, 3]), "g": (FLOAT, [1, 4])},
            {"memory": {"h": "g"}},
            "Both need the same type and shape",
        ),
    ],
)
def test_a_model_of_the_wrong_shape_is_refused(root, nodes, inputs, outputs, spec, message):
    save(root / "odd.onnx", nodes, inputs, outputs)

    with pytest.raises(BadPolicy, match=message):
        load(Onnx("odd.onnx", **spec), root)


@pytest.mark.parametrize(
    ("spec", "observation", "n_actions", "message"),
    [
        (ECHO, np.zeros(4), 3, r"becomes \[1, 4\].*obs float32\[\?, 3\]"),
        (ECHO, np.zeros((3, 1)), 3, r"becomes \[1, 3, 1\]"),
        (ECHO, {"obs": np.zeros(3)}, 3, "cannot be fed.*dict with the keys"),
        (ECHO, "north", 3, "cannot be fed"),
        (replace(ECHO, take=("obs",)), np.zeros(3), 3, r"finds no 'obs'.*float64\[3\]"),
        (replace(ECHO, take=("obs",)), {"o": np.zeros(3)}, 3, r"finds no 'obs'.*keys \['o'\]"),
        (ECHO, np.zeros(3), 6, "gave 3 logits, and the seat has 6 actions"),
        (replace(ECHO, actions=(0, 1, 6)), np.zeros(3), 6, "has 6, and the seat's actions are 0"),
        (ECHO, np.array([1, np.inf, 0]), 3, "not finite"),
    ],
)
def test_a_policy_that_does_not_fit_its_seat_is_refused(
    root, spec, observation, n_actions, message
):
    model = load(spec, root)

    with pytest.raises(BadPolicy, match=message):
        check(model, observation, n_actions)


@pytest.mark.parametrize("spec", [ECHO, ADDER, replace(ECHO, actions=(5, 0, 2))])
def test_a_policy_that_fits_passes(root, spec):
    check(load(spec, root), np.zeros(3, np.float32), 6 if spec.actions else 3)


def test_a_changed_shape_during_a_game_is_told_with_what_was_fed(root):
    player = Player(load(ADDER, root), rng())

    with pytest.raises(BadPolicy, match=r"adder\.onnx failed.*obs float32\[1, 5\]"):
        player.decide(np.zeros(5))


def test_a_model_that_turns_to_nan_is_refused_when_it_is_played(root):
    save(
        root / "log.onnx",
        [helper.make_node("Log", ["obs"], ["logits"])],
        {"obs": (FLOAT, [1, 2])},
        {"logits": (FLOAT, [1, 2])},
    )
    player = Player(load(Onnx("log.onnx"), root), rng())

    assert player.decide([1, 2]) == 1
    with pytest.raises(BadPolicy, match=r"log\.onnx gave logits that are not finite: \[nan"):
        player.decide([-1, 2])


def test_loading_a_policy_leaves_nothing_in_the_home_of_who_runs_it(root):
    home = root / "home"
    home.mkdir()
    # As a deployment starts a process; where CI is set onnxruntime keeps quiet by itself.
    done = subprocess.run(
        [sys.executable, "-c", "from igym.engine import onnx"],
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert list(home.rglob("*")) == []
