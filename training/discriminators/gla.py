"""The critic of MPGA + GLA.

Uddin, Jung, Sensors 2020, as in the authors' program of the paper: without the dilation of the
paper's table A3, and with a linear layer behind it. The paper's text speaks of a score for every
element of the features as well; that is `head="volume"`.
"""

from __future__ import annotations

import math

from torch import Tensor, nn

from engine.errors import InvalidInputError
from training.batch import Critic
from training.discriminators.layers import NormedConv, activated, check_size

HEADS = ("linear", "volume")

_WIDENING = (1, 2, 4, 4, 4)
_DROPPED = 0.2


class GlaCritic(Critic):
    """Five strided convolutions, then one score for the picture or one for each feature.

    It sees the picture only. In training, a fifth of the features is dropped at random.

    Args:
        size: side of the crops.
        head: "linear" or "volume"; with the latter pictures of any size can be judged.
        base: channels of the first convolution.
    """

    def __init__(self, size: int, *, head: str = "linear", base: int = 64) -> None:
        super().__init__()
        if head not in HEADS:
            raise InvalidInputError(f"head is {head!r}; it must be one of {', '.join(HEADS)}")
        self.size = size
        widths = [base * factor for factor in _WIDENING]
        self.convolutions = nn.ModuleList(
            NormedConv(inputs, outputs, 5, stride=2, margin=2).normed()
            for inputs, outputs in zip([3, *widths], widths, strict=False)
        )
        self.dropout = nn.Dropout(_DROPPED)
        side = math.ceil(size / 2 ** len(widths))
        self.linear = nn.Linear(widths[-1] * side**2, 1) if head == "linear" else None

    def forward(
        self, image: Tensor, known: Tensor, hole: Tensor, keypoints: Tensor | None = None
    ) -> Tensor:
        """Scores, (B, 1), or (B, channels, H / 32, W / 32) from the volume; see `Critic`.

        Raises:
            InvalidInputError: if the linear layer was built for another size.
        """
        del known, hole, keypoints
        if self.linear is not None:
            check_size(image, self.size, "gla")
        x: Tensor = image
        for conv in self.convolutions:
            x = activated(conv(x))
        x = self.dropout(x)
        if self.linear is None:
            return x
        scores: Tensor = self.linear(x.flatten(1))
        return scores
