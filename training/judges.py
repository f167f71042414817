"""Figures that need a network somebody else has trained: FID, LPIPS and the Inception Score.

Their packages and files of weights are used where they lie and never fetched; `missing` says in
one line each what to put where. Values are comparable only among tools with the same weights.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from torchmetrics import Metric

    from training.metrics import Picture

LEAST = 2
"""Pictures that a figure of a whole set needs; those of papers take thousands."""

Networks: TypeAlias = dict[str, nn.Module]
"""What is there of "lpips" (two pictures in [-1, 1] -> their distance), "features" and "logits"
(uint8 pictures -> what Inception v3 sees, for FID, and what it takes them for, for its score)."""


@dataclass(frozen=True, slots=True)
class Judge:
    """A network to judge by.

    Attributes:
        name: a short one.
        figures: what it gives, in words.
        package: that knows the network.
        distribution: what to install for that.
        file: of its weights, in torch's cache.
        address: where that file is published.
    """

    name: str
    figures: str
    package: str
    distribution: str
    file: str
    address: str

    @property
    def path(self) -> Path:
        """Where the weights are looked for."""
        return Path(torch.hub.get_dir()) / "checkpoints" / self.file

    @property
    def lacking(self) -> str | None:
        """What to do to have it, as one sentence; None if it is there."""
        steps = []
        if find_spec(self.package) is None:
            steps.append(f"install the package {self.distribution}")
        if not self.path.is_file():
            steps.append(f"save {self.address} in “{self.path.parent}”")
        if not steps:
            return None
        return f"{self.figures} left out: to have it, {' and '.join(steps)}."


JUDGES = (
    Judge(
        "lpips",
        "LPIPS",
        "torchvision",
        "torchvision",
        "alexnet-owt-7be5be79.pth",
        "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
    ),
    Judge(
        "inception",
        "FID and Inception Score",
        "torch_fidelity",
        "torch-fidelity",
        "weights-inception-2015-12-05-6726825d.pth",
        "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
        "weights-inception-2015-12-05-6726825d.pth",
    ),
)


def missing() -> tuple[str, ...]:
    """One sentence for each judge that is not there."""
    return tuple(judge.lacking for judge in JUDGES if judge.lacking is not None)


def networks() -> Networks:
    """The networks that are there, loaded once for all sets of pictures."""
    makers = {"lpips": _alexnet, "inception": _inception}
    found: Networks = {}
    for judge in JUDGES:
        if judge.lacking is None:
            found |= makers[judge.name](judge)
    return found


class Jury:
    """What the judges say of one set of pictures and their fills."""

    def __init__(self, networks: Networks) -> None:
        self._lpips = networks.get("lpips")
        self._seen = 0
        self._distance: Metric | None = None
        self._score: _InceptionScore | None = None
        if "features" in networks:
            self._distance = _distance(networks["features"])
            self._score = _InceptionScore(networks["logits"])

    @torch.inference_mode()
    def see(self, fill: Picture, original: Picture) -> dict[str, float]:
        """Judge a fill; returns what can be said of it alone."""
        self._seen += 1
        ours, theirs = _tensor(fill), _tensor(original)
        if self._distance is not None and self._score is not None:
            self._distance.update(theirs, real=True)
            self._distance.update(ours, real=False)
            self._score.see(ours)
        if self._lpips is None:
            return {}
        return {"lpips": float(self._lpips(ours / 127.5 - 1, theirs / 127.5 - 1))}

    @torch.inference_mode()
    def of_the_set(self) -> dict[str, float]:
        """What can only be said of all pictures together; empty if they are too few."""
        if self._distance is None or self._score is None or self._seen < LEAST:
            return {}
        return {"fid": float(self._distance.compute()), "inception_score": self._score.value()}


class _InceptionScore:
    """How certain the network is of each picture, and how many things it sees in all of them.

    exp of the mean divergence between p(thing | picture) and p(thing) (Salimans et al. 2016), over
    all pictures at once rather than over ten parts of them.
    """

    def __init__(self, logits: nn.Module) -> None:
        self._logits = logits
        self._certainty: list[float] = []
        self._sum = torch.zeros(())

    def see(self, pictures: Tensor) -> None:
        logarithms = self._logits(pictures).double().log_softmax(dim=1)[0]
        shares = logarithms.exp()
        self._certainty.append(float((shares * logarithms).sum()))
        self._sum = self._sum + shares

    def value(self) -> float:
        share = self._sum / len(self._certainty)
        variety = -float(torch.xlogy(share, share).sum())
        return math.exp(statistics.fmean(self._certainty) + variety)


def _distance(features: nn.Module) -> Metric:
    from torchmetrics.image.fid import FrechetInceptionDistance

    return FrechetInceptionDistance(features)


def _inception(judge: Judge) -> Networks:
    """Inception v3 as FID and the score are defined by."""
    from torchmetrics.image.fid import NoTrainInceptionV3

    layers = {"features": "2048", "logits": "logits_unbiased"}
    return {
        name: NoTrainInceptionV3("inception-v3-compat", [layer], str(judge.path))
        for name, layer in layers.items()
    }


def _alexnet(judge: Judge) -> Networks:
    """AlexNet, read from torch's cache, with the published linear heads (Zhang et al. 2018)."""
    from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

    return {judge.name: LearnedPerceptualImagePatchSimilarity(net_type="alex")}


def _tensor(picture: Picture) -> Tensor:
    """(1, 3, H, W) uint8."""
    return torch.from_numpy(picture).permute(2, 0, 1)[None].contiguous()
