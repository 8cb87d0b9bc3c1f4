"""Configuration of the documentation: ``sphinx-build -W -b html docs docs/_build/html``."""

import re

from docutils import nodes

import sklearn_sparsefit

project = "sklearn_sparsefit"
author = "The sklearn_sparsefit developers"
copyright = author
release = sklearn_sparsefit.__version__
version = release

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
default_role = "py:obj"

autosummary_generate = True
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 2

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("sklearn_sparsefit",),
    "reference_url": {"sklearn_sparsefit": None},
    "within_subsection_order": "ExampleTitleSortKey",
    "capture_repr": (),
    "show_signature": False,
    "write_computation_times": False,
    "abort_on_example_error": True,
}

html_theme = "pydata_sphinx_theme"
html_title = "sklearn_sparsefit"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"getting_started": [], "architecture": [], "references": []}


def link_to_scikit_learn(app, env, node, contnode):
    """Link scikit-learn's names to its pages, whose addresses follow from the names."""
    target = node.get("reftarget", "")
    if not target.startswith("sklearn."):
        return None
    address = f"https://scikit-learn.org/stable/modules/generated/{target}.html"
    return nodes.reference("", "", contnode, internal=False, refuri=address)


def link_to_gallery(app, name, source):
    """Lead links to examples, which in a clone are files, to their pages in the gallery."""
    source[0] = re.sub(r"\]\((?:\.\./)*examples/(\w+\.py)\)", r"](#sphx_glr_auto_examples_\1)", source[0])
    source[0] = re.sub(r"\]\((?:\.\./)*examples\)", "](#gallery)", source[0])


def setup(app):
    app.connect("source-read", link_to_gallery)
    app.connect("missing-reference", link_to_scikit_learn)
