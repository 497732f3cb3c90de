"""The picture in the README is the one that the project draws."""

import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks import pictures
from bloodtwin_core.pretrained.files import is_shipped

NUMBER = re.compile(r"-?\d+\.\d+")
SAME = 1.0
"""In units of the picture, of which it is 620 wide; other processors round otherwise."""


@pytest.mark.skipif(not is_shipped(), reason="bloodtwin_core/pretrained holds no base model yet")
def test_the_readmes_pictures_are_what_the_project_draws(tmp_path: Path) -> None:
    pictures.main(tmp_path)
    for name in ("forecast_light.svg", "forecast_dark.svg"):
        drawn, kept = (tmp_path / name).read_text(), (pictures.FOLDER / name).read_text()
        assert NUMBER.sub("", drawn) == NUMBER.sub("", kept)
        places = [np.array(NUMBER.findall(svg), dtype=float) for svg in (drawn, kept)]
        np.testing.assert_allclose(*places, atol=SAME)


@pytest.mark.skipif(not is_shipped(), reason="bloodtwin_core/pretrained holds no base model yet")
def test_light_and_dark_differ_in_colours_alone() -> None:
    light, dark = ((pictures.FOLDER / f"forecast_{theme}.svg").read_text() for theme in ("light", "dark"))
    colour = re.compile("#[0-9a-f]{6}|color-scheme: (light|dark)")
    assert light != dark
    assert colour.sub("", light) == colour.sub("", dark)
    assert "prefers-color-scheme" not in light + dark
