"""The report in a browser: it draws in light and dark, and fits a phone. Skipped where there is no Chromium."""

from __future__ import annotations

import struct
import zlib
from html import escape
from pathlib import Path

import pytest

from integration_tests.command.browser import CHROMIUM, DARK, browse
from integration_tests.command.command_run import run, write_config
from mixpanel_simulator import Fault, Scenario, start_simulator

GROUNDS = {"light": (0xF6, 0xF5, 0xF2), "dark": (0x13, 0x12, 0x18)}
# A phone's width in a page of its own, since a window can't be as narrow; what is too wide is told in the title.
PHONE = """<!doctype html><title>not measured</title>
<iframe style="border:0;width:390px;height:800px" srcdoc="{page}"></iframe>
<script>onload = () => {{
  const view = document.querySelector('iframe').contentDocument.documentElement;
  document.title = view.scrollWidth + ' of ' + view.clientWidth;
}}</script>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the report of a sync in which a request was cut and the profiles were refused."""
    folder = tmp_path_factory.mktemp("report")
    with start_simulator(Scenario(days=20, events_per_day=30, profiles=20)) as simulator:
        simulator.add_fault(Fault("cut_gzip", path="export", times=1))
        simulator.add_fault(Fault("status", path="engage", status=402, times=None))
        config = write_config(folder, simulator)
        ended = run("sync", folder / "m.duckdb", "--config", config, "--report", folder / "report.html", "--quiet")
    assert ended.exit_code == 1
    return folder / "report.html"


def size_and_corner(png: bytes) -> tuple[tuple[int, int], tuple[int, ...]]:
    """Return an image's size, and the colour of its first pixel, which every filter of PNG leaves as it is."""
    width, height = struct.unpack(">II", png[16:24])
    parts, at = b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        parts += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    return (width, height), tuple(zlib.decompress(parts)[1:4])


def test_report_tells_of_the_sync(page: Path) -> None:
    """The page holds what happened, whether there is a browser or not."""
    text = page.read_text(encoding="utf-8")
    assert "600 rows in the database" in text
    assert "Mixpanel returned 402" in text
    assert 'class="pause"' in text
    assert "$mp_web_page_view" in text


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here: apt-get install chromium")
@pytest.mark.parametrize("width", [1200, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report_in_a_browser(page: Path, width: int, scheme: str, tmp_path: Path) -> None:
    """It is drawn at this width in this scheme, on the scheme's ground."""
    picture = tmp_path / "picture.png"
    flags = [f"--screenshot={picture}", f"--window-size={width},1500", *(DARK if scheme == "dark" else [])]
    browse(page, tmp_path / "profile", *flags)
    assert size_and_corner(picture.read_bytes()) == ((width, 1500), GROUNDS[scheme])
    assert picture.stat().st_size > 30_000  # an empty page has 10,000


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here: apt-get install chromium")
def test_report_fits_a_phone(page: Path, tmp_path: Path) -> None:
    """Nothing is wider than the screen of a phone."""
    phone = tmp_path / "phone.html"
    phone.write_text(PHONE.format(page=escape(page.read_text(encoding="utf-8"))), encoding="utf-8")
    dom = browse(phone, tmp_path / "profile", "--dump-dom")
    assert "<title>390 of 390</title>" in dom
