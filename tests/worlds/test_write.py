"""A written world can be read back and says that it is made up."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from stillwatch.errors import StoreError
from stillwatch.worlds.write import TABLES, write_world
from tests.worlds.small import alone


def test_a_world_survives_the_disk(tmp_path: Path) -> None:
    plan, world = alone("fixed_template", seed=4)
    paths = write_world(world, tmp_path / "new" / "folder", plan, 4)
    for name in TABLES:
        assert pq.read_table(paths[name]).equals(getattr(world, name)), name
    card = json.loads(paths["world"].read_text(encoding="utf-8"))
    assert card["origin"] == "made up by Stillwatch's generator"
    assert card["counts"]["exchanges"] == world.exchanges.num_rows
    assert card["actors"][0]["kind"] == "fixed_template"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    plan, world = alone("plugin")
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(StoreError, match="file"):
        write_world(world, blocked, plan, 0)
