"""The ONNX file: sizes that survive rounding down."""

import engine_exports
import numpy as np

from fakeloc_tf.serving.exports import onnx_model

# The three maps of `paper` at 299 pixels, and a size that stays.
SIDES = ((147, 299), (37, 299), (19, 299), (37, 147), (64, 64))


def test_no_resizing_loses_a_row():
    engine_exports.skip_without("onnx")
    from onnx import helper, numpy_helper

    nodes, constants = [], []
    for index, (before, after) in enumerate(SIDES):
        factors = np.array([1, 1, after / before, after / before], np.float32)
        constants.append(numpy_helper.from_array(factors, f"factors{index}"))
        inputs = ["image", "", f"factors{index}"]
        nodes.append(helper.make_node("Resize", inputs, [f"resized{index}"]))
    graph = helper.make_graph(nodes, "resizings", [], [], constants)
    proto = helper.make_model(graph)

    onnx_model._round_up(proto)

    for (before, after), tensor in zip(SIDES, proto.graph.initializer, strict=True):
        n, c, *down_across = numpy_helper.to_array(tensor)
        assert n == c == 1
        for factor in down_across:
            assert int(np.float64(factor) * before) == after
            assert int(factor * np.float32(before)) == after
