"""A toy run with records and calibration, packaged as a shipped model is."""

import shipped_package
import synthetic
import toy_run

from fakeloc_tf import calibrate
from fakeloc_tf.config import load
from fakeloc_tf.training.provenance import provenance_of, write_provenance


def make_run(root):
    """A calibrated run of `root`, with absolute paths; returns (run, records)."""
    counts = {"train": 8, "val": 24, "test": 8}
    records = synthetic.write_records(root / "records", counts, size=72)
    overrides = (f"data.records={records}", f"training.step1_from={root}/x.keras")
    run = toy_run.make_settled_run(root / "run", *overrides)
    config = load(run / "config.yaml", ("training.step1_from=null",))
    write_provenance(provenance_of(config, root / "new"), run)
    (run / "versions.json").write_text('{"machine": "Secret-5.1", "keras": "3"}')
    call = ["--run", str(run), "--data", str(records), "--fpr=0.2", "--fnr=0.2"]
    assert calibrate.main(call) == 0
    return run, records


def package(run, out, **options):
    """Makes the package; what typer would give is given here."""
    given = {"name": "portraits-1", "purpose": "a toy", "faces": 8} | options
    return shipped_package.package(run, out, **given)
