"""Training tests run on the tiny backbone unless they ask for Xception."""

import board_stand_in
import pytest
import tiny_backbone

from fakeloc_tf.models import backbones


@pytest.fixture(autouse=True, scope="module")
def _tiny_backbone(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(backbones.BACKBONES, "xception", tiny_backbone.TINY)
        yield


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """The folder of one undisturbed board, and what it looked at."""
    folder = tmp_path_factory.mktemp("board") / "step2"
    watch = board_stand_in.StandIn()
    board_stand_in.drive(board_stand_in.board(folder, watch))
    return folder, watch
