"""How many cores this process may use."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Those that this process is bound to (`taskset`, a container's cpuset).

    A container's quota of time (`docker run --cpus`) binds it to none and is not seen.
    """
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1
