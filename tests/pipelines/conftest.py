"""The small FF++ tree, made once for all tests of preparation."""

import sys
from pathlib import Path

import pytest
import trees

# Files that are made to harm are scored as they are detected: `hostile_files`.
INFERENCE = str(Path(__file__).parents[1] / "inference")
if INFERENCE not in sys.path:
    sys.path.append(INFERENCE)


@pytest.fixture(scope="session")
def ffpp_tree(tmp_path_factory):
    return trees.make_ffpp(tmp_path_factory.mktemp("ffpp") / "tree")
