import keras
import numpy as np
import pytest

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models.transfer import named_variables, transfer_weights


def toy(units=3, extra=False, inner_name="inner"):
    """A model with a nested one and, if asked for, one more head."""
    inner_input = keras.Input((2,))
    hidden = keras.layers.Dense(units, name="dense")(inner_input)
    inner = keras.Model(inner_input, hidden, name=inner_name)
    tensor = keras.Input((2,))
    outputs = {"a": keras.layers.Dense(1, name="head")(inner(tensor))}
    if extra:
        outputs["b"] = keras.layers.Dense(1, name="noise_head")(inner(tensor))
    return keras.Model(tensor, outputs)


def test_names_go_from_the_outside_in():
    assert list(named_variables(toy())) == [
        "inner/dense/kernel",
        "inner/dense/bias",
        "head/kernel",
        "head/bias",
    ]


class Unnamed(keras.layers.Layer):
    """As ConvNeXt's layer scale: Keras numbers its arrays over the whole process."""

    def build(self, input_shape):
        self.a, self.b = self.add_weight(shape=(1,)), self.add_weight(shape=(1,))

    def call(self, inputs):
        return inputs * self.a + self.b


def test_arrays_without_a_name_are_numbered_within_their_layer():
    for _ in range(2):
        model = keras.Sequential([keras.Input((2,)), Unnamed(name="scale")])
        assert list(named_variables(model)) == ["scale/0", "scale/1"]


def test_a_layer_may_be_called_otherwise():
    names = named_variables(toy(), {"dense": "first", "inner": "part"})

    assert list(names)[:2] == ["part/first/kernel", "part/first/bias"]


def test_everything_in_common_is_copied_and_the_rest_reported():
    source, target = toy(), toy(extra=True)
    before = named_variables(target)["noise_head/kernel"].numpy()

    report = transfer_weights(source, target, allow_missing=("noise_",))

    assert len(report.matched) == 4
    assert report.missing == ("noise_head/kernel", "noise_head/bias")
    assert report.unexpected == ()
    image = np.ones((1, 2), "float32")
    np.testing.assert_array_equal(source(image)["a"], target(image)["a"])
    np.testing.assert_array_equal(named_variables(target)["noise_head/kernel"], before)


def test_what_the_target_does_not_have_is_reported():
    report = transfer_weights(toy(extra=True), toy())

    assert report.unexpected == ("noise_head/kernel", "noise_head/bias")
    assert str(report) == "4 arrays copied, 0 missing, 2 not used"


@pytest.mark.parametrize(
    ("source", "allow", "word"),
    [
        ({}, (), "noise_head"),
        ({"units": 4, "extra": True}, (), "shape"),
        ({"inner_name": "other"}, ("noise_",), "inner/dense"),
    ],
)
def test_a_transfer_that_does_not_fit_changes_nothing(source, allow, word):
    target = toy(extra=True)
    before = target.get_weights()

    with pytest.raises(FakelocError, match=word):
        transfer_weights(toy(**source), target, allow_missing=allow)

    for now, then in zip(target.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
