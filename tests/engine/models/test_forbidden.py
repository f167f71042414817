"""Never from here: attention never borrows what is forbidden, and only attention heeds it."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine import layers, registry
from engine.errors import InvalidInputError, NothingToCopyError
from engine.models.gla import patches as gla_patches
from engine.models.gla.globally import CHANNELS, GlobalAttention
from engine.models.gla.patches import PatchAttention
from engine.models.pennet import attention as pennet_attention
from engine.models.pennet import shifts
from engine.models.pennet.attention import AttentionTransfer, touching
from engine.models.pepsi.attention import borrow, borrowed_weights, usable_patches
from tests.engine.models.test_generators import MODELS, Model, built, generated, picture

if TYPE_CHECKING:
    from engine.backend import BackendSpec
    from engine.generator import Generator

HEEDING = [model for model in MODELS if model.maps == ("source", "weight")]
STRICT = [
    replace(HEEDING[0], id="pepsi-official", configuration={"official": True}),
    replace(HEEDING[0], id="pepsi-cosine", configuration={"similarity": "cosine"}),
    *(
        replace(model, id=f"{model.id}-strict", configuration={"strict": True})
        for model in HEEDING
        if model.id in ("gla", "pennet")
    ),
]
SIZE = (66, 130)
"""A size that is padded."""


DIFFERENT = [model for model in HEEDING if not model.id.startswith("diet")]
"""Diet-PEPSI has PEPSI's attention."""


@pytest.fixture(scope="module", params=[*DIFFERENT, *STRICT], ids=lambda model: model.id)
def network(request: pytest.FixtureRequest) -> Generator:
    return built(request.param)


def left_half(image: Tensor) -> Tensor:
    """Forbids nearly half of a picture, off every grid."""
    marks = image.new_zeros(len(image), 1, *image.shape[-2:])
    marks[..., : image.shape[-1] // 2 - 7] = 1
    return marks


def forbidding(network: Generator, image: Tensor, hole: Tensor, forbidden: Tensor) -> Tensor:
    with torch.inference_mode():
        made: Tensor = network(image, hole, stages=False, forbidden=forbidden).image
    return made


def test_forbidding_nothing_changes_no_bit(network: Generator) -> None:
    image, hole = picture(*SIZE)
    expected = generated(network, image, hole).image
    assert torch.equal(forbidding(network, image, hole, torch.zeros_like(hole)), expected)


def test_what_was_borrowed_most_is_not_borrowed_once_it_is_forbidden(network: Generator) -> None:
    image, hole = picture(*SIZE)
    marks = left_half(image)
    with torch.inference_mode():
        before = network(image, hole, maps=True).maps
        after = network(image, hole, maps=True, forbidden=marks).maps
    assert borrowed_from(before, marks)
    assert not borrowed_from(after, marks)


def borrowed_from(maps: dict[str, Tensor], marks: Tensor) -> bool:
    """Whether any source of any level, strong or weak, lies in what is marked."""
    height, width = marks.shape[-2:]
    found = []
    for name, source in maps.items():
        if name.startswith("source"):
            rows = (source[:, :, 1] * height).long().clamp(max=height - 1)
            columns = (source[:, :, 0] * width).long().clamp(max=width - 1)
            weight = maps[name.replace("source", "weight")]
            found.append(bool(((marks[0, 0][rows, columns] > 0.5) & (weight > 0)).any()))
    return any(found)


def test_forbidding_changes_the_fill(network: Generator) -> None:
    image, hole = picture(*SIZE)
    before = generated(network, image, hole).image
    after = forbidding(network, image, hole, left_half(image))
    assert after.isfinite().all()
    assert not torch.equal(before, after)


def test_each_picture_of_a_batch_has_its_own_marks(network: Generator) -> None:
    image, hole = picture(*SIZE, batch=2)
    marks = left_half(image)
    marks[1] = marks[1].flip(-1)
    together = forbidding(network, image, hole, marks)
    for index in range(2):
        one = slice(index, index + 1)
        alone = forbidding(network, image[one], hole[one], marks[one])
        torch.testing.assert_close(together[one], alone, rtol=0, atol=1e-4)


def test_with_everything_forbidden_the_network_says_so(network: Generator) -> None:
    image, hole = picture(*SIZE)
    with pytest.raises(NothingToCopyError, match="forbidden"):
        forbidding(network, image, hole, torch.ones_like(hole))


def test_a_picture_that_is_all_hole_has_nothing_to_lose(network: Generator) -> None:
    image, hole = picture(64, 64)
    made = forbidding(network, image, torch.ones_like(hole), left_half(image))
    assert made.isfinite().all()


def test_marks_of_another_size_are_refused(network: Generator) -> None:
    image, hole = picture(64, 64)
    with pytest.raises(InvalidInputError, match="the forbidden is"):
        forbidding(network, image, hole, hole[..., 1:])


def test_gradients_stay_finite_with_something_forbidden(network: Generator) -> None:
    image, hole = picture(64, 64)
    wanted = list(network.parameters())
    made = network(image, hole, forbidden=left_half(image)).image
    gradients = torch.autograd.grad(made.square().mean(), wanted, allow_unused=True)
    assert all(each.isfinite().all() for each in gradients if each is not None)


@pytest.mark.parametrize(
    "model", [model for model in MODELS if model not in HEEDING], ids=lambda model: model.id
)
def test_networks_that_copy_nothing_are_not_steered(model: Model) -> None:
    network = built(model)
    image, hole = picture(50, 70)
    expected = generated(network, image, hole).image
    assert torch.equal(forbidding(network, image, hole, torch.ones_like(hole)), expected)


@pytest.mark.parametrize(
    "spec", [spec for spec in registry.specs() if spec.network], ids=lambda spec: spec.id
)
def test_the_registry_knows_which_networks_heed_it(spec: BackendSpec) -> None:
    module, name = spec.network.split(":")
    assert getattr(import_module(module), name).heeds_forbidden is spec.heeds_forbidden


# --- the attentions themselves -------------------------------------------------------------------

CELLS = 14, 18


def noise(channels: int, *, batch: int = 1, factor: int = 1, seed: int = 0) -> Tensor:
    height, width = (factor * side for side in CELLS)
    random = torch.Generator().manual_seed(seed)
    return torch.randn(batch, channels, height, width, generator=random, dtype=torch.float64)


def cells(top: int, bottom: int, left: int, right: int, *, factor: int = 1) -> Tensor:
    marks = torch.zeros(1, 1, *(factor * side for side in CELLS), dtype=torch.float64)
    marks[..., top * factor : bottom * factor, left * factor : right * factor] = 1
    return marks


HOLE, FORBIDDEN = (2, 6, 2, 6), (5, 11, 11, 16)
FAR = (..., slice(0, 8), slice(0, 8))
"""Where neither a query nor a patch laid over it reaches into what is forbidden."""


@pytest.mark.parametrize("how", [{}, {"official": True}, {"squared": False}, {"cosine": True}])
def test_pepsi_borrows_the_same_whatever_is_in_what_is_forbidden(how: dict[str, bool]) -> None:
    hole, forbidden = cells(*HOLE).bool(), cells(*FORBIDDEN).bool()
    features = noise(3)
    other = torch.where(forbidden, noise(3, seed=1) * 50, features)
    first, second = (
        borrow(each, hole, forbidden=forbidden, **how)[0] for each in (features, other)
    )
    torch.testing.assert_close(first[FAR], second[FAR], rtol=0, atol=1e-12)
    free = borrow(features, hole, **how)[0], borrow(other, hole, **how)[0]
    assert (free[0][FAR] - free[1][FAR]).abs().max() > 1e-3


def test_pepsis_weights_of_forbidden_patches_are_exactly_0() -> None:
    hole, forbidden = cells(*HOLE).bool(), cells(*FORBIDDEN).bool()
    usable, _ = usable_patches(hole, forbidden)
    scores = torch.randn(1, 3, 4, usable[0].numel(), generator=torch.Generator().manual_seed(0))
    weights = borrowed_weights(scores, usable.flatten(1)).view(12, *CELLS)
    reach = F.max_pool2d(forbidden.float(), 3, 1)[0, 0] > 0  # by the corner of the patch
    assert (weights[:, :-2, :-2][:, reach] == 0).all()
    torch.testing.assert_close(weights.sum((1, 2)), torch.ones(12))


@pytest.fixture
def many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shifts, "BLOCK_BYTES", 0)
    monkeypatch.setattr(shifts, "FEWEST_ROWS", 7)
    monkeypatch.setattr(pennet_attention, "rows_per_chunk", lambda *_, **__: 7)
    monkeypatch.setattr(gla_patches, "BLOCK_BYTES", 0)


def drawn(module: torch.nn.Module) -> torch.nn.Module:
    random = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(0, 0.3, generator=random)
    return module.double()


@pytest.mark.usefixtures("many_blocks")
@pytest.mark.parametrize("kind", [{}, {"strict": True}, {"released": True}])
def test_gla_pastes_the_same_whatever_is_in_what_is_forbidden(kind: dict[str, bool]) -> None:
    module = drawn(PatchAttention(**({"released": False, "strict": False} | kind)))
    hole, forbidden = cells(*HOLE, factor=8), cells(*FORBIDDEN, factor=8)
    inside = F.interpolate(forbidden, scale_factor=0.25) > 0
    psi = noise(CHANNELS, factor=2)
    other = torch.where(inside, noise(CHANNELS, factor=2, seed=1) * 50, psi)

    def pasted(features: Tensor, marks: Tensor | None) -> Tensor:
        with torch.no_grad():
            made: Tensor = module(features, hole, maps=False, forbidden=marks)[0]
        return made[..., 4:12, 4:12]

    torch.testing.assert_close(pasted(psi, forbidden), pasted(other, forbidden), rtol=0, atol=1e-10)
    assert (pasted(psi, None) - pasted(other, None)).abs().max() > 1e-3


@pytest.mark.parametrize("kind", [{}, {"strict": True}, {"released": True}])
def test_mpga_attends_the_same_whatever_is_in_what_is_forbidden(kind: dict[str, bool]) -> None:
    module = drawn(GlobalAttention(**({"released": False, "strict": False} | kind)))
    hole, forbidden = cells(*HOLE, factor=4), cells(*FORBIDDEN, factor=4)
    psi = noise(CHANNELS)
    other = torch.where(cells(*FORBIDDEN) > 0, noise(CHANNELS, seed=1) * 50, psi)

    def attended(features: Tensor, marks: Tensor | None) -> Tensor:
        with torch.no_grad():
            made: Tensor = module(features, hole, maps=False, forbidden=marks)[0]
        return made[FAR]

    torch.testing.assert_close(attended(psi, forbidden), attended(other, forbidden))
    assert (attended(psi, None) - attended(other, None)).abs().max() > 1e-3


def transferred(low: Tensor, high: Tensor, marks: Tensor | None, **how: bool | int) -> Tensor:
    layer = AttentionTransfer(low.shape[1], refine=False, **how)  # type: ignore[arg-type]
    made: Tensor = layer(low, high, cells(*HOLE, factor=4), forbidden=marks).filled
    return made


WAYS: list[dict[str, bool | int]] = [{}, {"strict": True}, {"cosine": True}, {"patch": 1}]


@pytest.mark.usefixtures("many_blocks")
@pytest.mark.parametrize("gradients", [False, True], ids=["shifted", "plain"])
@pytest.mark.parametrize("how", WAYS)
def test_pennet_transfers_the_same_whatever_is_in_what_is_forbidden(
    how: dict[str, bool | int], gradients: bool
) -> None:
    forbidden = cells(*FORBIDDEN, factor=4)
    low, high = noise(4, factor=2), noise(5) * 0.3
    others = (
        torch.where(cells(*FORBIDDEN, factor=2) > 0, noise(4, factor=2, seed=1) * 1e6, low),
        torch.where(cells(*FORBIDDEN) > 0, noise(5, seed=2) * 3, high),
    )
    with torch.set_grad_enabled(gradients):
        first = transferred(low, high, forbidden, **how)
        second = transferred(*others, forbidden, **how)
        free = transferred(low, high, None, **how), transferred(*others, None, **how)
    torch.testing.assert_close(first[FAR], second[FAR], rtol=0, atol=1e-9)
    assert (free[0][FAR] - free[1][FAR]).abs().max() > 1e-3


@pytest.mark.usefixtures("many_blocks")
@pytest.mark.parametrize("gradients", [False, True], ids=["shifted", "plain"])
def test_pennets_weights_of_forbidden_keys_are_exactly_0(
    gradients: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although no other weight falls below a floor, not even a missing key's."""
    seen: list[Tensor] = []
    take = pennet_attention._Borrowed.take

    def note(self: pennet_attention._Borrowed, where: object, rows: slice, weights: Tensor) -> None:
        spare = 0 if gradients else 1
        seen.append(weights.reshape(-1, CELLS[0], CELLS[1] + spare)[..., : CELLS[1]].clone())
        take(self, where, rows, weights)  # type: ignore[arg-type]

    monkeypatch.setattr(pennet_attention._Borrowed, "take", note)
    forbidden = cells(*FORBIDDEN, factor=4)
    layer = AttentionTransfer(4, refine=False)
    with torch.set_grad_enabled(gradients):
        layer(noise(4, factor=2), noise(5), cells(*HOLE, factor=4), maps=True, forbidden=forbidden)
    weights = torch.cat(seen)
    weights = weights[weights.sum((1, 2)) > 0]  # not the queries of the spare column
    barred = touching(forbidden, CELLS[1])[0, 0]
    assert len(weights) == CELLS[0] * CELLS[1]
    assert (weights[:, barred] == 0).all()
    assert (weights[:, ~barred] > 0).all()


@pytest.mark.usefixtures("many_blocks")
@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("marked", [FORBIDDEN, (0, 14, 6, 18), (0, 14, 0, 18), (0, 1, 0, 1)])
def test_pennets_fast_way_forbids_like_the_plain_one(
    how: dict[str, bool | int], marked: tuple[int, int, int, int]
) -> None:
    low, high, marks = noise(4, factor=2), noise(5) * 0.3, cells(*marked, factor=4)
    with torch.no_grad():
        fast = transferred(low, high, marks, **how)
    slow = transferred(low, high, marks, **how)
    torch.testing.assert_close(fast, slow, rtol=0, atol=1e-11)


def test_a_cell_is_forbidden_if_any_of_its_pixels_is() -> None:
    marks = torch.zeros(1, 1, 8, 12)
    marks[..., 7, 5] = 1
    assert layers.covering(marks, 4)[0, 0].nonzero().tolist() == [[1, 1]]


def test_known_cells_keep_their_bits_whatever_is_forbidden() -> None:
    hole, z = cells(*HOLE).bool(), noise(3)
    made, _ = borrow(z, hole, forbidden=cells(*FORBIDDEN).bool())
    known = (~hole).expand_as(z)
    assert torch.equal(made[known], z[known])
