"""What is made from the code is what the code makes."""

import re
import subprocess
import sys
from pathlib import Path

from docs.pages import ROOT


def _check(*words: str) -> tuple[int, str]:
    ran = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check", *words],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    return ran.returncode, ran.stdout + ran.stderr


def test_generated_files_are_what_the_code_says() -> None:
    assert _check() == (0, "")


def test_the_readme_s_transcripts_are_what_the_demo_prints() -> None:
    code, said = _check("--transcripts")
    assert (code, said) == (0, "")


def test_every_setting_says_what_it_means() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) > 50
    assert [row[0] for row in rows if not row[1].strip()] == []


def test_env_example_is_what_the_command_prints() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "frontdesk", "settings", "--env-example"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert ran.stdout == (ROOT / ".env.example").read_text(encoding="utf-8")


def test_the_lock_names_only_the_public_registry() -> None:
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    assert set(re.findall(r'registry = "([^"]*)"', lock)) == {"https://pypi.org/simple"}
    addresses = re.findall(r'url = "([^"]*)"', lock)
    assert addresses
    assert [a for a in addresses if not a.startswith("https://files.pythonhosted.org/")] == []
    files = re.findall(r"\{ url = [^}]*\}", lock)
    assert [f for f in files if 'hash = "sha256:' not in f] == []


def test_the_lock_knows_every_dependency_of_the_project() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    locked = {package["name"] for package in lock["package"]}
    needed = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    names = {re.split(r"[\[<>=!;\s]", need)[0].lower().replace("_", "-").replace(".", "-") for need in needed}
    assert names - locked == set()


def test_what_the_container_copies_exists_and_is_let_in() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = [
        word for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE) for word in line.split()[:-1]
    ]
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert [name for name in copied if f"!{name}" not in let_in] == []


def test_the_container_is_not_root_and_asks_readiness() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    last = dockerfile.rpartition("FROM ")[2]
    assert "\nUSER desk\n" in last
    assert "/readyz" in last
    assert "HEALTHCHECK" in last
    assert "FRONTDESK_HTTP=0.0.0.0:8080" in last
    assert "alpine" not in dockerfile.lower()


def test_nothing_of_the_machine_it_was_made_on_is_in_the_pages() -> None:
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / ".ci" / "run", ROOT / "Dockerfile"]:
        found = re.findall(r"/(?:work|root|home)/\w+|/tmp/\w+", Path(path).read_text(encoding="utf-8"))
        assert found == [], path
