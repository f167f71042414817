"""Functions that several generators build on, against the plain formulas."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from engine import layers
from engine.errors import Cancelled, InvalidInputError
from engine.generator import Generation, Generator


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("margins", [(3, 2, 1, 4), (0, 5, 0, 5), (6, 6, 4, 4)])
def test_reflection_equals_torch_where_torch_can(margins: tuple[int, int, int, int]) -> None:
    x = normal(2, 3, 7, 9)
    assert torch.equal(layers.reflect_pad(x, margins), F.pad(x, margins, mode="reflect"))


def test_a_reflection_wider_than_the_map_swings_back_and_forth() -> None:
    x = torch.tensor([10.0, 20.0, 30.0]).reshape(1, 1, 1, 3)
    wide = layers.reflect_pad(x, (4, 5, 0, 0))
    assert wide.flatten().tolist() == [10, 20, 30, 20, 10, 20, 30, 20, 10, 20, 30, 20]


def test_a_single_pixel_is_repeated() -> None:
    assert layers.reflect_pad(torch.full((1, 1, 1, 1), 4.0), 2).tolist() == [[[[4.0] * 5] * 5]]


@pytest.mark.parametrize("dilation", [1, 4])
def test_a_reflecting_convolution_keeps_the_size(dilation: int) -> None:
    x = normal(1, 2, 3, 5)
    conv = layers.ReflectConv(2, 6, dilation=dilation)
    plain = F.conv2d(layers.reflect_pad(x, dilation), conv.weight, conv.bias, dilation=dilation)
    assert conv(x).shape == (1, 6, 3, 5)
    assert torch.equal(conv(x), plain)


def test_a_reflecting_convolution_starts_glorot_uniform() -> None:
    torch.manual_seed(0)
    conv = layers.ReflectConv(8, 16)
    bound = (6 / (9 * (8 + 16))) ** 0.5
    assert conv.weight.abs().max() <= bound
    assert conv.weight.abs().max() > 0.95 * bound
    assert not conv.bias.any()


def test_a_stride_of_two_halves_upwards() -> None:
    assert layers.ReflectConv(1, 1, stride=2)(normal(1, 1, 7, 8)).shape == (1, 1, 4, 4)


@pytest.mark.parametrize("is_training", [True, False])
def test_attention_is_the_plain_formula(
    monkeypatch: pytest.MonkeyPatch, *, is_training: bool
) -> None:
    monkeypatch.setattr(layers, "CHUNK_BYTES", 4 * 11 * 2 * 3)  # three rows at a time
    query, key, value = normal(2, 10, 5), normal(2, 11, 5, seed=1), normal(2, 11, 7, seed=2)
    plain = torch.softmax(3 * query @ key.transpose(1, 2), -1) @ value
    with torch.set_grad_enabled(is_training):
        torch.testing.assert_close(layers.attention(query, key, value, 3.0), plain)


def test_a_zeroed_key_counts_in_the_denominator_only() -> None:
    query, key = torch.ones(1, 1, 2), torch.tensor([[[0.0, 0.0], [0.5, 0.5]]])
    value = torch.tensor([[[0.0], [1.0]]])
    with torch.no_grad():
        mixed = layers.attention(query, key, value, 1.0).item()
    assert mixed == pytest.approx(torch.sigmoid(torch.tensor(1.0)).item())


def test_composite_keeps_the_image_bit_for_bit_whatever_was_generated() -> None:
    image, hole = normal(1, 3, 4, 4), torch.zeros(1, 1, 4, 4)
    hole[..., 1:3, 1:3] = 1
    made = torch.full_like(image, float("nan"))
    made[..., 1:3, 1:3] = 5
    mixed = layers.composite(image, hole, made)
    known = (hole == 0).expand_as(image)
    assert torch.equal(mixed[known], image[known])
    assert (mixed[~known] == 5).all()


@pytest.mark.parametrize(("height", "width", "factor"), [(16, 24, 8), (13, 10, 4)])
def test_a_shrunken_hole_is_the_top_left_pixel_of_each_cell(
    height: int, width: int, factor: int
) -> None:
    hole = (normal(2, 1, height, width) > 0).float()
    small = layers.shrink_hole(hole, factor)
    assert small.shape[-2:] == (-(-height // factor), -(-width // factor))
    assert small[0, 0, 1, 1] == hole[0, 0, factor, factor]
    if height % factor == width % factor == 0:
        nearest = F.interpolate(hole, scale_factor=1 / factor, mode="nearest")
        assert torch.equal(small, nearest)


def test_chunks_cover_everything_once_and_beat_each_time() -> None:
    beats: list[None] = []
    with layers.pulsing(lambda: beats.append(None)):
        parts = [list(range(10)[part]) for part in layers.chunks(10, 4)]
    assert parts == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert len(beats) == 3


def test_a_beat_may_stop_the_loop() -> None:
    def stop() -> None:
        raise Cancelled

    with layers.pulsing(stop), pytest.raises(Cancelled):
        list(layers.chunks(3, 1))
    layers.pulse()  # and nobody listens afterwards


class Plain(Generator):
    multiple = 8
    blank = 0.25

    def generate(
        self,
        image: torch.Tensor,
        hole: torch.Tensor,
        *,
        stages: bool,
        maps: bool,
        **inputs: torch.Tensor,
    ) -> Generation:
        return Generation(image, (image[..., ::2, ::2],), {"hole": hole[..., ::4, ::4]})


def test_a_generation_is_cropped_to_the_given_size_its_parts_in_proportion() -> None:
    image, hole = normal(1, 3, 13, 18), torch.zeros(1, 1, 13, 18)
    made = Plain()(image, hole)
    assert torch.equal(made.image, image)
    assert made.stages[0].shape[-2:] == (7, 9)
    assert made.maps["hole"].shape[-2:] == (4, 5)


def test_places_are_shares_of_the_given_picture_not_of_the_padded_one() -> None:
    class Pointing(Plain):
        def generate(
            self,
            image: torch.Tensor,
            hole: torch.Tensor,
            *,
            stages: bool,
            maps: bool,
            **inputs: torch.Tensor,
        ) -> Generation:
            places = image.new_tensor([[0.25, 0.75], [0.5, 0.5]])  # x of both, y of both
            return Generation(image, maps={"source": places.reshape(1, 2, 1, 2)})

    source = Pointing()(normal(1, 3, 16, 10), torch.zeros(1, 1, 16, 10), maps=True).maps["source"]
    # 4 pixels of 10 from the left; 12 lie in the margin and stand for 8.
    assert source[0, 0, 0].tolist() == pytest.approx([0.4, 0.8])
    assert source[0, 1, 0].tolist() == [0.5, 0.5]


def test_a_mask_of_truth_values_is_as_good_as_numbers() -> None:
    image, hole = normal(1, 3, 8, 8), torch.zeros(1, 1, 8, 8)
    hole[..., 2:4, 2:4] = 1
    assert torch.equal(Plain()(image, hole).image, Plain()(image, hole.bool()).image)
    assert (Plain()(image, hole).image[..., 2:4, 2:4] == 0.25).all()


@pytest.mark.parametrize(
    ("image", "hole"),
    [((3, 8, 8), (1, 1, 8, 8)), ((1, 4, 8, 8), (1, 1, 8, 8)), ((2, 3, 8, 8), (1, 1, 8, 8)),
     ((1, 3, 8, 8), (1, 1, 8, 9)), ((1, 3, 8, 8), (1, 3, 8, 8))],
)  # fmt: skip
def test_shapes_that_do_not_fit_are_refused(image: tuple[int, ...], hole: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInputError, match="must be"):
        Plain()(torch.zeros(image), torch.zeros(hole))
