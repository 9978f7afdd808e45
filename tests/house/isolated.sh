#!/bin/sh
# Run the suite against the built and installed program, where no network interface exists at all.
# Skips (exit 0, one line that begins "skipped:") where the system refuses such a namespace.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
case $python in /*) ;; *) python=$root/$python ;; esac

if ! reason=$(unshare -rn true 2>&1); then
    echo "skipped: no network namespace here (unshare -rn: ${reason:-refused})"
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# A copy is built: setuptools leaves folders behind, and the tree may be in use.
mkdir "$work/tree" "$work/wheel" "$work/run"
cd "$root"
cp -R matching library devices spectra_app resources pyproject.toml README.md LICENSE "$work/tree"
find "$work/tree" -name __pycache__ -type d -prune -exec rm -rf {} +
(cd "$work/tree" && "$python" -c \
    "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])" \
    "$work/wheel") >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }

# A fresh environment with the wheel in it; the locked dependencies are seen through a path file.
# (Path files inside that folder are not read, so the editable install stays out of sight.)
"$python" -m venv --without-pip "$work/venv"
inside=$work/venv/bin/python
"$python" -m pip --disable-pip-version-check --quiet --python "$inside" \
    install --no-deps --no-index "$work"/wheel/*.whl
"$python" -c "import sysconfig; print(sysconfig.get_path('purelib'))" \
    >"$("$inside" -c "import sysconfig; print(sysconfig.get_path('purelib'))")/locked.pth"

cp -R "$root/tests" "$work/run/tests"
cd "$work/run"
"$inside" - "$work" <<'CHECK'
import sys
import matching, library, devices, spectra_app, resources
for module in (matching, library, devices, spectra_app, resources):
    if not module.__file__.startswith(sys.argv[1]):
        sys.exit(f"the installed copy is not the one that is tested: {module.__file__}")
CHECK

data=${SPECTRA_DATA:-$root/../shared/data}
if [ -d "$data" ]; then
    SPECTRA_DATA=$(cd "$data" && pwd)
    export SPECTRA_DATA
fi
unset PYTHONPATH PYTHONHOME 2>/dev/null || true
PATH=$work/venv/bin:$PATH
export PATH
# Three files judge the source tree, which is not here; every other skip is worth reading.
echo "The installed suite, with no network interface (unshare -rn):"
unshare -rn "$inside" -m pytest -c "$root/pyproject.toml" --rootdir "$work/run" \
    -p no:cacheprovider -q -n "${JOBS:-2}" \
    --ignore tests/house/test_code_rules.py --ignore tests/house/test_floors.py \
    --ignore tests/house/test_packaging.py tests
