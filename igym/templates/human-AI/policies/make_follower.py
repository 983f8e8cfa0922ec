"""Writes follower.onnx: a network of one layer that keeps its paddle at the ball's height.

    pip install onnx
    python policies/make_follower.py

Put your own policy in its place: a file with the weights in it whose output are the logits of
the actions, from before the argmax. Exporters are in igym's docs/packages.md.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

#: Rows: own height, the ball's height, whether it comes, where it goes. Columns: stay, up, down.
WEIGHTS = np.array([[0, 40, -40], [0, -40, 40], [0, 0, 0], [0, -2, 2]], np.float32)
BIAS = np.array([1, 0, 0], np.float32)  # near enough is near enough


def main() -> None:
    """Write the file beside this one."""
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["observation", "weights", "bias"], ["logits"])],
        "follower",
        [helper.make_tensor_value_info("observation", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(WEIGHTS, "weights"), numpy_helper.from_array(BIAS, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, str(Path(__file__).with_name("follower.onnx")))


if __name__ == "__main__":
    main()
