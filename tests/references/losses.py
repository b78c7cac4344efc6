"""Eq. 1–3 and 6 as loops over pixels, float64, with sigmoids written out."""

import math


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def cross_entropy(target, logit):
    p = sigmoid(logit)
    return -(target * math.log(p) + (1 - target) * math.log(1 - p))


def semantic(target, logits):
    """One map: target [h][w] in 0..1, logits [h][w][1 or 2]."""
    total, count = 0.0, 0
    for y in range(len(target)):
        for x in range(len(target[0])):
            for channel, logit in enumerate(logits[y][x]):
                wanted = target[y][x] if channel == 0 else 1 - target[y][x]
                total += cross_entropy(wanted, float(logit))
                count += 1
    return total / count


def noise(target, predicted):
    """One map: [h][w] each."""
    pairs = [
        (float(t), float(p))
        for t_row, p_row in zip(target, predicted, strict=True)
        for t, p in zip(t_row, p_row, strict=True)
    ]
    return sum(abs(t - p) for t, p in pairs) / len(pairs)


def method(index, logits):
    return math.log(sum(math.exp(float(x)) for x in logits)) - float(logits[index])
