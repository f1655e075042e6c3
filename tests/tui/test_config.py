"""What a person set for good in config.toml, and what is said when that cannot be."""

from __future__ import annotations

import pytest

import tui.config
from tui.config import Config, ConfigError, config_path, load


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_without_a_file_everything_is_as_it_comes(tmp_path):
    assert load(tmp_path / "config.toml") == Config()
    assert load() == Config(), "the tests see nobody's own settings"


def test_the_file_lies_where_the_system_keeps_such_files(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_path() == tmp_path / "flowtui" / "config.toml"


def test_theme_and_keys_are_read(written):
    assert load(written('theme = "light"\n[keys]\nfollow = "F"\nline_down = "down,J"\n')) == Config(
        "light", {"follow": "F", "line_down": "down,J"}
    )


def test_the_example_that_the_module_gives_is_accepted(written):
    example = tui.config.__doc__.split("\n\n", 1)[1]
    config = load(written(example))
    assert config.theme
    assert config.keys


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("theme = ", "cannot be read"),
        ('colour = "red"', "'colour' is not known"),
        ("theme = 3", "'theme' has to be a name in quotes"),
        ("keys = 3", "'keys' has to be a table"),
        ('[keys]\nfolow = "F"', "keys.folow is not an action"),
        ("[keys]\nfollow = 3", "keys.follow has to name keys"),
        ('[keys]\nfollow = ""', "keys.follow has to name keys"),
        ('[keys]\nfollow = "p"', "'p' would mean both"),
        ('[keys]\nfollow = "q"', "'q' would mean both"),
        ('[keys]\nfollow = "x"\nsort = "x"', "'x' would mean both"),
    ],
)
def test_what_cannot_be_is_named_with_its_file(written, text, what):
    path = written(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))
    assert what in str(caught.value)


def test_one_key_may_mean_two_things_in_two_panes(written):
    assert load(written('[keys]\nnext_record = "z"\nsort = "z"')).keys == {"next_record": "z", "sort": "z"}


def test_two_actions_may_swap_their_keys(written):
    assert load(written('[keys]\nfollow = "p"\nproblems = "f"')).keys == {"follow": "p", "problems": "f"}


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "config.toml")
