"""Check that a wheel holds all that its users need, and nothing they do not."""

import sys
from pathlib import Path
from zipfile import ZipFile

PACKAGE = "sklearn_sparsefit"

(wheel,) = sys.argv[1:]
names = ZipFile(wheel).namelist()
sources = Path(PACKAGE).rglob("*")
typed = {str(path) for path in sources if path.suffix in {".py", ".pyi", ".pxd"}}
missing = (typed | {f"{PACKAGE}/py.typed"}) - set(names)
assert not missing, f"not in the wheel: {sorted(missing)}"

stubs = {name.removesuffix(".pyi") for name in names if name.endswith(".pyi")}
compiled = {name.split(".")[0] for name in names if name.endswith((".so", ".pyd"))}
assert compiled == stubs | {f"{PACKAGE}/_cyutility"}, "one stub for each compiled module"

assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names), "no licence"
unwanted = [name for name in names if name.endswith((".c", ".pyx"))]
assert not unwanted, f"in the wheel: {unwanted}"
print(f"{wheel}: {len(names)} files, {len(compiled)} of them compiled")
