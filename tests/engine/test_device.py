"""Where a backend computes, and what is said when it is not where it should."""

from __future__ import annotations

import pytest
import torch

from engine import device
from engine.backend import BackendSpec

CLASSICAL = BackendSpec("c", "Classic", "", "classical", "none:none")
NETWORK = BackendSpec("n", "Network", "", "gan", "none:none")


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    """Cards that are present, each with its fault."""
    present: dict[str, str | None] = {}
    monkeypatch.setattr(device, "is_present", lambda name: name in present)
    monkeypatch.setattr(device, "fault", lambda name: present[name])
    return present


def test_a_classical_backend_says_why_it_left_the_card_alone() -> None:
    assert device.choose(CLASSICAL, "auto") == ("cpu", None)
    place, why = device.choose(CLASSICAL, "cuda")
    assert place == "cpu"
    assert why == "Classic computes on the CPU only, so cuda was not used"


def test_a_network_takes_a_working_card(cards: dict[str, str | None]) -> None:
    cards["cuda"] = None
    assert device.choose(NETWORK, "auto") == ("cuda", None)


def test_the_processor_is_used_if_asked_for(cards: dict[str, str | None]) -> None:
    cards["cuda"] = None
    assert device.choose(NETWORK, "cpu") == ("cpu", None)


def test_without_a_card_auto_says_nothing_and_a_wish_is_answered(
    cards: dict[str, str | None],
) -> None:
    assert device.choose(NETWORK, "auto") == ("cpu", None)
    assert device.choose(NETWORK, "mps") == (
        "cpu",
        "mps is not available here, so the CPU was used",
    )


def test_a_faulty_card_is_passed_over(cards: dict[str, str | None]) -> None:
    cards.update(cuda="no kernel image", mps=None)
    assert device.choose(NETWORK, "auto") == ("mps", None)
    place, why = device.choose(NETWORK, "cuda")
    assert place == "cpu"
    assert why is not None
    assert "failed its self-test (no kernel image)" in why


def test_the_self_test_passes_on_the_processor() -> None:
    assert device.fault("cpu") is None


def test_the_self_test_finds_a_device_that_computes_nonsense(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device.fault.cache_clear()
    real, calls = torch.bmm, []

    def wrong(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return real(one, other) * (1 if len(calls) > 2 else 1.5)  # the device is tried first

    monkeypatch.setattr(torch, "bmm", wrong)
    try:
        complaint = device.fault("cpu")
    finally:
        device.fault.cache_clear()
    assert complaint is not None
    assert complaint.startswith("results differ")


def test_the_self_test_finds_a_device_that_refuses() -> None:
    complaint = device.fault("meta")
    assert complaint is not None
    assert "\n" not in complaint
