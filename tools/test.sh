#!/usr/bin/env bash
# Sets up and runs the tests: ruff, mypy, pytest. Arguments go to pytest
# (`bash tools/test.sh -m slow` for the slow ones, `-n 0` for one process).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

ruff format --check .
ruff check .
mypy
# A file's tests share fixtures that take seconds: they stay in one process. Files come in
# their order: by number of tests, the few that train would come last, one process alone.
exec python -m pytest -n auto --dist loadfile --no-loadscope-reorder "$@"
