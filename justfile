# Recipes for developers; `just --list` names them. Needs `pip install -c constraints.txt -e '.[dev]'` once.

# Everything that CI checks except the clean environment
check:
    ruff format --check .
    ruff check .
    mypy
    lint-imports
    pytest -n auto

# Rewrite the code in the project's format and mend what the linter can mend
fmt:
    ruff format .
    ruff check --fix .

# Tests alone; arguments go to pytest
test *ARGS:
    pytest -n auto {{ ARGS }}

# Make a day of traffic, scan it, open the report
demo *ARGS:
    stillwatch demo --out out/demo {{ ARGS }}

# Write docs/reference from the code
reference:
    python tools/reference.py

# Time the sketch kernel against plain hashing
bench-sketch *ARGS:
    python -m benchmarks.sketch.run {{ ARGS }}

# Score detection on labelled worlds made by the tools in RANGE
bench-range RANGE *ARGS:
    python -m benchmarks.range {{ RANGE }} {{ ARGS }}
