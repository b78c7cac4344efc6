"""Toy records, and an untrained run on them."""

import pytest
import synthetic
import toy_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return synthetic.write_records(tmp_path_factory.mktemp("data") / "records")


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "toy"
    return toy_run.make_run(path, f"data.records={folder}")
