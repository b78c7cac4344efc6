#!/usr/bin/env bash
# Makes .venv from the lock (uv, else pip) and installs the project in it, editable.
# Sourced by demo.sh and test.sh; does nothing when .venv is up to date.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

lock=tools/lock-py311.txt
stamp=.venv/.installed-from
python=$(command -v python3.11 || command -v python3)

if ! cmp -s <(cat "$lock" setup.cfg) "$stamp"; then
  "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || {
    echo "error: the lock is for Python 3.11; found $("$python" --version)" >&2
    exit 2
  }
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  echo "installing from $lock (about a minute with uv)"
  if .venv/bin/python -m pip install -q --disable-pip-version-check uv; then
    .venv/bin/python -m uv pip install -q --python .venv/bin/python -r "$lock" \
      || .venv/bin/python -m pip install -q --disable-pip-version-check -r "$lock"
  else
    .venv/bin/python -m pip install -q --disable-pip-version-check -r "$lock"
  fi
  .venv/bin/python -m pip install -q --disable-pip-version-check \
    --no-deps --no-build-isolation -e .
  cat "$lock" setup.cfg > "$stamp"
fi
export PATH="$PWD/.venv/bin:$PATH"
