"""IoU (Eq. 7), PBCA, IINC, AUC and EER as counts over pixels and pairs."""


def _counts(predicted, true):
    both = either = p = t = agree = total = 0
    for p_row, t_row in zip(predicted, true, strict=True):
        for a, b in zip(p_row, t_row, strict=True):
            both += bool(a and b)
            either += bool(a or b)
            p += bool(a)
            t += bool(b)
            agree += bool(a) == bool(b)
            total += 1
    return both, either, p, t, agree, total


def iou(predicted, true):
    both, either, *_ = _counts(predicted, true)
    return both / either if either else 1.0


def pbca(predicted, true):
    *_, agree, total = _counts(predicted, true)
    return agree / total


def iinc(predicted, true):
    both, either, p, t, _, total = _counts(predicted, true)
    if p == 0 and t == 0:
        return 0.0
    if p == 0 or t == 0:
        return 1 / (3 - either / total)
    return (2 - both / t - both / p) / (3 - either / total)


def auc(labels, scores):
    """Share of (fake, real) pairs in the right order; ties count half."""
    fakes = [s for s, label in zip(scores, labels, strict=True) if label]
    reals = [s for s, label in zip(scores, labels, strict=True) if not label]
    won = sum((f > r) + 0.5 * (f == r) for f in fakes for r in reals)
    return won / (len(fakes) * len(reals))


def balanced_accuracy(labels, scores, threshold):
    found = [s >= threshold for s, label in zip(scores, labels, strict=True) if label]
    spared = [
        s < threshold for s, label in zip(scores, labels, strict=True) if not label
    ]
    return (sum(found) / len(found) + sum(spared) / len(spared)) / 2
