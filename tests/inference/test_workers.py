"""Workers: everything told arrives, and no job takes the others with it."""

import os
import signal
import time

import pytest

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference import workers as module
from fakeloc_tf.inference.workers import Workers

# Longer than a busy machine takes to import this file in a new process.
STALL = 8.0


def count(tell, number):
    for i in range(number):
        tell(i)


def refuse(tell):
    tell("begun")
    raise FakelocError("x.jpg is no picture")


def break_down(tell):
    raise RuntimeError("odd")


def crash(tell):
    tell("begun")
    os.kill(os.getpid(), signal.SIGSEGV)


def hang(tell):
    time.sleep(60)


def eat(tell):
    tell(len(bytearray(module.MAX_WORKER_BYTES + 1)))


def run(pool, jobs):
    """key → (what it told, its error)."""
    jobs, told, errors = list(jobs), {}, {}
    while len(errors) < len(told) or jobs:
        while jobs and pool.idle:
            key, job, *arguments = jobs.pop(0)
            told[key] = []
            pool.start(key, job, *arguments)
        message = pool.get()
        if message.done:
            errors[message.key] = message.error
        else:
            told[message.key].append(message.content)
    return {key: (told[key], errors[key]) for key in told}


@pytest.fixture(scope="module")
def results():
    jobs = [
        ("few", count, 3),
        ("crash", crash),
        ("hang", hang),
        ("refuse", refuse),
        ("break", break_down),
        ("eat", eat),
        ("many", count, 500),
        ("none", count, 0),
    ]
    with Workers(2, stall_seconds=STALL) as pool:
        return run(pool, jobs)


def test_all_that_a_job_tells_arrives_in_order(results):
    assert results["few"] == ([0, 1, 2], None)
    assert results["many"] == (list(range(500)), None)
    assert results["none"] == ([], None)


@pytest.mark.parametrize(
    ("key", "error"),
    [
        ("refuse", "x.jpg is no picture"),
        ("break", f"RuntimeError: odd; {module.SAVE_AGAIN}"),
        ("crash", f"broke the decoder (SIGSEGV): {module.SAVE_AGAIN}"),
        (
            "hang",
            f"takes longer than {STALL:g} s; it was given up: {module.SAVE_AGAIN}",
        ),
        (
            "eat",
            f"needs more memory than {module.MAX_WORKER_BYTES >> 30} GB: "
            f"{module.SAVE_AGAIN}",
        ),
    ],
)
def test_a_job_that_fails_says_why(results, key, error):
    assert results[key][1] == error


def test_what_was_told_before_a_crash_is_not_lost(results):
    assert results["crash"][0] == ["begun"]
    assert results["refuse"][0] == ["begun"]


def test_a_worker_waits_for_a_parent_that_is_slower():
    """It is not taken for one that hangs, and runs no more than the queue ahead."""
    with Workers(1, stall_seconds=STALL) as pool:
        run(pool, [("imports", count, 1)])
        pool.stall_seconds = 1.0
        pool.start("key", count, 3 * module.QUEUE_SIZE)
        time.sleep(2.0)
        got = [pool.get() for _ in range(3 * module.QUEUE_SIZE + 1)]
    assert [message.content for message in got[:-1]] == list(range(len(got) - 1))
    assert (got[-1].done, got[-1].error) == (True, None)


def test_get_does_not_wait_where_it_must_not():
    with Workers(1) as pool:
        assert pool.get(wait=False) is None
