"""Wordings: each statement has a template file, each of its lines is one way to say it.

`templates/dropout/one.j2` holds the wordings of the statement `dropout/one`. Empty lines and those that start with
`{#` are no wordings. A file of the user with that name replaces them, one named `dropout/one+.j2` adds to them.
Lines are rendered in Jinja's sandbox, from strings and lists of strings only; an undefined name is an error. So that
no wording takes for ever or fills the memory, those of the user may not multiply, call, assign or nest loops.
What only puts words in their places, as nearly all wordings do, is joined here to the same text: Jinja takes a
millisecond to compile a line, and a text has some twenty.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

from octa_svr_dataset.errors import InputError

SUFFIX = ".j2"

MORE = "+"
"""At the end of the name of a file of the user that adds wordings."""

LONGEST = 2_000
"""So many characters a wording may have, rendered or not; the longest of ours has some 200."""

FILTERS = ("capitalize", "first", "join", "last", "length", "lower", "title", "trim", "upper")
"""Filters that a wording may use: none of them pads."""

_ALLOWED = (
    *(nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Getattr, nodes.Getitem),
    *(nodes.If, nodes.CondExpr, nodes.For, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Test),
    *(nodes.Concat, nodes.Add, nodes.Sub, nodes.Div, nodes.Filter, nodes.Slice, nodes.Neg),
)
"""What a template may consist of; without products, powers, formats, calls, macros and assignments, it stays short."""

_ENVIRONMENT = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)

_GAP = re.compile(r'\{\{ (?:(\w+)|"([^"{}\\]*)" if (\w+) else "([^"{}\\]*)") \}\}')
"""A place for a word, or for one of two: `{{ area }}`, `{{ "is" if is_one else "are" }}`."""

_MORE_JINJA = re.compile(r"\{[{%#]|\{$")
"""What shows, in the text between such places, that there is more to a wording."""


@dataclass(kw_only=True)
class Wording:
    """One way to say something; compiled when it is first said."""

    file: str
    line: int
    source: str

    def render(self, words: Mapping[str, Any]) -> str:
        """The words, with single spaces between them.

        Raises
        ------
        InputError
            The wording cannot be read or rendered; the message names file and line.
        """
        try:
            text = " ".join(self._filled(words).split())
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise self._refused(str(error)) from None
        if not 0 < len(text) <= LONGEST:
            raise self._refused(f"must say something, in at most {LONGEST} characters; it says {len(text)}")
        return text

    def _filled(self, words: Mapping[str, Any]) -> str:
        """The wording with its words in place."""
        texts, gaps = self._pieces
        parts = texts[:1]
        for (name, one, condition, several), text in zip(gaps, texts[1:], strict=True):
            if (name or condition) not in words:
                return self._template.render(words)
            parts += [str(words[name]) if name else one if words[condition] else several, text]
        return "".join(parts) if texts else self._template.render(words)

    @cached_property
    def _pieces(self) -> tuple[list[str], list[tuple[str, str, str, str]]]:
        """Texts, and the gaps between them; neither where there is more to it."""
        pieces = _GAP.split(self.source)
        texts = pieces[::5]
        is_plain = not any(_MORE_JINJA.search(text) for text in texts)
        return (texts, list(zip(*(pieces[start::5] for start in range(1, 5)), strict=True))) if is_plain else ([], [])

    @cached_property
    def _template(self) -> Template:
        return _ENVIRONMENT.from_string(self.source)

    def names(self) -> set[str]:
        """Names that the wording takes from outside."""
        try:
            return meta.find_undeclared_variables(_ENVIRONMENT.parse(self.source))
        except TemplateSyntaxError as error:
            raise self._refused(str(error)) from None

    def require_bounded(self) -> None:
        """Refuse a wording that may take long or grow large; it is not evaluated, not even its constants."""
        if len(self.source) > LONGEST:
            raise self._refused(f"must have at most {LONGEST} characters, got {len(self.source)}")
        try:
            template = _ENVIRONMENT.parse(self.source)
            parts = list(template.find_all(nodes.Node))
        except TemplateSyntaxError as error:
            raise self._refused(str(error)) from None
        except RecursionError:
            raise self._refused("is nested too deeply") from None
        for part in parts:
            if not isinstance(part, _ALLOWED):
                raise self._refused(
                    f"{type(part).__name__} is not allowed; allowed: names, texts, if, for, and filters"
                )
            if isinstance(part, nodes.Filter) and part.name not in FILTERS:
                raise self._refused(f"unknown filter {part.name!r}; allowed: {', '.join(FILTERS)}")
            if isinstance(part, nodes.For | nodes.Filter) and any(part.find_all(type(part))):
                raise self._refused("loops and filters must not be nested")

    def require_names(self, allowed: set[str]) -> None:
        """Refuse a wording that uses other names."""
        for name in sorted(self.names() - allowed):
            known = f"allowed there: {', '.join(sorted(allowed))}" if allowed else "there are none in this statement"
            raise self._refused(f"unknown name {name!r}; {known}")

    def _refused(self, reason: str) -> InputError:
        return InputError(f"text.templates: {self.file}, line {self.line}: {reason}")


class Wordings:
    """All wordings, those of the user included."""

    def __init__(self, users: Mapping[str, str]) -> None:
        """Read the embedded wordings and those of the user: texts by the names of their files, without `.j2`."""
        self._wordings = {name: wordings_of(name, text) for name, text in embedded_templates().items()}
        for name in sorted(users):  # what replaces comes before what adds
            self._take(name, wordings_of(name, users[name]))

    def _take(self, name: str, wordings: list[Wording]) -> None:
        statement = name.removesuffix(MORE)
        if statement not in self._wordings:
            near = get_close_matches(statement, self._wordings, n=3, cutoff=0.0)
            raise InputError(
                f"text.templates: {name}{SUFFIX} is named after no statement; allowed: {', '.join(near)} and "
                f"{len(self._wordings) - len(near)} others, each with {SUFFIX} or {MORE}{SUFFIX}"
            )
        if not wordings:
            raise InputError(f"text.templates: {name}{SUFFIX} holds no wording; allowed: one a line")
        for wording in wordings:
            wording.require_bounded()
        allowed = set().union(*(wording.names() for wording in embedded_wordings()[statement]))
        for wording in wordings:
            wording.require_names(allowed)
            if not wording.names():
                wording.render({})
        self._wordings[statement] = (self._wordings[statement] if name.endswith(MORE) else []) + wordings

    def statements(self) -> list[str]:
        """Names of all statements."""
        return sorted(self._wordings)

    def of(self, statement: str) -> list[Wording]:
        """Wordings of a statement."""
        return self._wordings[statement]


@cache
def load_wordings(users: tuple[tuple[str, str], ...]) -> Wordings:
    """Wordings with those of the user, given as pairs of file and text; read once."""
    return Wordings(dict(users))


def wordings_of(name: str, text: str) -> list[Wording]:
    """Wordings that a file holds; its name is without `.j2`."""
    return [
        Wording(file=name + SUFFIX, line=number, source=line.strip())
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.strip().startswith("{#")
    ]


@cache
def embedded_templates() -> dict[str, str]:
    """Text of each embedded file, by statement."""
    return dict(sorted(_files_below(resources.files("octa_svr_dataset") / "templates", "")))


@cache
def embedded_wordings() -> dict[str, list[Wording]]:
    """Embedded wordings, by statement."""
    return {name: wordings_of(name, text) for name, text in embedded_templates().items()}


def _files_below(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    files = []
    for entry in folder.iterdir():
        if entry.is_dir():
            files += _files_below(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(SUFFIX):
            files.append((prefix + entry.name.removesuffix(SUFFIX), entry.read_text(encoding="utf-8")))
    return files
