"""The same records from one process, from several, and from a Dask cluster."""

import subprocess
import sys
from pathlib import Path

import pytest
import trees

from pipelines import prepare

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
SMALL = trees.SMALL
DASK = """
import sys
from distributed import LocalCluster
from pipelines import prepare

if __name__ == "__main__":
    with LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster:
        address = f"--dask_client_address={cluster.scheduler_address}"
        sys.exit(prepare.main([*sys.argv[1:], address]))
"""


@pytest.fixture(scope="module")
def tree(ffpp_tree, tmp_path_factory):
    """The tree, with a folder of this module's own around it."""
    root = tmp_path_factory.mktemp("tree") / "tree"
    root.symlink_to(ffpp_tree)
    return root


@pytest.fixture(scope="module")
def one_process(tree):
    out = tree.parent / "one"
    assert prepare.main(["--input", str(tree), "--out", str(out), *SMALL]) == 0
    return out


def test_several_processes_give_the_same_bytes(tree, one_process):
    out = tree.parent / "several"
    call = ["--input", str(tree), "--out", str(out), "--workers", "2", *SMALL]
    assert prepare.main(call) == 0

    trees.assert_same_files(out, one_process)


def test_a_dask_cluster_gives_the_same_bytes(tree, one_process, tmp_path):
    script, out = tmp_path / "cluster.py", tree.parent / "dask"
    script.write_text(DASK)
    runner = "--runner=apache_beam.runners.dask.dask_runner.DaskRunner"
    subprocess.run(
        [sys.executable, script, "--input", tree, "--out", out, *SMALL, runner],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        timeout=300,
        check=True,
    )

    trees.assert_same_files(out, one_process)
