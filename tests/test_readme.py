"""What the README shows is what its reader gets."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
EXAMPLE = re.compile(r"^```python\n(?P<code>.*?)^```$(?:\n\n```text\n(?P<output>.*?)^```$)?", re.M | re.S)
EXAMPLES = [match.group("code", "output") for match in EXAMPLE.finditer(README.read_text())]


def test_readme_has_examples():
    assert EXAMPLES


@pytest.mark.parametrize(("code", "output"), EXAMPLES)
def test_example_prints_what_the_readme_shows(code, output, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, README.name, "exec"), {})
    assert capsys.readouterr().out == (output or "")
