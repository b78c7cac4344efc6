"""What is written once: the model's graph, the config as HParams and as text."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
import yaml
from tensorboard.plugins.hparams import api_pb2
from tensorboard.plugins.hparams import summary as hparams_summary

from fakeloc_tf.config import Config

CONFIG_TAG = "run/config"
METRICS = {
    "validation/auc": "validation AUC",
    "validation/iou": "validation IoU of fakes",
    "validation/loss": "validation loss",
}
Value = bool | float | str


def write_start(
    model: keras.Model, config_yaml: str, run_name: str, step_name: str
) -> None:
    """Writes graph, HParams and, last, the config into the default writer.

    Args:
        model: with one image as input.
        config_yaml: the resolved config.
        run_name: of the run.
        step_name: of the training step.
    """
    tf.summary.graph(model_graph(model))
    write_hparams(yaml.safe_load(config_yaml), run_name, step_name)
    tf.summary.text(CONFIG_TAG, f"```yaml\n{config_yaml.rstrip()}\n```")


def write_hparams(config: dict[str, Any], run_name: str, step_name: str) -> None:
    """Writes a row of the HParams tab: every value of the config, and `METRICS`.

    The tab opens with the columns that are marked as differing: `changes`, what is not
    the default in this run, `step`, and those values.

    Note: not `hparams.api`, which cannot mark them; the tab would open with the first
    five values of the alphabet. The step is part of the row's name because the tab
    shows the mean over sessions of the same name.
    """
    values = flat_values(config)
    defaults = flat_values(Config().model_dump(mode="json"))
    changed = [
        name
        for name, value in values.items()
        if name != "name" and value != defaults.get(name)
    ]
    text = ", ".join(f"{name}={values[name]}" for name in changed)
    row = {"changes": text or "none", "step": step_name} | values
    shown = ("changes", "step", *changed)
    experiment = hparams_summary.experiment_pb(
        hparam_infos=[_info(name, row[name], name in shown) for name in row],
        metric_infos=[
            api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag), display_name=name)
            for tag, name in METRICS.items()
        ],
    )
    session = hparams_summary.session_start_pb(
        row, group_name=f"{run_name}/{step_name}"
    )
    for summary in (experiment, session):
        tf.summary.experimental.write_raw_pb(summary.SerializeToString())


def flat_values(config: dict[str, Any], at: str = "") -> dict[str, Value]:
    """Dotted key → bool, number or text; HParams have no lists and no None."""
    values: dict[str, Value] = {}
    for key, value in config.items():
        name = f"{at}{key}"
        if isinstance(value, dict):
            values |= flat_values(value, f"{name}.")
        elif isinstance(value, list):
            values[name] = ", ".join(str(item) for item in value)
        elif isinstance(value, bool | int | float):
            values[name] = value
        else:
            values[name] = str(value)
    return values


def model_graph(model: keras.Model) -> tf.compat.v1.GraphDef:
    """The graph of one inference, with the model's parts as its outermost nodes."""
    (image,) = model.inputs
    infer = tf.function(lambda images: model(images, training=False), autograph=False)
    spec = tf.TensorSpec(image.shape, image.dtype, name="image")
    graph = infer.get_concrete_function(spec).graph.as_graph_def()
    # What stands around the model's own scope is the input and the plumbing of
    # tf.function; without scope and plumbing the tab opens with the parts in sight.
    (scope,) = {n.name.split("/")[0] for n in graph.node if "/" in n.name}
    bare = tf.compat.v1.GraphDef(versions=graph.versions, library=graph.library)
    for node in graph.node:
        if "/" not in node.name and node.op in ("Identity", "NoOp"):
            continue
        kept = bare.node.add()
        kept.CopyFrom(node)
        kept.name = node.name.removeprefix(f"{scope}/")
        kept.input[:] = [name.replace(f"{scope}/", "", 1) for name in node.input]
    return bare


def _info(name: str, value: Value, shown: bool) -> api_pb2.HParamInfo:
    """Type, and values to filter by, of a column."""
    info = api_pb2.HParamInfo(name=name, differs=shown)
    if isinstance(value, bool):
        info.type = api_pb2.DATA_TYPE_BOOL
        for choice in (False, True):
            info.domain_discrete.values.add().bool_value = choice
    elif isinstance(value, int | float):
        info.type = api_pb2.DATA_TYPE_FLOAT64
    else:
        info.type = api_pb2.DATA_TYPE_STRING
    return info
