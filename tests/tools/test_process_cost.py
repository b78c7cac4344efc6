"""The cost of a process counts its children and notices a failure."""

import process_cost
import pytest
import typer

BUSY = """
import subprocess, sys, time
held = bytearray(100 << 20)
for i in range(0, len(held), 4096):
    held[i] = 1
time.sleep(0.5)
"""
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"


def test_memory_and_time_are_those_of_children_too():
    cost = process_cost.run_measured(["-c", PARENT])
    assert 105 < cost.megabytes < 300
    assert cost.seconds > 0.5
    assert 0 < cost.cpu < cost.seconds + 5


def test_a_failed_call_is_shown():
    with pytest.raises(typer.BadParameter, match="(?s)failed:.*ZeroDivisionError"):
        process_cost.run_measured(["-c", "1 / 0"])
