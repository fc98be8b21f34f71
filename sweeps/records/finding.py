"""Which folders are sweeps, and for one that is none: what it is instead, and where the sweeps are."""

from __future__ import annotations

from pathlib import Path

from sweeps.errors import InputError
from trainer.errors import few, suggest

RECORDS = "records.jsonl"
_STORAGE = Path("runs")  # where the command line makes sweeps by default


def is_sweep(folder: Path) -> bool:
    """Whether a sweep's ledger is there."""
    return (folder / RECORDS).is_file()


def refuse_repeats(folder: Path) -> None:
    """Refuse the sweeps that a confirmation has made inside another one.

    Raises:
        InputError: ``folder`` is such a one; names the sweep that it belongs to.
    """
    outer = folder.parent.parent
    if folder.parent.name == "confirm" and is_sweep(folder) and is_sweep(outer):
        raise _error(folder, f"holds repeats of {outer.name}, and is no sweep to go further", f"name {_short(outer)}")


def sweeps_in(folder: Path) -> list[Path]:
    """The sweeps right below a folder, by name; none where it cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if is_sweep(path))
    except OSError:
        return []


def no_sweep(folder: Path) -> InputError:
    """The complaint about a folder without a ledger: says what it is, and lists the sweeps that are near."""
    if inside := sweeps_in(folder):
        return _error(folder, f"holds {_sweeps(len(inside))}, and is none itself", f"name one: {few(inside)}")
    outer = next((path for path in folder.resolve().parents if is_sweep(path)), None)
    if outer is not None and folder.exists():
        return _error(folder, f"is {_part(folder.resolve(), outer)}", f"name the sweep's folder: {_short(outer)}")
    if (folder / "sweepwright.json").is_file():
        return _error(folder, "no sweep here: this is an exported model", "name the folder of a sweep")
    missing = not folder.exists()
    what = "there is no such folder" if missing else f"it has no {RECORDS}" if folder.is_dir() else "it is a file"
    near = list(dict.fromkeys(map(str, [*sweeps_in(folder.parent), *sweeps_in(_STORAGE)])))
    mend = "check the path"
    if near:
        named = str(_STORAGE / folder.name)
        mend = f"did you mean {named}?" if named in near else suggest(folder, near, "there are")
    return _error(folder, f"no sweep here: {what}", mend)


def _part(folder: Path, sweep: Path) -> str:
    parts = folder.relative_to(sweep).parts
    if parts[0] != "trials" or len(parts) == 1:
        return f"a part of a sweep, {'/'.join(parts)}"
    return f"{'the folder' if len(parts) == 2 else 'a part'} of the trial {parts[1]}"


def _sweeps(count: int) -> str:
    return "a sweep" if count == 1 else f"{count} sweeps"


def _short(folder: Path) -> Path:
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _error(folder: Path, message: str, mend: str) -> InputError:
    return InputError(message, where=str(folder), mend=mend)
