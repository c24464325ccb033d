from __future__ import annotations

from pathlib import Path

import pytest
from release import SHARED, faults_of_contents, faults_of_version, shipped, sums, version

pytestmark = pytest.mark.fast

CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-01-01\n\n### Added\n\n- A thing.\n\n## [1.1.0]\n"
SOURCE = ("pyproject.toml", "Makefile", "LICENSE", "CHANGELOG.md", "README.md", "layouts/default.yaml")


@pytest.mark.parametrize(
    ("number", "tag", "fault"),
    [
        ("1.2.0", "", ""),
        ("1.2.0", "v1.2.0", ""),
        ("1.2.0", "v1.3.0", "the tag is v1.3.0, the version 1.2.0"),
        ("1.3.0", "", "CHANGELOG.md says nothing of 1.3.0"),
        ("1.1.0", "", "CHANGELOG.md says nothing of 1.1.0"),
        ("1.2", "", "no version"),
    ],
)
def test_a_version_is_released_with_its_tag_and_its_entry(number: str, tag: str, fault: str) -> None:
    found = [*faults_of_version(number, CHANGELOG, tag)]
    assert (fault in found[0]) if fault else not found


def test_this_version_could_be_released() -> None:
    changelog = (Path(__file__).parents[3] / "CHANGELOG.md").read_text()
    assert [*faults_of_version(version(), changelog, "")] == []


def test_a_wheel_has_every_file_of_the_package_and_no_other() -> None:
    whole = [*shipped(), "orchestra_workers-1.dist-info/METADATA"]
    assert [*faults_of_contents(whole, SOURCE, shipped())] == [f"the wheel lacks {name}" for name in SHARED]
    whole += [f"orchestra_workers-1.data/data/{name}" for name in SHARED]
    assert "orchestra/layouts/default.yaml" in whole
    assert "orchestra/prompts/worker.md" in whole
    assert [*faults_of_contents(whole, SOURCE, shipped())] == []
    less = [name for name in whole if name != "orchestra/prompts/worker.md"]
    assert [*faults_of_contents(less, SOURCE, shipped())] == ["the wheel lacks orchestra/prompts/worker.md"]
    assert [*faults_of_contents([*whole, "tests/x.py"], SOURCE, shipped())] == ["the wheel has tests"]
    assert [*faults_of_contents(whole, SOURCE[1:], shipped())] == ["the source archive lacks pyproject.toml"]


def test_sums_are_those_of_sha256sum(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sums([tmp_path / "a"]) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n"
