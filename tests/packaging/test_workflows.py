"""The recipes for other machines, which cannot be run here: that they can at least be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from engine import resources
from tests.packaging.scripts import PACKAGING, ROOT

if TYPE_CHECKING:
    from pathlib import Path

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(
        (ROOT / ".github/workflows" / name).read_text("utf-8")
    )
    return document


def commands(workflow: dict[str, Any]) -> list[str]:
    return [
        step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step
    ]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_job_has_a_machine_and_steps_that_do_one_thing(path: Path) -> None:
    for job in read(path.name)["jobs"].values():
        assert job["runs-on"]
        assert all(("run" in step) != ("uses" in step) for step in job["steps"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_target_that_a_workflow_makes_exists(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for command in commands(read(path.name)):
        for target in re.findall(r"^make ([\w-]+)", command):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_file_that_a_workflow_names_exists(path: Path) -> None:
    for command in commands(read(path.name)):
        for name in re.findall(r"packaging[/\\][\w./\\]+", command):
            assert (ROOT / name.replace("\\", "/")).is_file(), name


def test_every_system_builds_tries_and_hands_over_the_bundle() -> None:
    jobs = read("bundle.yml")["jobs"]
    for system in ("linux", "windows", "macos"):
        steps = jobs[system]["steps"]
        said = " ".join(step.get("run", "") for step in steps)
        assert "lacuna.spec" in said or "make bundle" in said
        assert "self-test" in said or "make bundle-test" in said
        assert any("upload-artifact" in step.get("uses", "") for step in steps)
    assert set(jobs["release"]["needs"]) == {"linux", "windows", "macos"}


def test_windows_offers_the_program_for_every_kind_of_picture_that_it_opens() -> None:
    script = (PACKAGING / "windows" / "lacuna.iss").read_text("utf-8")
    assert set(re.findall(r'ValueName: "(\.\w+)"', script)) == resources.PICTURE_ENDINGS
