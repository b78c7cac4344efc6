"""The same records from one process, from several, and from a Dask cluster."""

import subprocess
import sys
from pathlib import Path

import pytest
import trees

from pipelines import prepare

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
SMALL = tuple(
    f"--set=prepare.{option}"
    for option in ("crop_size=96", "shards=2", "real_factor=1")
)
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
def tree(tmp_path_factory):
    return trees.make_ffpp(tmp_path_factory.mktemp("ffpp") / "tree")


@pytest.fixture(scope="module")
def one_process(tree):
    out = tree.parent / "one"
    assert prepare.main(["--input", str(tree), "--out", str(out), *SMALL]) == 0
    return out


def assert_same(out, expected):
    for path in expected.iterdir():
        assert (out / path.name).read_bytes() == path.read_bytes(), path.name


def test_several_processes_give_the_same_bytes(tree, one_process):
    out = tree.parent / "several"
    call = ["--input", str(tree), "--out", str(out), "--workers", "2", *SMALL]
    assert prepare.main(call) == 0

    assert_same(out, one_process)


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

    assert_same(out, one_process)
