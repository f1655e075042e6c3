"""What the documentation repeats of the program, and what it points at."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_list_of_keys_is_that_of_the_program():
    made = runpy.run_path(str(ROOT / "docs" / "make_keys.py"))["text"]()
    assert (ROOT / "docs" / "keys.md").read_text() == made, "run `make pictures`"


def test_the_list_of_formats_is_that_of_the_program():
    made = runpy.run_path(str(ROOT / "docs" / "make_formats.py"))["text"]()
    assert (ROOT / "docs" / "formats.md").read_text() == made, "run `make pictures`"


def test_the_page_on_the_language_is_that_of_the_program():
    made = runpy.run_path(str(ROOT / "docs" / "make_language.py"))["text"]()
    assert (ROOT / "docs" / "language.md").read_text() == made, "run `make pictures`"


def test_every_link_to_a_file_leads_to_one():
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
