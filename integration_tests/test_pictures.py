"""`make pictures` makes the README's pictures again: the same session and the same report, as of today."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from integration_tests.command.browser import CHROMIUM

ROOT = Path(__file__).resolve().parents[1]
TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here: apt-get install chromium")
def test_pictures_can_be_made_again(tmp_path: Path) -> None:
    """Both come out, small; the recorded session has the progress, the summary and the status on it."""
    subprocess.run([sys.executable, "-m", "docs.make_pictures", tmp_path], cwd=ROOT, check=True, timeout=240)
    assert (tmp_path / "report.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    for made in (tmp_path, ROOT / "docs"):
        shown = " ".join(TEXT.findall((made / "sync.svg").read_text())).replace("&#160;", " ")
        for text in ("of 30 windows", "of 12 pages", "rows/s", "Done", "first day", "Last sync: "):
            assert text in shown
