"""Theme files: what each has to give, and what is said of one that does not."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest
from textual.color import Color

import themes

FOLDER = Path(themes.__file__).parent
FILES = sorted(FOLDER.glob("*.toml"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the themes to spoil."""
    for path in FILES:
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(themes, "__file__", str(tmp_path / "__init__.py"))
    themes.themes.cache_clear()
    yield tmp_path
    themes.themes.cache_clear()


def test_every_file_is_a_theme_and_the_default_comes_first():
    names = list(themes.themes())
    assert names[0] == themes.DEFAULT == "dark"
    assert sorted(names) == [path.stem for path in FILES]
    assert themes.MONOCHROME in names


def test_a_new_file_is_a_new_theme_and_nothing_else_changes(folder):
    shutil.copy(folder / "dark.toml", folder / "midnight.toml")
    assert "midnight" in themes.themes()


@pytest.mark.parametrize(
    ("key", "table"), [("primary", "colors"), ("reject", "flow"), ("cursor-style", "flow")]
)
def test_a_missing_colour_is_named_with_its_file(folder, key, table):
    path = folder / "light.toml"
    lines = [text for text in path.read_text().splitlines() if not text.startswith(f"{key} =")]
    path.write_text("\n".join(lines))
    with pytest.raises(themes.ThemeError, match=rf"light\.toml: '{key}' is missing in \[{table}\]"):
        themes.themes()


def test_a_colour_that_nobody_asked_for_is_named_too(folder):
    path = folder / "light.toml"
    path.write_text(path.read_text() + '\nrejekt = "#ff0000"\n')
    with pytest.raises(themes.ThemeError, match=r"light\.toml: 'rejekt' is not known in \[flow\]"):
        themes.themes()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_colour_is_one_and_every_style_too(path):
    data = tomllib.loads(path.read_text())
    for key, value in (*data["colors"].items(), *data["flow"].items()):
        if key.endswith("-style"):
            assert set(value.split()) <= {"none", "bold", "dim", "reverse", "underline", "italic"}, key
        else:
            Color.parse(value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_accepted_rejected_and_plain_text_never_look_alike(path):
    flow = tomllib.loads(path.read_text())["flow"]
    plain = tomllib.loads(path.read_text())["colors"]["foreground"]
    rejected = (flow["reject"], flow["reject-style"])
    assert rejected != (flow["accept"], "none")
    assert rejected != (plain, "none")
    assert (flow["cursor"], flow["cursor-style"]) != (flow["cursor-blurred"], flow["cursor-blurred-style"])


def contrast(one, other):
    """The ratio of two colours' luminance, as WCAG 2 has it."""
    lights = []
    for colour in (one, other):
        parts = [part / 255 for part in Color.parse(colour).rgb]
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        lights.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(lights) + 0.05) / (min(lights) + 0.05)


@pytest.mark.parametrize(
    "path", [p for p in FILES if "#" in p.read_text().split("background =")[1][:4]], ids=lambda p: p.stem
)
def test_text_can_be_read_on_its_ground(path):
    data = tomllib.loads(path.read_text())
    colours, flow = data["colors"], data["flow"]
    ground = colours["background"]
    pairs = [(flow[name], ground) for name in ("accent", "accept", "reject", "warn", "dim")]
    pairs += [
        (colours["foreground"], ground),
        (flow["cursor-text"], flow["cursor"]),
        (flow["cell-text"], flow["cell"]),
    ]
    pairs += [(flow["bar-text"], flow["bar"]), (flow["key"], flow["bar"])]
    for text, below in pairs:
        assert contrast(text, below) >= 4.5, f"{text} on {below}"
