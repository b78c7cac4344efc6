"""The public names: each is there, is documented, and costs nothing before its use."""

import subprocess
import sys

import pytest

import fakeloc_tf


@pytest.mark.parametrize("name", fakeloc_tf.__all__)
def test_each_name_is_there_and_documented(name):
    value = getattr(fakeloc_tf, name)
    assert value.__name__ == name
    assert value.__doc__
    assert name in dir(fakeloc_tf)


def test_the_list_is_that_of_the_homes():
    assert sorted(fakeloc_tf._HOMES) == sorted(fakeloc_tf.__all__)


def test_other_names_are_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Detecter'"):
        fakeloc_tf.Detecter  # noqa: B018


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys, fakeloc_tf; fakeloc_tf.Detector; "
        "print(*{'tensorflow', 'keras', 'sklearn', 'pandas'} & set(sys.modules))"
    )
    call = [sys.executable, "-c", code]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
