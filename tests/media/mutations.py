"""Valid files and what damage makes of them: flipped, cut, spliced, repeated bytes."""

from collections.abc import Callable

from hypothesis import strategies as st

Mutation = Callable[[bytes], bytes]


def _flip(at: float, value: int, count: int) -> Mutation:
    def change(data: bytes) -> bytes:
        start = int(at * len(data))
        part = bytes(byte ^ value for byte in data[start : start + count])
        return data[:start] + part + data[start + len(part) :]

    return change


def _fill(at: float, value: int, count: int) -> Mutation:
    def change(data: bytes) -> bytes:
        start = int(at * len(data))
        part = bytes([value]) * len(data[start : start + count])
        return data[:start] + part + data[start + len(part) :]

    return change


def _cut(at: float, _: int, __: int) -> Mutation:
    return lambda data: data[: int(at * len(data))]


def _drop(at: float, _: int, count: int) -> Mutation:
    def change(data: bytes) -> bytes:
        start = int(at * len(data))
        return data[:start] + data[start + count :]

    return change


def _repeat(at: float, times: int, count: int) -> Mutation:
    def change(data: bytes) -> bytes:
        start = int(at * len(data))
        return data[:start] + (times % 20) * data[start : start + count] + data[start:]

    return change


def places() -> st.SearchStrategy[float]:
    """Anywhere in a file, headers more often: there lies what is believed."""
    return st.one_of(
        st.floats(0, 1, exclude_max=True), st.floats(0, 0.1), st.floats(0.9, 0.999)
    )


def mutations() -> st.SearchStrategy[list[Mutation]]:
    """One to four changes, in order."""
    one = st.builds(
        lambda kind, at, value, count: kind(at, value, count),
        st.sampled_from([_flip, _flip, _flip, _fill, _cut, _drop, _repeat]),
        places(),
        st.integers(1, 255),
        st.sampled_from([1, 1, 1, 2, 4, 16, 200]),
    )
    return st.lists(one, min_size=1, max_size=4)


def mutated(data: bytes, changes: list[Mutation], other: bytes, splice: float) -> bytes:
    """`data` after `changes`; where `splice` > 0 its end is that of `other`."""
    for change in changes:
        data = change(data)
    if splice:
        data = data[: int(splice * len(data))] + other[int(splice * len(other)) :]
    return data
