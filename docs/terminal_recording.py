"""What a terminal showed, as an animated SVG: each screen that stood for a while is a frame.

In: the bytes that a program wrote on a terminal, with the times; out: `Screen`s, and one SVG that needs no script.
Understands the few control sequences that the command's progress uses: carriage return, line up, erase line, colours.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

CONTROL = re.compile(r"\x1b\[(\?\d+[hl]|\d*[AK])|\r|\n")
# A frame that stands shorter is skipped; the last one stands for this long before it begins anew.
SHORTEST_S, LAST_S = 0.2, 7.0
GROUND, INK = (22, 21, 29), (233, 230, 242)
COLOURS = [(255, 107, 117), (95, 211, 138), (242, 193, 78), (155, 130, 255), (240, 111, 182), (45, 196, 180)]
THEME = TerminalTheme(GROUND, INK, [(44, 42, 54), *COLOURS, INK], [(107, 104, 120), *COLOURS, (255, 255, 255)])
FORMAT = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.matrix {{ font-family: ui-monospace, SFMono-Regular, Consolas, "DejaVu Sans Mono", Menlo, monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font: 600 17px system-ui, sans-serif; }}
{styles}
/* frames */
</style>
<defs>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="matrix">{matrix}</g>
</g>
</svg>
"""
MATRIX = re.compile(r"<!--begin-->(.*)<!--end-->", re.DOTALL)
STYLES = re.compile(r"^\.\S+ \{ .* \}$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Screen:
    """What stood on the terminal from *at_s* on, lines with their colours."""

    at_s: float
    lines: tuple[str, ...]


def screens(chunks: Sequence[tuple[float, bytes]]) -> list[Screen]:
    """Return each screen that differs from the one before; a chunk is (seconds, bytes)."""
    lines, row, found = [""], 0, []
    for at_s, chunk in chunks:
        text, at = chunk.decode(), 0
        for control in CONTROL.finditer(text):
            lines[row] += text[at : control.start()]
            at = control.end()
            if control[0] == "\n":
                row += 1
                lines += [""] * (row + 1 - len(lines))
            elif control[0] == "\r":
                continue  # the command erases a line before it writes it anew
            elif control[0].endswith("K"):
                lines[row] = ""
            elif control[0].endswith("A"):
                row -= 1
        lines[row] += text[at:]
        found.append(Screen(at_s, tuple(lines)))
    return found


def standing(found: Sequence[Screen]) -> list[Screen]:
    """Leave out screens that stood too shortly to be seen, and repetitions."""
    seen: list[Screen] = []
    for screen, after in zip(found, [*found[1:], None], strict=True):
        is_short = after is not None and after.at_s - screen.at_s < SHORTEST_S
        if not is_short and (not seen or seen[-1].lines != screen.lines):
            seen.append(screen)
    return seen


def animated_svg(frames: Sequence[Screen], columns: int, title: str) -> str:
    """Return the frames as one SVG, in which each stands as long as it did."""
    rows = max(len(frame.lines) for frame in frames)
    whole_s = frames[-1].at_s - frames[0].at_s + LAST_S
    parts = [_exported(frame, columns, rows, title, f"f{index}") for index, frame in enumerate(frames)]
    styles, groups = [], []
    for index, (frame, svg) in enumerate(zip(frames, parts, strict=True)):
        begin = (frame.at_s - frames[0].at_s) / whole_s
        end = (frames[index + 1].at_s - frames[0].at_s) / whole_s if index + 1 < len(frames) else 1.0
        is_last = index + 1 == len(frames)
        styles.append(_shown(f"f{index}", begin, end, whole_s, is_last=is_last))
        found = MATRIX.search(svg)
        assert found
        groups.append(f'<g class="frame" id="f{index}">{found[1]}</g>')
        styles += STYLES.findall(svg) if index else []
    base = MATRIX.sub("".join(groups).replace("\\", r"\\"), parts[0])
    return base.replace("/* frames */", "\n".join(styles))


def _shown(name: str, begin: float, end: float, whole_s: float, *, is_last: bool) -> str:
    # Where animations are off, the last frame stands.
    still = "" if is_last else " opacity: 0;"
    steps = f"0% {{ opacity: 0 }} {begin:.3%} {{ opacity: 1 }} {end:.3%} {{ opacity: {int(is_last)} }}"
    if begin == 0:
        steps = f"0% {{ opacity: 1 }} {end:.3%} {{ opacity: 0 }}"
    return f"#{name} {{{still} animation: {name} {whole_s:.1f}s step-end infinite; }}\n@keyframes {name} {{ {steps} }}"


def _exported(frame: Screen, columns: int, rows: int, title: str, name: str) -> str:
    console = Console(record=True, width=columns, height=rows, file=io.StringIO(), force_terminal=True)
    for line in (*frame.lines, *[""] * (rows - len(frame.lines))):
        console.print(Text.from_ansi(line, no_wrap=True), soft_wrap=True)
    code_format = FORMAT.replace("{backgrounds}", "<!--begin-->{backgrounds}").replace(
        "{matrix}</g>", "{matrix}</g><!--end-->"
    )
    return console.export_svg(title=title, theme=THEME, code_format=code_format, unique_id=name)
