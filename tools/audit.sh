#!/usr/bin/env bash
# Looks every package of the lock up among the known vulnerabilities (pip-audit, in a
# cached environment of its own). Fails if one has an entry, and if one could not be
# looked up: an audit of nothing must not look clean. Arguments go to pip-audit.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
exec uvx pip-audit --strict --no-deps --disable-pip -r tools/lock-py311.txt "$@"
