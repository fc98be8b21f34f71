"""The model of tables: codes of numbers, sizes of embeddings, one row, options that change it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from trainer.tabular_mlp import PiecewiseLinear, embedding_rule, mlp


def test_codes_are_those_of_the_paper() -> None:
    """Equation 1 of Gorishniy et al. 2022: full bins are 1, empty ones 0, and the ends are open."""
    codes = PiecewiseLinear([[0.0, 1.0, 3.0, 7.0]], bins=3)
    numbers = torch.tensor([[0.0], [0.5], [2.0], [7.0], [-1.0], [11.0]])
    expected = [[0, 0, 0], [0.5, 0, 0], [1, 0.5, 0], [1, 1, 1], [-1, 0, 0], [1, 1, 2]]
    torch.testing.assert_close(codes(numbers), torch.cat([torch.tensor(expected), numbers], dim=1))


def test_equal_quantiles_are_one_edge_and_indicators_pass() -> None:
    codes = PiecewiseLinear([[0.0, 0.0, 0.0, 5.0], [2.0, 2.0, 2.0, 2.0]], bins=3)
    assert codes.width == 2
    assert codes(torch.tensor([[2.5, 2.5, 1.0]])).tolist() == [[0.5, 0.5, 2.5, 2.5, 1.0]]


def test_bins_take_quantiles_at_equal_distances() -> None:
    knots = np.linspace(0, 1, 257).tolist()
    codes = PiecewiseLinear([knots], bins=4)
    torch.testing.assert_close(codes.left, torch.tensor([0, 0.25, 0.5, 0.75]))
    assert PiecewiseLinear([knots], bins=1000).width == 256


@pytest.mark.parametrize(("count", "size"), [(2, 2), (10, 6), (100, 21), (100_000, 600)])
def test_embeddings_have_fastais_sizes(count: int, size: int) -> None:
    assert embedding_rule(count) == size


def widths(model: torch.nn.Module) -> list[tuple[int, int]]:
    return [tuple(module.weight.shape) for module in model.modules() if isinstance(module, torch.nn.Linear)]


def test_options_change_the_model() -> None:
    base: dict[str, Any] = {"numbers": 3, "categories": [4, 12], "outputs": 2, "knots": [[0.0, 1.0, 2.0]] * 2}
    small = {"hidden": 8, "layers": 2, "bins": 2}
    # 2 columns of 2 bins, 3 numbers with an indicator, embeddings of 3 and 6.
    assert widths(mlp(**base, **small)) == [(8, 16), (8, 8), (2, 8)]
    assert widths(mlp(**base, **{**small, "numeric": "standard"})) == [(8, 12), (8, 8), (2, 8)]
    assert widths(mlp(**base, **small, embedding_size=1)) == [(8, 9), (8, 8), (2, 8)]
    assert widths(mlp(**base, **small, residual=True)) == [(8, 16), (8, 8), (8, 8), (8, 8), (8, 8), (2, 8)]
    for norm, kind in (("layer", torch.nn.LayerNorm), ("batch", torch.nn.BatchNorm1d)):
        found = [m for m in mlp(**base, **small, norm=norm).modules() if isinstance(m, kind)]  # type: ignore[arg-type]
        assert len(found) == 2
    dropouts = [m.p for m in mlp(**base, **small, dropout=0.4).modules() if isinstance(m, torch.nn.Dropout)]
    assert dropouts == [0.4, 0.4]


def test_tables_of_one_kind_of_columns() -> None:
    ids = torch.tensor([[2], [0]])
    assert mlp(0, [5], 1, hidden=4)(torch.zeros(2, 0), ids).shape == (2, 1)
    assert mlp(1, [], 3, [[0.0, 1.0]], hidden=4)(torch.zeros(2, 1), ids[:, :0]).shape == (2, 3)


def test_a_batch_of_one_row_can_be_trained_on_with_batch_norm() -> None:
    model = mlp(1, [3], 2, [[0.0, 1.0]], hidden=4, norm="batch")
    before = {name: value.clone() for name, value in model.named_buffers()}
    model.train()(torch.ones(1, 1), torch.ones(1, 1, dtype=torch.int64)).sum().backward()
    assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())


def test_the_unknown_category_begins_as_nothing() -> None:
    model = mlp(0, [7, 3], 2)
    assert all(float(embedding.weight[0].detach().abs().sum()) == 0 for embedding in model.embeddings)
