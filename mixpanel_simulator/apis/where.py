"""The part of Mixpanel's segmentation expressions that the simulator understands, and no more.

In: the text of ``where``. Out: a predicate over the members of a record. Raises Refusal (400) for an expression that
it can't evaluate: it never ignores one. A comparison with a property that is not there is false.

    or := and ("or" and)*    and := not ("and" not)*    not := "not" not | comparison    comparison := value (op value)?
    value := properties["x"] | behaviors["x"] | number(value) | string(value) | defined(value) | literal | (or)
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from mixpanel_simulator.answers.error_body import Refusal

Record = Mapping[str, Mapping[str, Any]]
Evaluation = Callable[[Record], Any]

TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?)
    |(?P<word>[A-Za-z_]+)|(?P<sign>==|!=|<=|>=|<|>|[()\[\]]))""",
    re.VERBOSE,
)
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
LITERALS = {"true": True, "false": False, "null": None}


def _number(value: Any) -> float | None:
    if isinstance(value, (int, float)):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "number": _number,
    "string": lambda value: None if value is None else str(value),
    "defined": lambda value: value is not None,
}


def _compare(compare: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
    if left is None or right is None:
        return compare is operator.ne and left is not right
    if isinstance(left, str) != isinstance(right, str):
        return compare is operator.ne
    try:
        return compare(left, right)
    except TypeError:
        return False


def _tokens(text: str) -> list[str]:
    tokens, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise Refusal(400, f"Unable to parse where: unexpected {text[place : place + 20]!r} in {text!r}")
        tokens.append(match.group().strip())
        place = match.end()
    return tokens


class _Parser:
    """Reads one expression from its tokens, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)

    def parse(self) -> Evaluation:
        evaluation = self._disjunction()
        if self._tokens:
            raise self._refusal()
        return evaluation

    def _refusal(self) -> Refusal:
        token = self._tokens[0] if self._tokens else "the end"
        return Refusal(400, f"Unable to parse where: unexpected {token} in {self._text!r}")

    def _take(self, *expected: str) -> str | None:
        if self._tokens and self._tokens[0].lower() in expected:
            return self._tokens.pop(0).lower()
        return None

    def _require(self, sign: str) -> None:
        if self._take(sign) is None:
            raise self._refusal()

    def _disjunction(self) -> Evaluation:
        parts = [self._conjunction()]
        while self._take("or"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else lambda record: any(part(record) for part in parts)

    def _conjunction(self) -> Evaluation:
        parts = [self._negation()]
        while self._take("and"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else lambda record: all(part(record) for part in parts)

    def _negation(self) -> Evaluation:
        if self._take("not"):
            negated = self._negation()
            return lambda record: not negated(record)
        left = self._value()
        sign = self._take(*COMPARISONS)
        if sign is None:
            return left
        right, compare = self._value(), COMPARISONS[sign]
        return lambda record: _compare(compare, left(record), right(record))

    def _value(self) -> Evaluation:
        if self._take("("):
            inner = self._disjunction()
            self._require(")")
            return inner
        function = self._take(*FUNCTIONS)
        if function:
            self._require("(")
            argument, apply = self._value(), FUNCTIONS[function]
            self._require(")")
            return lambda record: apply(argument(record))
        scope = self._take("properties", "behaviors")
        if scope:
            self._require("[")
            name = self._literal()
            self._require("]")
            return lambda record: record[scope].get(name)
        literal = self._literal()
        return lambda _record: literal

    def _literal(self) -> Any:
        token = self._tokens[0] if self._tokens else ""
        if token[:1] in {'"', "'"}:
            value: Any = re.sub(r"\\(.)", r"\1", token[1:-1])
        elif token.lower() in LITERALS:
            value = LITERALS[token.lower()]
        elif re.fullmatch(r"-?\d+(\.\d+)?", token):
            value = float(token) if "." in token else int(token)
        else:
            raise self._refusal()
        self._tokens.pop(0)
        return value


def parse_where(text: str) -> Callable[[Record], bool]:
    """Return the predicate that *text* stands for."""
    evaluation = _Parser(text).parse()
    return lambda record: bool(evaluation(record))
