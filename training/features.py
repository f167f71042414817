"""Perceptual features: the first layers of VGG16, with released weights or seeded random ones.

The weights are those that torchvision publishes; the library itself is not needed, and nothing is
downloaded. Simonyan, Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition", 2015.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import InvalidInputError, WeightsError
from engine.layers import full_precision, wide
from engine.official.importing import read_checkpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training.config import TrainingConfig

FILE = "vgg16_features-amdegroot-88682ab5.pth"
"""Torchvision's name for the authors' own weights, which take colours in 0..255 less their mean."""

SOURCE = f"https://download.pytorch.org/models/{FILE}"

UNIT_VARIANCE = "397923af"
"""Start of the sha256 of torchvision's own weights, trained on inputs of variance 1."""

RANDOM_GAIN = 2.0
"""Random features are that much larger than the colours, as the trained network's are larger still:
correlation and style, which go with the square, are then a few per cent of the reconstruction once
the known part is learned, which is what the paper's weights are for."""

SIDE = 224
"""Every picture is brought to this size first, as in the Region-wise paper's program."""

_MEAN = (0.48235, 0.45882, 0.40784)
_STD = 1 / 255

_WIDTHS = ((64, 64), (128, 128), (256, 256, 256))
"""Channels of the convolutions before each of the three poolings."""

_HASH = re.compile(r"-([0-9a-f]{8})\.\w+$")


class Vgg16(nn.Module):
    """Features of VGG16 at its first three poolings; frozen.

    Layers are numbered as in torchvision's `vgg16().features`: the poolings are 4, 9 and 16.
    """

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for widths in _WIDTHS:
            for width in widths:
                layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU(inplace=True)]
                before = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1), persistent=False)
        self.requires_grad_(requires_grad=False).eval()

    def prepared(self, image: Tensor) -> Tensor:
        """What the first layer is given: 224 x 224, RGB in 0..255 less the mean.

        Args:
            image: (B, 3, H, W) in [-1, 1].
        """
        with full_precision(image.device):
            image = F.interpolate(wide(image), (SIDE, SIDE), mode="bilinear", align_corners=False)
            return ((image + 1) / 2 - self.mean) / _STD

    def forward(self, image: Tensor) -> list[Tensor]:
        """Features of a picture in [-1, 1]; gradients reach it.

        Returns:
            (B, 64, 112, 112), (B, 128, 56, 56), (B, 256, 28, 28), not negative.
        """
        x = self.prepared(image).contiguous(memory_format=torch.channels_last)
        pooled = []
        for layer in self.features:
            x = layer(x)
            if isinstance(layer, nn.MaxPool2d):
                pooled.append(x)
        return pooled


def features(config: TrainingConfig) -> nn.Module:
    """The features that a run's perceptual losses see with.

    Args:
        config: its `features` is "auto" for torch.hub's cache, "random", or a file.

    Raises:
        InvalidInputError: if there is no file, naming the one to download and the way without.
        WeightsError: if the file is damaged or holds something else.
    """
    if config.features == "random":
        return random(config.seed)
    if config.features == "auto":
        return loaded(_cached())
    path = Path(config.features).expanduser()
    if not path.exists():
        raise InvalidInputError(f"“{path}” does not exist. {_remedy()}")
    return loaded(path)


@torch.no_grad()
def random(seed: int) -> Vgg16:
    """The network with random weights, `RANDOM_GAIN` times the colours; same seed, same weights.

    Random features tell textures apart, if less well; a model trained with them says so.
    """
    with torch.random.fork_rng(devices=[]):
        network = Vgg16()  # its first weights are drawn in vain
    source = torch.Generator().manual_seed(seed)
    for layer in network.features:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=source)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]  # there always is one here
    # Without biases the gain of the first layer is that of all.
    next(network.parameters()).mul_(RANDOM_GAIN)
    return _laid_out(network)


def loaded(path: Path) -> Vgg16:
    """The network with the weights of a file.

    Args:
        path: as torchvision publishes it, or a safetensors file of the same tensors; names are
            "features.0.weight" or "0.weight" and so on, others are passed over.

    Raises:
        WeightsError: if the file is not what its name says, or does not fit.
    """
    digest = _sha256(path)
    named = _HASH.search(path.name)
    if named and not digest.startswith(named[1]):
        raise WeightsError(
            f"“{path.name}” is damaged: its sha256 begins with {digest[:8]}, not {named[1]}; "
            "download it again."
        )
    if digest.startswith(UNIT_VARIANCE):
        raise WeightsError(
            f"“{path.name}” is for inputs of variance 1. Its features are so much smaller that the "
            f"correlation and style losses would vanish at the paper's weights. {_remedy()}"
        )
    network = Vgg16()
    network.load_state_dict(_fitting(_state(path), network, path.name))
    return _laid_out(network)


def _cached() -> Path:
    path = Path(torch.hub.get_dir()) / "checkpoints" / FILE
    if not path.exists():
        raise InvalidInputError(f"There are no weights of VGG16 at “{path}”. {_remedy()}")
    return path


def _remedy() -> str:
    return (
        f"Download {SOURCE} by hand and name the file with --set features=FILE, or take random "
        "features with --set features=random, which the model then says of itself."
    )


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"“{path}” cannot be read: {error.strerror}.") from error


def _state(path: Path) -> Mapping[str, object]:
    if path.suffix != ".safetensors":
        return read_checkpoint(path)
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"“{path.name}” is no safetensors file or is cut short.") from error


def _fitting(state: Mapping[str, object], network: Vgg16, name: str) -> dict[str, Tensor]:
    """The tensors of the network, found under either kind of names."""
    found = {}
    for key, own in network.state_dict().items():
        tensor = state.get(key, state.get(key.removeprefix("features.")))
        if not isinstance(tensor, Tensor) or tensor.shape != own.shape:
            what = tuple(tensor.shape) if isinstance(tensor, Tensor) else "missing"
            raise WeightsError(
                f"“{name}” holds no VGG16: {key} should be {tuple(own.shape)} and is {what}. "
                f"{_remedy()}"
            )
        found[key] = tensor.float()
    return found


def _laid_out(network: Vgg16) -> Vgg16:
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
