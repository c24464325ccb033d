"""Which rules for commits and titles a repository's files state, and what breaks them."""

from __future__ import annotations

import pytest

from orchestra.core.commit_rules import Commit, Rules, faults, may_state, rules_of

pytestmark = pytest.mark.fast

FLOW = ".github/workflows/lint.yml"
SIGNED = "\n\nSigned-off-by: Ann <ann@example.org>"


@pytest.mark.parametrize(
    ("path", "text", "rules"),
    [
        pytest.param(".github/dco.yml", "require:\n  members: false\n", Rules(signoff=".github/dco.yml"), id="DCO app"),
        pytest.param(FLOW, "    - uses: tim-actions/dco@master\n", Rules(signoff=FLOW), id="DCO action"),
        pytest.param(FLOW, "      uses: christophebedard/dco-check@v1\n", Rules(signoff=FLOW), id="another DCO action"),
        pytest.param(FLOW, "# uses: tim-actions/dco@master\n", Rules(), id="in a comment"),
        pytest.param(FLOW, "    - uses: amannn/action-semantic-pull-request@v5\n", Rules(title=FLOW), id="title action"),
        pytest.param(".github/semantic.yml", "titleOnly: true\n", Rules(title=".github/semantic.yml"), id="title app"),
        pytest.param(FLOW, "    - uses: wagoid/commitlint-github-action@v6\n", Rules(conventional=FLOW), id="commitlint action"),
        pytest.param("commitlint.config.mjs", "export default {extends: ['@commitlint/config-conventional']}",
                     Rules(conventional="commitlint.config.mjs", header="commitlint.config.mjs"), id="commitlint"),
        pytest.param(".commitlintrc.json", '{"rules": {"signed-off-by": [2, "always", "Signed-off-by:"]}}',
                     Rules(signoff=".commitlintrc.json"), id="commitlint wants a sign-off"),
        pytest.param("package.json", '{"commitlint": {"extends": ["@commitlint/config-conventional"], "rules": '
                     '{"header-max-length": [2, "always", 150]}}}', Rules(conventional="package.json"), id="in package.json"),
        pytest.param("package.json", '{"name": "widgets"}', Rules(), id="a package without it"),
        pytest.param(".gitlint", "[general]\ncontrib=contrib-body-requires-signed-off-by\n", Rules(signoff=".gitlint"),
                     id="gitlint"),
        pytest.param(".gitlint", "[general]\n# contrib=contrib-body-requires-signed-off-by\n", Rules(), id="gitlint's sample"),
        pytest.param(".gitlint", "[general]\ncontrib=CT1,CC1\n", Rules(signoff=".gitlint", conventional=".gitlint"),
                     id="gitlint by number"),
        pytest.param("package.json", '{"devDependencies": {"@commitlint/config-conventional": "^19"}}', Rules(),
                     id="a package that is only there"),
        pytest.param("commitlint.config.js", "// extends: ['@commitlint/config-conventional']\nmodule.exports = {extends: ['jira']}",
                     Rules(), id="a form of the team's own"),
        pytest.param(".github/semantic.yml", "commitsOnly: true\n", Rules(), id="title app for commits alone"),
        pytest.param(".github/semantic.yml", "enabled: false\n", Rules(), id="title app that is off"),
        pytest.param(FLOW, "    - uses: amannn/action-semantic-pull-request@v5\n      with:\n        headerPattern: '^X'\n",
                     Rules(), id="titles of another form"),
        pytest.param(".pre-commit-config.yaml", "# - repo: https://github.com/compilerla/conventional-pre-commit\n",
                     Rules(), id="a hook in a comment"),
        pytest.param(".pre-commit-config.yaml", "- repo: https://github.com/compilerla/conventional-pre-commit\n",
                     Rules(conventional=".pre-commit-config.yaml"), id="a hook"),
    ],
)  # fmt: skip
def test_the_rules_that_a_file_states(path: str, text: str, rules: Rules) -> None:
    assert may_state(path)
    assert rules_of({path: text}) == rules


@pytest.mark.parametrize(
    "files",
    [
        {FLOW: "- uses: wagoid/commitlint-github-action@v6\n", "commitlint.config.js": "module.exports = {extends: ['jira']}"},
        {".pre-commit-config.yaml": "  - id: commitizen\n", "pyproject.toml": '[tool.commitizen]\nname = "cz_jira"\n'},
    ],
    ids=["commitlint", "commitizen"],
)  # fmt: skip
def test_where_a_team_has_a_form_of_its_own_none_is_asked_for(files: dict[str, str]) -> None:
    assert rules_of(files) == Rules()


def test_other_files_state_nothing() -> None:
    assert not any(map(may_state, ["README.md", "CONTRIBUTING.md", "src/package.json", ".github/workflows/x/ci.yml"]))


ALL = Rules(signoff="dco.yml", conventional="lint", header="lint", title="title.yml")


@pytest.mark.parametrize(
    ("message", "title", "wrong"),
    [
        pytest.param(f"feat(ui)!: add it{SIGNED}", "feat: add it", [], id="all is well"),
        pytest.param(f"feat: add it{SIGNED.lower()}", None, [], id="the trailer in small letters"),
        pytest.param("feat: add it", None, ["not signed off by their author"], id="no sign-off"),
        pytest.param(
            "feat: add it\n\nSigned-off-by: Rob <rob@example.org>", None, ["not signed off"], id="somebody else's"
        ),
        pytest.param(f"Add it{SIGNED}", None, ["commit messages that lint does not allow"], id="no type"),
        pytest.param(f"feat:add it{SIGNED}", None, ["commit messages"], id="no space"),
        pytest.param(f"feat: {'x' * 100}{SIGNED}", None, ["commit messages"], id="too long"),
        pytest.param(f'Revert "feat: add it"{SIGNED}', None, [], id="the form of a revert is left alone"),
        pytest.param('Revert "feat: add it"', None, ["not signed off"], id="a revert is signed off, too"),
        pytest.param(f"feat: add it{SIGNED}", "Add it", ['the title "Add it"'], id="title"),
        pytest.param("Add it", "Add it", ["not signed off", "commit messages", "the title"], id="everything at once"),
    ],
)
def test_what_breaks_the_rules(message: str, title: str | None, wrong: list[str]) -> None:
    found = faults(ALL, [Commit("ab" * 20, "Ann@example.org", message)], "cd" * 20, title)
    assert [one.what[: len(start)] for one, start in zip(found, wrong, strict=True)] == wrong
    assert not faults(Rules(), [Commit("ab" * 20, "ann@example.org", message)], "cd" * 20, title)


def test_many_commits_are_counted_and_the_way_out_is_a_command() -> None:
    rows = [Commit(f"{n:040}", "ann@example.org", f"feat: {n}") for n in range(8)]
    (found,) = faults(Rules(signoff="dco.yml"), rows, "cd" * 20, None)
    assert found.what.endswith('"feat: 4" and 3 more')
    assert found.hint == "git rebase --signoff cdcdcdcdcdcd, then ship again"
