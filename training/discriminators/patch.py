"""The patch critic with spectral norm that PEN-Net's authors train with.

Zeng, Fu, Chao, Guo, CVPR 2019. Strides and the last layer, without spectral norm, are the released
program's; the paper's table has a stride of 2 in the fourth layer and spectral norm everywhere.
"""

from __future__ import annotations

from torch import Tensor, nn

from engine.errors import InvalidInputError
from training.batch import Critic
from training.discriminators.layers import NormedConv, activated

SMALLEST = 47
"""Side in pixels of the smallest picture that leaves one score."""


class PatchCritic(Critic):
    """Four convolutions and a classifier that slides over them; sees the picture only.

    Args:
        size: side of the crops; only checked, for pictures of any size can be judged.
        base: channels of the first convolution.
    """

    def __init__(self, size: int, *, base: int = 64) -> None:
        super().__init__()
        if size < SMALLEST:
            raise InvalidInputError(
                f"The critic sn-patch cannot judge crops of {size} pixels; it needs {SMALLEST}."
            )
        widths = [base, 2 * base, 4 * base, 8 * base]
        self.convolutions = nn.ModuleList()
        for inputs, outputs, stride in zip([3, *widths], widths, (2, 2, 2, 1), strict=False):
            conv = NormedConv(inputs, outputs, 5, stride=stride, margin=1, bias=False)
            nn.init.normal_(conv.weight, std=0.02)
            self.convolutions.append(conv.normed())
        self.classifier = nn.Conv2d(widths[-1], 1, 5, padding=1)
        nn.init.normal_(self.classifier.weight, std=0.02)
        nn.init.zeros_(self.classifier.bias)  # type: ignore[arg-type]  # there is one

    def forward(
        self, image: Tensor, known: Tensor, hole: Tensor, keypoints: Tensor | None = None
    ) -> Tensor:
        """Scores of overlapping patches, (B, h, w), 27 x 27 of them at 256; see `Critic`."""
        del known, hole, keypoints
        x = image
        for conv in self.convolutions:
            x = activated(conv(x))
        scores: Tensor = self.classifier(x)
        return scores[:, 0]
