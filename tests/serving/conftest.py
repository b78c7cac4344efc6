"""An export that the tests of the client share."""

import engine_exports
import pytest
import toy_run


@pytest.fixture(scope="session")
def served_export(tmp_path_factory):
    """A five-way toy model, as TF Serving wants it: a folder of versions."""
    folder = tmp_path_factory.mktemp("served-export")
    run = toy_run.make_run(folder / "run", "model.five_way=true")
    engine_exports.write(run, "saved_model", folder / "fakeloc/1")
    return folder / "fakeloc"
