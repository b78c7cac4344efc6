"""Training tests run on the tiny backbone unless they ask for Xception."""

import pytest
import tiny_backbone

from fakeloc_tf.models import backbones


@pytest.fixture(autouse=True, scope="module")
def _tiny_backbone(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(backbones.BACKBONES, "xception", tiny_backbone.TINY)
        yield
