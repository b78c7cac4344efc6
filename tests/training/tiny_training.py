"""`fakeloc train` on the tiny backbone in a process of its own, which may kill itself.

python tiny_training.py [--kill-after N] OPTIONS…

The process kills itself with SIGKILL before its batch N + 1.
"""

import json
import os
import signal
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]
CONFIG = TESTS.parent / "configs" / "scratch.yaml"

# At toy size: two steps of a few batches.
TOY = (
    "model.image_size=64",
    "model.backbone.width=0.1",
    "model.backbone.weights=none",
    "data.demo=false",
    "training.batch_size=8",
    "training.step1.epochs=1",
    "training.step2.epochs=2",
)


def arguments(run, records, *options, extra=()):
    """Arguments of `fakeloc train` at toy size."""
    argv = [f"--config={CONFIG}", f"--run={run}", f"--data={records}", *options]
    for override in (*TOY, *extra):
        argv += ["--set", override]
    return argv


def measured(run):
    """The run's metrics.json, without the hashes: a `.keras` file bears its date."""
    values = json.loads((run / "metrics.json").read_text())
    return {name: value for name, value in values.items() if name != "sha256"}


def main(argv):
    import tiny_backbone

    from fakeloc_tf import train
    from fakeloc_tf.models import backbones
    from fakeloc_tf.training import steps, two_step

    backbones.BACKBONES["xception"] = tiny_backbone.TINY
    if argv[:1] == ["--kill-after"]:
        left = [int(argv[1])]
        argv = argv[2:]
        make = steps.make_train_step

        def killing(*args, **kwargs):
            step = make(*args, **kwargs)

            def one_batch(batch):
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1
                return step(batch)

            return one_batch

        two_step.steps.make_train_step = killing
    return train.main(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
