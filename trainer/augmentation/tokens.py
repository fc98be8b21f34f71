"""Texts with some of their tokens hidden."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from trainer.draws import Draws


def hidden(
    ids: torch.Tensor, probability: float, draws: Draws, *, mask: int, pad: int, special: Collection[int]
) -> torch.Tensor:
    """Each token replaced by ``mask`` with this probability, special ones and padding apart.

    Source: word dropout (Iyyer et al. 2015, section 3.2), with the mask as what BERT was taught to see instead.

    Args:
        ids: ``(rows, longest)``, padded on either side.
        probability: of each token.
        draws: for these rows; a token's draw depends on its place in the row, not on the padding.
        mask: what hides.
        pad: what pads.
        special: ids that stay.
    """
    place = (ids != pad).cumsum(dim=1).sub(1).clamp(min=0)
    drawn = torch.from_numpy(draws.uniform("token_dropout", ids.shape[1])).gather(1, place)
    kept = torch.isin(ids, torch.tensor([pad, *special]))
    return ids.masked_fill((drawn < probability) & ~kept, mask)
