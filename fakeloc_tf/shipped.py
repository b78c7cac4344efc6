"""What `--model` means: a path, or the name of a model of the installation.

A shipped model is a small run folder, `models/shipped/<name>/`, with `SHA256SUMS`
(`tools/shipped.py package` makes it). This module imports nothing heavy.
"""

from __future__ import annotations

import os
from pathlib import Path

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import file_sha256

ROOT = Path(__file__).parent / "models" / "shipped"
# What every verb takes that is given no model.
DEFAULT = "portraits-1"
WEIGHTS = "best.keras"
SUMS = "SHA256SUMS"
CARD = "MODEL_CARD.md"
# What packaging made of the run, see `tools/shipped_package.py`.
PACKAGED = "packaged.json"
# What a run's loaders read: none of it may be there without its sum.
NEEDED = (WEIGHTS, "config.yaml")
READ = (*NEEDED, "calibration.json", "metrics.json", "training_data.json", PACKAGED)

# None = the default one; a text is the name of a shipped model, else a path;
# a `Path` is always a path.
Given = str | os.PathLike[str] | None


def names() -> tuple[str, ...]:
    """Names of the shipped models, the default one first, whether whole or not."""
    found = {path.name for path in ROOT.glob("*/") if (path / WEIGHTS).exists()}
    return (DEFAULT, *sorted(found - {DEFAULT}))


def locate(model: Given) -> Path:
    """Where a model is; loads and checks nothing.

    Args:
        model: name of a shipped model, or a path, which is given back. `./NAME` is a
            path even where a shipped model has this name.

    Raises:
        FakelocError: a shipped model is meant that this installation does not have.
    """
    name = DEFAULT if model is None else model
    if isinstance(name, str) and name in names():
        folder = ROOT / name
        if not (folder / WEIGHTS).is_file():
            raise _not_whole(folder / WEIGHTS, "is missing in this installation")
        return folder
    return Path(name)


def checked(model: Given) -> Path:
    """`locate`; of a shipped model, the SHA-256 of each file that is read.

    Raises:
        FakelocError: a file of it is missing, was changed, or has no sum.
    """
    path = locate(model)
    name = name_of(path)
    if name is None:
        return path
    folder = ROOT / name
    sums = _sums(folder)
    for file in sorted({*NEEDED, *sums, *(f for f in READ if (folder / f).exists())}):
        if file not in sums:
            raise _not_whole(folder / file, f"is not among the sums of {SUMS}")
        if not (folder / file).is_file():
            raise _not_whole(folder / file, "is missing in this installation")
        if (found := file_sha256(folder / file)) != sums[file]:
            raise _not_whole(
                folder / file,
                f"was changed or is damaged: its SHA-256 is {found}, "
                f"{SUMS} has {sums[file]}",
            )
    return path


def name_of(model: Given) -> str | None:
    """Name of the shipped model that is meant, also by its path; None = another one."""
    path = locate(model)
    folder = (path.parent if path.suffix == ".keras" else path).resolve()
    return folder.name if folder.parent == ROOT.resolve() else None


def card_of(model: Given) -> str | None:
    """Where a shipped model's card is, below the folder of the installed packages.

    The full path would tell visitors of a server where it has its files; `fakeloc
    models` says it to the user.
    """
    name = name_of(model)
    if name is None:
        return None
    return (ROOT / name / CARD).relative_to(ROOT.parents[2]).as_posix()


def results_folder(run: Path) -> Path:
    """Where results on a model go by default: into its run, but never into the package.

    Args:
        run: as `locate` gave it.
    """
    name = name_of(run)
    return run if name is None else Path("runs") / name


def write_sums(folder: Path) -> None:
    """Writes `SHA256SUMS`, of every file but the card, as `sha256sum` does."""
    files = sorted(path for path in folder.iterdir() if path.name not in (SUMS, CARD))
    lines = [f"{file_sha256(path)}  {path.name}\n" for path in files]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def _sums(folder: Path) -> dict[str, str]:
    """File name → SHA-256, of `SHA256SUMS`."""
    path = folder / SUMS
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return {name: digest for digest, name in (line.split("  ") for line in lines)}
    except (OSError, ValueError) as error:
        raise _not_whole(path, f"cannot be read ({error})") from error


def _not_whole(path: Path, fault: str) -> FakelocError:
    """An installation that is not what was released, and the way out."""
    return FakelocError(
        f"the shipped model {path.parent.name}: {path} {fault}; install fakeloc-tf "
        "again (`pip install --force-reinstall --no-deps fakeloc-tf`, in a source tree "
        f"`git restore {path.parent}`), or give another model: a run folder or an "
        "export"
    )
