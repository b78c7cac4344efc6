"""Workers: everything told arrives, and no job takes the others with it."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference import worker_process
from fakeloc_tf.inference import workers as module
from fakeloc_tf.inference.worker_process import SAVE_AGAIN
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


def nap(tell, seconds):
    time.sleep(seconds)


def eat(tell):
    tell(len(bytearray(worker_process.MAX_WORKER_BYTES + 1)))


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
        ("break", f"RuntimeError: odd; {SAVE_AGAIN}"),
        ("crash", f"broke the decoder (SIGSEGV): {SAVE_AGAIN}"),
        (
            "hang",
            f"takes longer than {STALL:g} s; it was given up: {SAVE_AGAIN}",
        ),
        (
            "eat",
            f"needs more memory than {worker_process.MAX_WORKER_BYTES >> 30} GB: "
            f"{SAVE_AGAIN}",
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
        assert pool.get(0.0) is None


def test_a_job_that_was_done_long_ago_is_not_given_up():
    """Its last message waits while the parent does something else."""
    with Workers(1, stall_seconds=STALL) as pool:
        run(pool, [("imports", count, 1)])
        pool.stall_seconds = 0.5
        pool.start("first", count, 1)
        time.sleep(1.5)
        got = [pool.get(), pool.get()]
        assert [(m.done, m.error) for m in got] == [(False, None), (True, None)]
        pool.stall_seconds = STALL
        assert run(pool, [("second", count, 2)]) == {"second": ([0, 1], None)}


def test_time_in_which_all_processes_are_stopped_is_no_silence(tmp_path):
    """As after Ctrl-Z in a terminal, and `fg` an hour later."""
    script = tmp_path / "stopped.py"
    script.write_text(STOPPED.format(folder=str(Path(__file__).parent)))
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout.readline() == "at work\n"
    os.killpg(process.pid, signal.SIGSTOP)
    time.sleep(3.0)
    os.killpg(process.pid, signal.SIGCONT)
    assert process.communicate(timeout=30)[0] == "None\n"


STOPPED = """
import sys
sys.path.insert(0, {folder!r})
import test_workers as jobs
from fakeloc_tf.inference.worker_process import SAVE_AGAIN
from fakeloc_tf.inference.workers import Workers

if __name__ == "__main__":
    with Workers(1, stall_seconds=20.0) as pool:
        jobs.run(pool, [("imports", jobs.count, 1)])
        pool.stall_seconds = 2.0
        pool.start("key", jobs.nap, 1.0)
        print("at work", flush=True)
        print(pool.get().error, flush=True)
"""


def test_a_process_that_died_idle_costs_no_job():
    with Workers(1, stall_seconds=STALL) as pool:
        run(pool, [("imports", count, 1)])
        (worker,) = pool._workers
        os.kill(worker.process.pid, signal.SIGKILL)
        worker.process.join()
        assert run(pool, [("next", count, 2)]) == {"next": ([0, 1], None)}


def test_get_comes_back_after_the_time_that_it_may_wait():
    with Workers(1, stall_seconds=STALL) as pool:
        pool.start("key", hang)
        begun = time.monotonic()
        assert pool.get(0.5) is None
        assert 0.5 <= time.monotonic() - begun < 2.0


def test_nothing_of_a_closed_pool_stays_in_memory():
    """Also where more was told than fits into the queue."""
    before = threading.active_count()
    with Workers(1, stall_seconds=STALL) as pool:
        pool.start("key", count, 3 * module.QUEUE_SIZE)
        while not pool._queue.full():
            time.sleep(0.05)
    assert threading.active_count() == before


def test_ctrl_c_is_the_parents_business():
    with Workers(1, stall_seconds=STALL) as pool:
        run(pool, [("imports", count, 1)])
        pool.start("key", nap, 1.0)
        os.kill(pool._workers[0].process.pid, signal.SIGINT)
        assert pool.get().error is None
