"""A Dockerfile as far as it can be followed without a container engine.

In: the Dockerfile and the .dockerignore beside it. Out: its stages, the files that a build would be sent, and the last
stage's files, copied to where an image would hold them below another root. Bases are not looked at.
"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import NamedTuple


class Instruction(NamedTuple):
    """One instruction: its keyword, and the text behind it."""

    keyword: str
    text: str


@dataclass(frozen=True)
class Recipe:
    """How one image is made; *directory* is the build's context."""

    directory: Path

    def stages(self) -> list[list[Instruction]]:
        """Return the instructions of each stage; ARG before the first FROM belongs to none."""
        stages: list[list[Instruction]] = []
        for instruction in self.instructions():
            if instruction.keyword == "FROM":
                stages.append([])
            if stages:
                stages[-1].append(instruction)
        return stages

    def instructions(self) -> Iterator[Instruction]:
        """Yield all instructions, continued lines joined."""
        lines = (self.directory / "Dockerfile").read_text().splitlines()
        text = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", "")
        for line in filter(None, text.splitlines()):
            keyword, _, rest = line.partition(" ")
            yield Instruction(keyword, " ".join(rest.split()))

    def only(self, keyword: str) -> str:
        """Return the text of the last stage's one instruction of a kind."""
        [text] = [instruction.text for instruction in self.stages()[-1] if instruction.keyword == keyword]
        return text

    def entrypoint(self) -> list[str]:
        """Return the command that the image runs."""
        return [str(word) for word in json.loads(self.only("ENTRYPOINT"))]

    def context(self) -> set[PurePath]:
        """Return the files that the build would be sent, relative to the directory."""
        everything, *patterns = (self.directory / ".dockerignore").read_text().split()
        if everything != "*":
            raise ValueError(f"{self.directory}/.dockerignore must begin with *, so that nothing is sent unnamed")
        named = [path for p in patterns if p.startswith("!") for path in self.directory.glob(p[1:])]
        within = [inner for path in named for inner in ([path] if path.is_file() else path.rglob("*"))]
        files = [path.relative_to(self.directory) for path in within if path.is_file()]
        return {path for path in files if not _is_ignored(path, patterns)}

    def copy_to(self, root: Path) -> None:
        """Follow the last stage's COPY instructions, but for those from other stages; raise where one finds nothing."""
        context = self.context()
        for keyword, text in self.stages()[-1]:
            if keyword != "COPY" or text.startswith("--from="):
                continue
            *sources, target = shlex.split(text)
            for source in sources:
                found = [path for path in context if _is_within(path, source)]
                if not found:
                    raise FileNotFoundError(f"COPY {text}: the context has no {source}")
                for path in found:
                    inner = path.relative_to(source) if (self.directory / source).is_dir() else path.name
                    placed = root / target.lstrip("/") / inner
                    placed.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(self.directory / path, placed)


def _is_within(path: PurePath, pattern: str) -> bool:
    """Tell whether *path* or a directory that it lies in is named by *pattern*; `*` stays within one name."""
    if pattern.startswith("**/"):
        return any(fnmatchcase(part, pattern[3:]) for part in path.parts)
    names = PurePath(pattern).parts
    return len(path.parts) >= len(names) and all(map(fnmatchcase, path.parts, names))


def _is_ignored(path: PurePath, patterns: list[str]) -> bool:
    ignored = False
    for pattern in patterns:
        if _is_within(path, pattern.lstrip("!")):
            ignored = not pattern.startswith("!")
    return ignored
