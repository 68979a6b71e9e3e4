"""Recipe ids tell recipes and keys apart; the key cannot be mistaken; the cache folder is set before Numba."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from stillwatch.errors import ConfigurationError
from stillwatch.sketch.recipe import Recipe, derive, recipe_id, require_same


def test_ids_differ_by_recipe_and_by_key() -> None:
    seed = bytes(range(32))
    others = [replace(Recipe(), shingle=2), replace(Recipe(), text_bytes=1024), replace(Recipe(), edge_words=4)]
    ids = {recipe_id(recipe, seed) for recipe in (Recipe(), *others)} | {recipe_id(Recipe(), bytes(32))}
    assert len(ids) == 5
    assert recipe_id(Recipe(), seed) == recipe_id(Recipe(), seed)
    assert seed.hex()[:8] not in recipe_id(Recipe(), seed)


def test_sketches_of_different_recipes_refuse_comparison() -> None:
    require_same("s1-a-b", "s1-a-b")
    with pytest.raises(ConfigurationError, match="s1-a-c was found where s1-a-b is in use"):
        require_same("s1-a-b", "s1-a-c")


def test_all_mistakes_of_a_recipe_are_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Recipe(shingle=0, minhash_size=48, bag_size=100)
    assert len(caught.value.mistakes) == 3


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="31 bytes, it must have 32"):
        derive(bytes(31), "x")


def test_compiled_kernels_go_to_the_given_folder(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from stillwatch.sketch.cache import use_cache; "
        f"use_cache(Path({str(tmp_path)!r})); "
        "import numba; from stillwatch.sketch.hashing import mix; import numpy; mix(numpy.uint64(1))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    assert list((tmp_path / "kernels").rglob("hashing.mix-*.nbi"))
