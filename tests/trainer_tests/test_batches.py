import numpy as np
import pytest

from trainer.batches import batches_from, epoch_order, evaluation_order

LENGTHS = np.random.default_rng(1).integers(1, 128, 1037).astype(np.uint16)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["plain", "bucketed"])
def test_an_epoch_has_every_row_once_and_depends_on_seed_and_epoch_only(lengths: np.ndarray | None) -> None:
    def order(seed: int, epoch: int) -> list[int]:
        np.random.random()
        return epoch_order(1037, 8, seed=seed, epoch=epoch, lengths=lengths).tolist()

    assert sorted(order(0, 0)) == list(range(1037))
    assert order(0, 0) == order(0, 0)
    assert order(0, 0) != order(0, 1)
    assert order(0, 0) != order(1, 0)


def test_bucketing_saves_padding() -> None:
    def padding(lengths: np.ndarray | None) -> int:
        batches = list(batches_from(0, 130, rows=1037, batch_size=8, seed=0, lengths=lengths))
        return sum(int(LENGTHS[b].max()) * len(b) - int(LENGTHS[b].sum()) for b in batches)

    assert padding(LENGTHS) < 0.15 * padding(None)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["plain", "bucketed"])
def test_the_partial_batch_comes_last_and_is_kept(lengths: np.ndarray | None) -> None:
    sizes = [len(b) for b in batches_from(0, 260, rows=1037, batch_size=8, seed=0, lengths=lengths)]
    assert sizes == ([8] * 129 + [5]) * 2


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["plain", "bucketed"])
@pytest.mark.parametrize("step", [0, 1, 129, 130, 131, 300])
def test_a_jump_equals_a_replay(step: int, lengths: np.ndarray | None) -> None:
    def batches(start: int) -> list[list[int]]:
        made = batches_from(start, 333, rows=1037, batch_size=8, seed=3, lengths=lengths)
        return [batch.tolist() for batch in made]

    assert batches(step) == batches(0)[step:]


def test_fewer_rows_than_a_batch() -> None:
    assert [sorted(b.tolist()) for b in batches_from(0, 2, rows=3, batch_size=8, seed=0)] == [[0, 1, 2]] * 2


def test_evaluation_starts_with_the_longest_rows() -> None:
    order = evaluation_order(1037, LENGTHS)
    assert sorted(order.tolist()) == list(range(1037))
    assert (np.diff(LENGTHS[order].astype(int)) <= 0).all()
    assert evaluation_order(3).tolist() == [0, 1, 2]
