"""The same scores from one process, from several, and from a Dask cluster."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import score_calls
import toy_run

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
DASK = """
import sys
import dask
from distributed import LocalCluster
from pipelines import score

if __name__ == "__main__":
    # As a user's workers: else they may not start processes that read files.
    dask.config.set({"distributed.worker.daemon": False})
    with LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster:
        address = f"--dask_client_address={cluster.scheduler_address}"
        sys.exit(score.main([*sys.argv[1:], address]))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return toy_run.make_run(tmp_path_factory.mktemp("score_dist_runs") / "toy")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return score_calls.make_input(tmp_path_factory.mktemp("score_dist_in") / "in")


@pytest.fixture(scope="module")
def one_process(run, inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("score_dist") / "one"
    assert score_calls.call(inputs, run, out) == 1
    return out


def arguments(inputs, run, out):
    given = ["--input", inputs, "--model", run, "--out", out, "--group-size", "3"]
    return [*map(str, given), *score_calls.SIDE]


def test_several_processes_give_the_same_rows(run, inputs, one_process, tmp_path):
    out = tmp_path / "several"
    call = [sys.executable, "-m", "pipelines.score", *arguments(inputs, run, out)]
    done = subprocess.run([*call, "--workers", "2"], cwd=ROOT, timeout=900)
    assert done.returncode == 1

    score_calls.assert_same_rows(out, one_process)


@pytest.mark.parametrize("readers", ["0", "1"])
def test_a_dask_cluster_gives_the_same_rows(
    run, inputs, one_process, tmp_path, readers
):
    script, out = tmp_path / "cluster.py", tmp_path / "dask"
    script.write_text(DASK)
    runner = "--runner=apache_beam.runners.dask.dask_runner.DaskRunner"
    call = [sys.executable, str(script), *arguments(inputs, run, out), runner]
    paths = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*call, "--readers", readers],
        cwd=ROOT,
        env=paths | {"HOME": str(tmp_path), "TF_CPP_MIN_LOG_LEVEL": "3"},
        timeout=900,
    )
    assert done.returncode == 1

    score_calls.assert_same_rows(out, one_process)
