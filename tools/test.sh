#!/usr/bin/env bash
# Sets up and runs the tests: ruff, mypy, pytest. Arguments go to pytest
# (`bash tools/test.sh -m slow` for the slow ones).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

ruff format --check .
ruff check .
mypy
exec python -m pytest "$@"
