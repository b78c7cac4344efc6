import keras
import numpy as np
import pytest
from references import losses as reference

from fakeloc_tf import losses

TAPS = ("shallow", "middle", "deep")


def random_case(rng, faces, channels=1):
    """Outputs and targets of a toy model whose maps are 4×5, 3×3 and 2×2."""
    outputs = {"label": rng.normal(size=(faces, 1))}
    targets = {
        "label": rng.integers(0, 2, (faces, 1)),
        "mask_valid": np.ones(faces),
    }
    for tap, size in zip(TAPS, ((4, 5), (3, 3), (2, 2)), strict=True):
        outputs[f"semantic_{tap}"] = rng.normal(size=(faces, *size, channels))
        outputs[f"noise_{tap}"] = rng.normal(size=(faces, *size, 1))
        targets[f"semantic_{tap}"] = rng.uniform(size=(faces, *size, 1))
        targets[f"noise_{tap}"] = rng.uniform(size=(faces, *size, 1))
    as_float32 = (
        {name: keras.ops.convert_to_tensor(np.float32(v)) for name, v in part.items()}
        for part in (outputs, targets)
    )
    return tuple(as_float32)


def total(outputs, targets, noise_weight=0.1, mask_weight=1.0, weights=None, **options):
    terms = losses.total_loss(
        outputs,
        targets,
        losses.LossWeights(noise_weight, mask_weight, **(weights or {})),
        **options,
    )
    return {name: np.array(value) for name, value in terms.items()}


def test_classification_loss_by_hand():
    label = np.float32([[1.0], [0.0], [1.0]])
    logits = np.float32([[0.0], [0.0], [np.log(3.0)]])

    loss = losses.classification_loss(label, logits)

    # p = 1/2, 1/2 and 3/4
    np.testing.assert_allclose(loss, np.log([2, 2, 4 / 3]), rtol=1e-6)


def test_classification_loss_is_finite_for_huge_logits():
    loss = losses.classification_loss(
        np.float32([[1], [0]]), np.float32([[-200], [200]])
    )

    np.testing.assert_allclose(loss, [200.0, 200.0])


def test_method_loss_by_hand():
    loss = losses.method_loss(np.array([0, 2]), np.float32([[0, 0, 0, 0, 0]] * 2))

    np.testing.assert_allclose(loss, np.log([5.0, 5.0]), rtol=1e-6)


def test_semantic_loss_by_hand():
    target = np.float32([1, 0, 0, 0.5]).reshape(1, 2, 2, 1)
    logits = np.float32([0, 0, np.log(3), 0]).reshape(1, 2, 2, 1)

    loss = losses.semantic_loss(target, logits)

    # −ln of 1/2, 1/2, 1/4, and of 1/2 for the soft pixel
    np.testing.assert_allclose(loss, [5 * np.log(2) / 4], rtol=1e-6)


def test_semantic_loss_is_zero_for_confident_correct_logits():
    target = np.float32([[0, 1], [1, 0]]).reshape(1, 2, 2, 1)

    loss = losses.semantic_loss(target, 80 * (target - 0.5))

    np.testing.assert_allclose(loss, [0.0], atol=1e-6)


def test_second_channel_predicts_the_complement():
    target = np.float32([[0, 1], [1, 0]]).reshape(1, 2, 2, 1)
    logits = 80 * (target - 0.5)

    right = losses.semantic_loss(target, np.concatenate([logits, -logits], -1))
    wrong = losses.semantic_loss(target, np.concatenate([logits, logits], -1))

    np.testing.assert_allclose(right, [0.0], atol=1e-6)
    np.testing.assert_allclose(wrong, [20.0])


def test_noise_loss_by_hand():
    target = np.float32([0, 1, 2, 3]).reshape(1, 2, 2, 1)
    predicted = np.float32([1, 1, 0, 3.5]).reshape(1, 2, 2, 1)

    np.testing.assert_allclose(losses.noise_loss(target, predicted), [3.5 / 4])


@pytest.mark.parametrize("channels", [1, 2])
def test_total_loss_equals_the_slow_reference(channels):
    outputs, targets = random_case(np.random.default_rng(1), 3, channels)

    terms = total(outputs, targets, noise_weight=0.3, mask_weight=0.7)

    for face in range(3):
        maps = [
            (outputs[name][face].numpy(), targets[name][face, ..., 0].numpy())
            for name in outputs
            if name != "label"
        ]
        semantic = sum(reference.semantic(t, o) for o, t in maps[::2])
        noise = sum(reference.noise(t, o[..., 0]) for o, t in maps[1::2])
        label = reference.cross_entropy(
            float(targets["label"][face, 0]), float(outputs["label"][face, 0])
        )
        assert terms["semantic"][face] == pytest.approx(semantic, rel=1e-5)
        assert terms["noise"][face] == pytest.approx(noise, rel=1e-5)
        expected = label + 0.3 * noise + 0.7 * semantic
        assert terms["total"][face] == pytest.approx(expected, rel=1e-5)


def test_five_way_adds_the_categorical_term():
    rng = np.random.default_rng(2)
    outputs, targets = random_case(rng, 4)
    logits = rng.normal(size=(4, 5)).astype("float32")
    binary = total(outputs, targets)

    five_way = total(
        outputs | {"method": logits}, targets | {"method": np.array([0, 4, 2, 1])}
    )

    method = [
        reference.method(i, row) for i, row in zip((0, 4, 2, 1), logits, strict=True)
    ]
    np.testing.assert_allclose(five_way["method"], method, rtol=1e-5)
    np.testing.assert_allclose(five_way["total"], binary["total"] + method, rtol=1e-5)


def test_step_one_has_the_semantic_term_only():
    outputs, targets = random_case(np.random.default_rng(3), 2)
    outputs = {name: v for name, v in outputs.items() if name.startswith("semantic")}

    terms = total(outputs, targets, mask_weight=0.5)

    maps = {f"semantic_{tap}" for tap in TAPS}
    assert set(terms) == {"semantic", "total"} | maps
    np.testing.assert_allclose(terms["total"], 0.5 * terms["semantic"])


def test_a_face_without_mask_does_not_change_the_mean_of_the_others():
    outputs, targets = random_case(np.random.default_rng(4), 4)
    whole = total(outputs, targets)
    masked = targets | {"mask_valid": np.float32([1, 0, 1, 1])}

    terms = total(outputs, masked)

    assert terms["semantic"][1] == 0.0
    kept = whole["semantic"][[0, 2, 3]].mean()
    assert terms["semantic"].mean() == pytest.approx(kept, rel=1e-5)
    np.testing.assert_allclose(terms["classification"], whole["classification"])


def test_replicas_with_unequal_masks_equal_one_device():
    outputs, targets = random_case(np.random.default_rng(5), 6)
    targets["mask_valid"] = np.float32([1, 0, 0, 1, 1, 1])
    one_device = total(outputs, targets)["total"].mean()

    parts = [
        total(
            {name: value[part] for name, value in outputs.items()},
            {name: value[part] for name, value in targets.items()},
            valid_share=4 / 6,
        )["total"]
        for part in (slice(0, 3), slice(3, 6))
    ]

    assert np.concatenate(parts).mean() == pytest.approx(one_device, rel=1e-5)


def test_a_batch_without_any_mask_has_a_finite_loss():
    outputs, targets = random_case(np.random.default_rng(6), 2)

    terms = total(outputs, targets | {"mask_valid": np.float32([0, 0])})

    np.testing.assert_array_equal(terms["semantic"], [0.0, 0.0])
    assert np.isfinite(terms["total"]).all()


def test_maps_are_weighted_and_told_apart():
    outputs, targets = random_case(np.random.default_rng(7), 3)
    plain = total(outputs, targets)

    terms = total(
        outputs,
        targets,
        weights={"mask_maps": (2.0, 0.0, 0.5), "noise_maps": (0.0, 1.0, 3.0)},
    )

    by_hand = 2.0 * plain["semantic_shallow"] + 0.5 * plain["semantic_deep"]
    np.testing.assert_allclose(terms["semantic"], by_hand, rtol=1e-6)
    by_hand = plain["noise_middle"] + 3.0 * plain["noise_deep"]
    np.testing.assert_allclose(terms["noise"], by_hand, rtol=1e-6)
    for tap in TAPS:
        np.testing.assert_array_equal(terms[f"noise_{tap}"], plain[f"noise_{tap}"])


def test_a_model_with_fewer_taps_has_fewer_terms():
    outputs, targets = random_case(np.random.default_rng(8), 2)
    whole = total(outputs, targets)
    deep = {k: v for k, v in outputs.items() if k.endswith("deep") or k == "label"}

    terms = total(deep, targets)

    np.testing.assert_array_equal(terms["semantic"], whole["semantic_deep"])
    assert "semantic_shallow" not in terms and "noise_middle" not in terms
    label_only = total({"label": outputs["label"]}, targets)
    np.testing.assert_array_equal(label_only["total"], whole["classification"])


def test_class_weights_multiply_the_faces_of_their_class():
    outputs, targets = random_case(np.random.default_rng(9), 4)
    targets["label"] = np.float32([[0], [1], [1], [0]])
    plain = total(outputs, targets)

    terms = total(outputs, targets, weights={"real": 3.0, "fake": 0.5})

    expected = plain["classification"] * [3.0, 0.5, 0.5, 3.0]
    np.testing.assert_allclose(terms["classification"], expected, rtol=1e-6)
    np.testing.assert_array_equal(terms["semantic"], plain["semantic"])
