#!/usr/bin/env bash
# Makes the lock for Python 3.11 anew from setup.cfg. To move one package on:
# `bash tools/lock.sh --upgrade-package NAME`. Needs uv; read the diff before you commit.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
lock=tools/lock-py311.txt

# --output-file keeps the versions that the lock already has.
uv pip compile setup.py --all-extras --python-version 3.11 --no-annotate --no-header \
  --no-emit-index-url --output-file "$lock" "$@" > /dev/null
sed -i '1i # Complete set for Python 3.11 that passes `pip check`; made by tools/lock.sh.' "$lock"
