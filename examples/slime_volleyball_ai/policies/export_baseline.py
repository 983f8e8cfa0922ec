"""Export the environment's own player, "otoro 2015", to baseline.onnx.

    pip install onnx slimevb
    python policies/export_baseline.py

The player is a recurrent network of 112 numbers. From 8 of the 12 observed numbers and its
own last 7 outputs it computes 7 new outputs:

    outputs = tanh(weight @ [observation[:8], last outputs] + bias)

The first three are buttons (forward, backward, jump), held while above 0.75; the other four
are memory. Here the recurrence is an input and an output of the model, in float64 as in the
original, and the buttons become one logit for each of the environment's six actions.

Before the tanh, "output > 0.75" reads "sum > atanh(0.75)", so that `sum - atanh(0.75)` is a
button's log-odds of being held. An action's logit adds up the log-odds of the buttons it
holds. Forward and backward together cancel in the physics, exactly as neither of them
(`actions_to_desired_vel`), so standing still gets the better of the two. The largest logit
is therefore always the action that the original takes, and a softmax over the logits plays
like the original with a less steady hand.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from slime_volleyball.baseline_policy import BaselinePolicy

FILE = Path(__file__).with_name("baseline.onnx")

SEEN, OUTPUTS, BUTTONS = 12, 7, 3

#: For actions 0 to 5: is (forward, backward, jump) held?
HELD = [(0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1), (0, 1, 1), (0, 1, 0)]

#: The actions that stand still, where forward and backward may both be held instead.
STILL = [1 if (forward, backward) == (0, 0) else 0 for forward, backward, _ in HELD]


def baseline() -> onnx.ModelProto:
    """The model: observation [1, 12], memory [1, 7] -> logits [1, 6], next_memory [1, 7]."""
    player = BaselinePolicy()
    weight = np.zeros((SEEN + OUTPUTS, OUTPUTS))  # the partner's position stays at weight 0
    weight[: player.nGameInput] = player.weight[:, : player.nGameInput].T
    weight[SEEN:] = player.weight[:, player.nGameInput :].T

    constants = {
        "weight": weight,
        "bias": player.bias.reshape(1, OUTPUTS),
        "first_button": np.array([0]),
        "last_button": np.array([BUTTONS]),
        "button_axis": np.array([1]),
        "threshold": np.full((1, BUTTONS), np.arctanh(0.75)),
        "held": np.array(HELD, float).T,
        "both_ways": np.array([[1.0], [1.0], [0.0]]),
        "still": np.array([STILL], float),
    }
    nodes = [
        helper.make_node("Concat", ["observation", "memory"], ["seen"], axis=1),
        helper.make_node("MatMul", ["seen", "weight"], ["weighted"]),
        helper.make_node("Add", ["weighted", "bias"], ["sums"]),
        helper.make_node("Tanh", ["sums"], ["next_memory"]),
        helper.make_node(
            "Slice", ["sums", "first_button", "last_button", "button_axis"], ["button_sums"]
        ),
        helper.make_node("Sub", ["button_sums", "threshold"], ["log_odds"]),
        helper.make_node("MatMul", ["log_odds", "held"], ["walk_or_jump"]),
        helper.make_node("MatMul", ["log_odds", "both_ways"], ["both"]),
        helper.make_node("Relu", ["both"], ["both_or_neither"]),
        helper.make_node("Mul", ["both_or_neither", "still"], ["cancelled"]),
        helper.make_node("Add", ["walk_or_jump", "cancelled"], ["logits"]),
    ]
    double = TensorProto.DOUBLE
    graph = helper.make_graph(
        nodes,
        "slime_volleyball_baseline",
        inputs=[
            helper.make_tensor_value_info("observation", double, [1, SEEN]),
            helper.make_tensor_value_info("memory", double, [1, OUTPUTS]),
        ],
        outputs=[
            helper.make_tensor_value_info("logits", double, [1, len(HELD)]),
            helper.make_tensor_value_info("next_memory", double, [1, OUTPUTS]),
        ],
        initializer=[numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    # Opset 13 and IR 8 are read by every ONNX Runtime since 2022, in Python and in browsers.
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
        producer_name="export_baseline.py",
        doc_string="Neural Slime Volleyball baseline, David Ha, 2015. Apache License 2.0.",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


if __name__ == "__main__":
    onnx.save(baseline(), FILE)
    print(f"{FILE.name}: {FILE.stat().st_size} bytes")
