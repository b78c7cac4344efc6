"""What the steps train, and which of them there are."""

import pytest

from fakeloc_tf import config as config_module
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.training.plan import make_plans
from fakeloc_tf.training.run_folder import RunFolder

BOTH = ("step1", "step2")


def plans(tmp_path, *overrides, steps=BOTH):
    config = config_module.load(None, overrides)
    return make_plans(config, RunFolder(tmp_path / "run"), steps)


def test_the_papers_steps(tmp_path):
    first, second = plans(tmp_path)

    assert (first.heads, first.classifier) == (("semantic",), False)
    assert (second.heads, second.classifier) == (("semantic", "noise"), True)
    assert first.start is None and second.start == tmp_path / "run" / "step1.keras"
    assert first.score({"val_loss": 2.0}) == (-2.0, 0.0)
    assert second.score({"val_loss": 2.0, "val_auc": 0.7}) == (0.7, -2.0)


def test_weights_of_terms_that_a_step_does_not_train_are_zero(tmp_path):
    config = config_module.load(None, ("training.step2.losses=[classification, mask]",))
    _, second = make_plans(config, RunFolder(tmp_path), BOTH)

    weights = second.loss_weights(config, (2.0, 0.7))

    assert (weights.noise, weights.mask) == (0.0, 1.0)
    assert (weights.real, weights.fake) == (1.0, 1.0)
    assert second.heads == ("semantic", "noise")


def test_balance_uses_the_class_weights(tmp_path):
    config = config_module.load(None, ("loss.balance=true",))
    weights = make_plans(config, RunFolder(tmp_path), BOTH)[1].loss_weights(
        config, (2.0, 0.7)
    )
    assert (weights.real, weights.fake) == (2.0, 0.7)


@pytest.mark.parametrize("heads", ["[]", "[noise]"])
def test_without_semantic_heads_there_is_no_step_1(tmp_path, heads):
    (only,) = plans(tmp_path, f"model.heads={heads}")

    assert only.name == "step2" and only.start is None


def test_step_1_can_train_everything(tmp_path):
    first, _ = plans(tmp_path, "training.step1.losses=[classification, noise, mask]")

    assert first.classifier and first.heads == ("semantic", "noise")
    assert first.score({"val_loss": 1.0, "val_auc": 0.9}) == (0.9, -1.0)


def test_step_2_needs_the_model_of_step_1(tmp_path):
    with pytest.raises(FakelocError, match="--steps 1"):
        plans(tmp_path, steps=("step2",))
    other = tmp_path / "other"
    other.mkdir()
    (other / "step1.keras").touch()

    (second,) = plans(tmp_path, f"training.step1_from={other}")

    assert second.start == other / "step1.keras"


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("model.heads=[]", "nothing to train"),
        ("training.step1_from=somewhere", "nothing to train"),
        ("training.step2.losses=[mask]", "classification"),
    ],
)
def test_steps_that_cannot_be_are_refused(tmp_path, override, words):
    with pytest.raises(FakelocError, match=words):
        plans(tmp_path, override, steps=("step1",))
