"""Build the compiled modules; everything else is in pyproject.toml.

Two environment switches, read when the C code is generated:

SPARSEFIT_DEBUG=1
    Check every index and every memoryview, and compile for a debugger.
SPARSEFIT_COVERAGE=1
    Trace lines, for ``coverage`` with the ``Cython.Coverage`` plugin.

Rebuild in place with ``python setup.py build_ext --inplace --force`` after changing a switch, in an environment that
has what ``[build-system]`` in pyproject.toml requires.
"""

import os

from Cython.Build import cythonize
from setuptools import Extension, setup

DEBUG = os.environ.get("SPARSEFIT_DEBUG", "0") != "0"
COVERAGE = os.environ.get("SPARSEFIT_COVERAGE", "0") != "0"

PACKAGE = "sklearn_sparsefit"
SHARED_UTILITY = f"{PACKAGE}._cyutility"

# What a module with loops for wide registers needs.
HEADERS = f"{PACKAGE}/include"
SIMD = {"include_dirs": [HEADERS], "depends": [f"{HEADERS}/_simd.h", f"{HEADERS}/_blocks.h"]}

# Module name, within the package -> what its Extension needs beyond the common options.
EXTENSIONS = {
    "datafit._loss": SIMD,
    "datafit._families": SIMD,
    "datafit._softmax": SIMD,
    "penalty._feature_terms": {},
    "penalty._penalty": SIMD,
    "penalty._bounded_norm": {},
    "design._columns": SIMD,
    "design._dense_pass": SIMD,
    "design._sparse_pass": SIMD,
    "solvers._cholesky": {},
    "solvers._gram_cd": {},
    "solvers._small_model": SIMD,
    "solvers._small_newton": SIMD,
    "solvers._small_softmax": {},
    "solvers._sweeps": SIMD,
    "solvers._prox_grad": {},
    "solvers._block_cd": {},
    "path._bounds": SIMD,
}

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "initializedcheck": DEBUG,
    "cdivision": True,
    "freethreading_compatible": True,
    "linetrace": COVERAGE,
}

# No -ffast-math: certificates need IEEE arithmetic. No -march=native: wheels travel. Loops that choose between two
# numbers use wide registers only where the compiler knows that no signal is raised on what is infinite or not a number.
UNIX_FLAGS = ["-O0", "-g"] if DEBUG else ["-O3", "-fno-trapping-math"]


def extension(name: str, source: str, **options) -> Extension:
    """Describe one compiled module with the options common to all of them."""
    return Extension(
        name,
        [source],
        extra_compile_args=UNIX_FLAGS if os.name == "posix" else [],
        define_macros=[("CYTHON_TRACE_NOGIL", "1")] if COVERAGE else [],
        **options,
    )


def c_folder() -> str | None:
    """Keep one set of C files per switch; ``coverage`` must find its own beside the .pyx."""
    if COVERAGE:
        return None
    return "build/cython-debug" if DEBUG else "build/cython"


extensions = [
    extension(f"{PACKAGE}.{name}", f"{PACKAGE}/{name.replace('.', '/')}.pyx", **options)
    for name, options in EXTENSIONS.items()
]
# The memoryview code that all modules share: Cython writes this source itself.
extensions.append(extension(SHARED_UTILITY, f"{PACKAGE}/_cyutility.c"))

setup(
    ext_modules=cythonize(
        extensions,
        build_dir=c_folder(),
        compiler_directives=DIRECTIVES,
        shared_utility_qualified_name=SHARED_UTILITY,
    ),
    options={"build_ext": {"parallel": os.cpu_count()}},
)
