"""The settings of one training run: a document that dialog, command line and loop share.

No torch here: the Train dialog fills it in while another process will train.
"""

from __future__ import annotations

import difflib
import tomllib
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, get_args

import msgspec

from engine.errors import InvalidInputError
from engine.pictures.files import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Preset: TypeAlias = Literal["paper", "modern", "quick", "overnight"]
PRESETS: tuple[Preset, ...] = get_args(Preset)

Positive = Annotated[int, msgspec.Meta(ge=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Rate = Annotated[float, msgspec.Meta(gt=0, le=1)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Weight = Annotated[float, msgspec.Meta(ge=0)]

Value: TypeAlias = bool | int | float | str

LOSSES = (
    "l1", "coarse_l1", "coarse_l1_fading", "l1_known_only", "coarse_l1_known_only", "hole_l1",
    "known_l1", "pyramid_l1", "reconstruction", "ssim", "ssim_released", "correlation", "style",
    "hinge", "wasserstein", "relativistic_hinge", "lorentzian", "non_saturating",
)  # fmt: skip
CRITIC_LOSSES = (
    "hinge", "relativistic_hinge", "lorentzian", "wasserstein", "non_saturating",
    "gradient_penalty", "gradient_penalty_masked_squared", "gradient_penalty_squared", "r1",
    "drift",
)  # fmt: skip
"""The names in `training.losses`, which cannot be asked here: that would import torch."""


class TrainingConfig(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Everything that decides a run; the same file, pictures and machine give the same weights.

    Attributes:
        version: of this format.
        backend: id of the generator.
        preset: the recipe that the values below come from, for people.
        data: folder of pictures, searched with its subfolders.
        configuration: keyword arguments of the network's class besides the backend's own.
        start: a file of weights to start from; None starts from random ones.
        critic_start: the same for the critic.
        critic_first: steps in which the critic learns alone, against the generator as it is.
        size: side of the square crops, in pixels.
        batch: pictures a step, over all devices.
        accumulate: parts that a batch is cut into, one after another, to save memory.
        steps: in all.
        masks: a kind that `training.masks` knows, or a folder of mask files (white = hole).
        coverage: least and largest share of the crop that is missing; None as the kind has it.
        flip: mirror half of the crops.
        jitter: largest change of brightness, contrast, saturation and hue; 0 = none.
        critic: a discriminator that `training.discriminators` knows; "" = none.
        losses: weight of each loss of the generator, by name.
        critic_losses: weight of each loss of the critic, by name.
        features: where perceptual losses see with: a file of VGG16 weights, "auto" looks in the
            cache of torch.hub, "random" takes seeded random ones, which the model then says.
        penalty_every: steps between two gradient penalties; their weight grows to match.
        lr: step size of the generator's Adam.
        critic_lr: step size of the critic's.
        betas: Adam's decay rates, of both.
        decay: (share of the steps, factor): from that share on, step sizes are that much smaller.
        ema_half_life: pictures after which the running average has forgotten half.
        precision: "bf16" computes in half precision where the networks allow it.
        device: "auto" takes a graphics card if there is one.
        devices: processes on this machine, one a device.
        nodes: machines.
        workers: processes that decode pictures; None decides by the processor.
        seed: of weights, order, crops and masks.
        held_out: share of the pictures kept for validation.
        validate_every: steps between two validations.
        checkpoint_every: steps between two checkpoints.
        patience: validations without progress after which the run ends; 0 = never.
        time_limit_s: seconds after which the run ends; None = never.
        tensorboard: write the curves for TensorBoard as well, which must be installed.
    """

    version: Literal[1] = 1
    backend: str
    preset: Preset = "paper"
    data: str = ""
    configuration: dict[str, Value] = {}
    start: str | None = None
    critic_start: str | None = None
    critic_first: Count = 0

    size: Annotated[int, msgspec.Meta(ge=32, le=2048)] = 256
    batch: Positive = 8
    accumulate: Positive = 1
    steps: Positive = 1000

    masks: str = "mixed"
    coverage: tuple[Share, Share] | None = None
    flip: bool = True
    jitter: Share = 0.0

    critic: str = ""
    losses: dict[str, Weight]
    critic_losses: dict[str, Weight] = {}
    features: str = "auto"
    penalty_every: Positive = 1
    lr: Rate = 1e-4
    critic_lr: Rate = 1e-4
    betas: tuple[Share, Share] = (0.5, 0.9)
    decay: tuple[tuple[Share, Share], ...] = ()
    ema_half_life: Positive = 10_000
    precision: Literal["fp32", "bf16"] = "fp32"

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    devices: Positive = 1
    nodes: Positive = 1
    workers: Count | None = None
    seed: Count = 0

    held_out: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.05
    validate_every: Positive = 500
    checkpoint_every: Positive = 500
    patience: Count = 0
    time_limit_s: Annotated[float, msgspec.Meta(gt=0)] | None = None
    tensorboard: bool = False


def to_toml(config: TrainingConfig) -> str:
    """The settings as a TOML document that `from_toml` reads; those at their default are left out.

    Tables come last, as TOML wants it. Nothing nests deeper, so no library is needed to write it.
    """
    document = msgspec.to_builtins(config)
    tables = {key: value for key, value in document.items() if isinstance(value, dict)}
    plain = {key: value for key, value in document.items() if key not in tables}
    lines = [f"version = {config.version}"]
    lines += [f"{key} = {_toml(value)}" for key, value in plain.items() if value is not None]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def from_toml(text: str, name: str = "The configuration") -> TrainingConfig:
    """The settings of a TOML document.

    Args:
        text: the document.
        name: what messages call it.

    Raises:
        InvalidInputError: naming the field that is unknown or out of range.
    """
    try:
        return msgspec.convert(tomllib.loads(text), TrainingConfig)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InvalidInputError(f"{name} is no training configuration: {error}.") from error


def save(config: TrainingConfig, path: Path) -> None:
    """Write the settings as a TOML file; all of it or nothing.

    Raises:
        PictureError: if the file cannot be written.
    """
    with replacing(path) as file:
        file.write(to_toml(config).encode())


def load(path: Path) -> TrainingConfig:
    """Read a file that `save` wrote, or one written by hand.

    Raises:
        InvalidInputError: if it cannot be read or is no configuration.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise InvalidInputError(f"“{path}” cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"“{path}” is no text file.") from error
    return from_toml(text, f"“{path.name}”")


def overridden(config: TrainingConfig, words: Iterable[str]) -> TrainingConfig:
    """The settings with `--set NAME=VALUE` words applied.

    `loss.NAME=WEIGHT` and `critic_loss.NAME=WEIGHT` set the weight of one loss, whether the recipe
    has it or not (0 leaves it out); any other name is a field, its value written as in TOML or as a
    bare word.

    Raises:
        InvalidInputError: for an unknown name, with the nearest one, or an unusable value.
    """
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise InvalidInputError(f"“{word}” sets nothing; write it as NAME=VALUE.")
        table, dot, key = name.partition(".")
        if dot and table in _TABLES:
            config = _with_weight(config, table, key, text)
        else:
            config = _with_field(config, name, text)
    return config


_TABLES = {"loss": ("losses", LOSSES), "critic_loss": ("critic_losses", CRITIC_LOSSES)}
_NOT_SET = ("version", "backend", "losses", "critic_losses")


def _with_weight(config: TrainingConfig, table: str, key: str, text: str) -> TrainingConfig:
    field, known = _TABLES[table]
    if key not in known:
        what = table.replace("_", " ")
        raise InvalidInputError(f"There is no {what} “{key}”; {nearest(key, known)}")
    weights: dict[str, float] = getattr(config, field)
    given = {**weights, key: _converted(text, Weight, f"{table}.{key}")}
    kept = {name: weight for name, weight in given.items() if weight != 0}
    return msgspec.structs.replace(config, **{field: kept})


def _with_field(config: TrainingConfig, name: str, text: str) -> TrainingConfig:
    fields = {field.name: field for field in msgspec.structs.fields(TrainingConfig)}
    settable = [key for key in fields if key not in _NOT_SET]
    if name not in settable:
        known = [*settable, *(f"loss.{key}" for key in LOSSES)]
        raise InvalidInputError(f"There is no setting “{name}”; {nearest(name, known)}")
    value = _converted(text, fields[name].type, name)
    return msgspec.structs.replace(config, **{name: value})


def _converted(text: str, kind: object, name: str) -> object:
    try:
        value: object = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    try:
        converted: object = msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InvalidInputError(f"{name} cannot be “{text}”: {error}.") from error
    return converted


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the most similar one, or all of them."""
    known = list(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean “{near[0]}”?" if near else f"it has {', '.join(known) or 'none'}."


def _toml(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    # Booleans, numbers and escaped strings are written alike in JSON and TOML.
    return msgspec.json.encode(value).decode()
