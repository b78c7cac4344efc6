"""The small FF++ tree, made once for all tests of preparation."""

import pytest
import trees


@pytest.fixture(scope="session")
def ffpp_tree(tmp_path_factory):
    return trees.make_ffpp(tmp_path_factory.mktemp("ffpp") / "tree")
