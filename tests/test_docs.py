"""The code of the documentation runs, and prints what the documentation shows."""

import doctest
import re
from pathlib import Path

import pytest

import sklearn_sparsefit

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")
plt = pytest.importorskip("matplotlib.pyplot")
pytest.importorskip("pandas")

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if "```pycon" in page.read_text("utf-8"))
CODE = re.compile(r"^```pycon\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def check(test):
    report = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append)
    if report:
        pytest.fail("".join(report), pytrace=False)


def test_user_guide_has_code():
    assert len(PAGES) > 5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_of_page(page):
    code = "\n".join(CODE.findall(page.read_text("utf-8")))
    check(doctest.DocTestParser().get_doctest(code, {}, page.name, str(page), 0))


@pytest.mark.parametrize("name", sklearn_sparsefit.__all__)
def test_examples_of_docstring(name):
    tests = doctest.DocTestFinder().find(getattr(sklearn_sparsefit, name), name)
    tests = [test for test in tests if test.examples]
    assert tests
    for test in tests:
        check(test)
