"""All rows, by name. A new one is a line."""

from __future__ import annotations

from scripts.benchmarks.search.optuna_rows import OPTUNA_ROWS
from scripts.benchmarks.search.ours import ours
from scripts.benchmarks.search.peer_rows import PEER_ROWS
from scripts.benchmarks.search.row import Row

ROWS: dict[str, Row] = {
    row.name: row
    for row in (
        ours("random", "random", "random"),
        ours("random-median", "random + median stopping", "random", "median"),
        ours(
            "random-asha4",
            "random + ASHA as Ray Tune has it (stopping, eta 4)",
            "random",
            "asha",
            reduction_factor=4,
            mode="stopping",
        ),
        ours("random-promotion", "random + ASHA with promotion", "random", "asha", mode="promotion"),
        ours("auto", "**auto** (ensemble + ASHA, mode auto)", "auto", "asha"),
        ours("ensemble", "the ensemble, whatever the space + ASHA, mode auto", "ensemble", "asha"),
        ours("ensemble-silent", "the ensemble, but promoted by scores alone", "ensemble", "asha", silent=True),
        ours("rungs-asha", "**a model per rung + ASHA, stopping**", "bayesian", "asha", mode="stopping"),
        ours("rungs-promotion", "**a model per rung + ASHA with promotion**", "bayesian", "asha", mode="promotion"),
        ours("gp-auto", "a Gaussian process alone + ASHA, mode auto", "gp", "asha"),
        ours("rungs-auto", "a model per rung + ASHA, mode auto", "bayesian", "asha", mode="auto"),
        ours("rungs-hyperband", "a model per rung + Hyperband of ours", "bayesian", "hyperband"),
        ours("rungs-pasha", "a model per rung + PASHA", "bayesian", "pasha"),
        ours("rungs-median", "a model per rung + median stopping", "bayesian", "median"),
        ours("rungs", "our TPE without early stopping", "bayesian"),
        *OPTUNA_ROWS,
        *PEER_ROWS,
    )
}


def chosen_rows(names: str) -> list[Row]:
    """Rows by names with commas between; ``all`` for all.

    Raises:
        ValueError: there is no such row.
    """
    if names == "all":
        return list(ROWS.values())
    unknown = [name for name in names.split(",") if name not in ROWS]
    if unknown:
        raise ValueError(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    return [ROWS[name] for name in names.split(",")]
