"""Makes the detector that is shipped, and its model card.

python tools/shipped.py prepare --dfdc CROPS --portraits DIR --out RECORDS
fakeloc train --config configs/shipped.yaml --data RECORDS --run RUN
python tools/shipped.py package --run RUN
python tools/shipped.py report --run RUN --records RECORDS --pairs CSV --out FOLDER
python tools/shipped.py tuning --dfdc CROPS --out TUNING
python tools/shipped.py tries RUN ... --out TRIES
python tools/shipped.py card --figures FOLDER/figures.json --tries TRIES --out CARD
"""

from __future__ import annotations

import sys

from shipped_card import card
from shipped_package import package
from shipped_prepare import prepare, tuning
from shipped_report import report
from shipped_tries import tries

from fakeloc_tf import cli

VERBS = {
    "prepare": prepare,
    "package": package,
    "report": report,
    "tuning": tuning,
    "tries": tries,
    "card": card,
}


def main(argv: list[str] | None = None) -> int:
    """Runs a verb; the exit status."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] not in VERBS:
        print(
            f"usage: python tools/shipped.py {{{'|'.join(VERBS)}}} …", file=sys.stderr
        )
        return 2
    return cli.run(VERBS[argv[0]], argv[1:], prog=f"python tools/shipped.py {argv[0]}")


if __name__ == "__main__":
    sys.exit(main())
