"""IoU (Eq. 7), F1, PBCA, IINC, AUC and others as counts over pixels and pairs."""


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


def f1(predicted, true):
    both, _, p, t, *_ = _counts(predicted, true)
    return 2 * both / (p + t) if p + t else 1.0


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


def eer(labels, scores):
    """Where the straight line from the point before has as many misses as alarms."""
    fakes = [s for s, label in zip(scores, labels, strict=True) if label]
    reals = [s for s, label in zip(scores, labels, strict=True) if not label]
    x0, y0 = 0.0, 1.0
    for threshold in sorted(set(scores), reverse=True):
        x = sum(s >= threshold for s in reals) / len(reals)
        y = sum(s < threshold for s in fakes) / len(fakes)
        if x >= y:
            # x0 + p (x - x0) = y0 + p (y - y0)
            p = (y0 - x0) / ((x - x0) - (y - y0))
            return x0 + p * (x - x0)
        x0, y0 = x, y
    raise AssertionError("the curve ends with x = 1, y = 0")


def tpr_at_fpr(labels, scores, rate):
    """The best of all thresholds with so few false alarms."""
    fakes = [s for s, label in zip(scores, labels, strict=True) if label]
    reals = [s for s, label in zip(scores, labels, strict=True) if not label]
    best = 0.0
    for threshold in scores:
        if sum(s >= threshold for s in reals) / len(reals) <= rate:
            best = max(best, sum(s >= threshold for s in fakes) / len(fakes))
    return best


def localization(predicted, true, labels, valid, alarm=0.05):
    """Metrics of binary maps, face by face; None where no face counts."""
    faces = [
        (p, t, label)
        for p, t, label, v in zip(predicted, true, labels, valid, strict=True)
        if v
    ]
    fakes = [(p, t) for p, t, label in faces if label]
    reals = [p for p, t, label in faces if not label]
    result = {}
    for name, metric in {"iou": iou, "f1": f1, "pbca": pbca, "iinc": iinc}.items():
        result[f"{name}_image_fakes"] = _mean([metric(p, t) for p, t in fakes])
        result[f"{name}_image_all"] = _mean([metric(p, t) for p, t, _ in faces])
    marked = [sum(map(sum, p)) / (len(p) * len(p[0])) for p in reals]
    result["mask_false_alarm_fraction_reals"] = _mean(marked)
    result["mask_false_alarm_share_reals"] = _mean([m > alarm for m in marked])
    one = [[cell for p, _, _ in faces for row in p for cell in row]]
    other = [[cell for _, t, _ in faces for row in t for cell in row]]
    pristine = iou([[not c for c in one[0]]], [[not c for c in other[0]]])
    result["iou_pooled"] = iou(one, other)
    result["f1_pooled"] = f1(one, other)
    result["miou_two_class"] = (result["iou_pooled"] + pristine) / 2
    return result


def _mean(values):
    return sum(values) / len(values)
