"""A model's free output, stripped of what is not the answer: thoughts, Markdown, fences."""

import re

OPENS, CLOSES = "<think>", "</think>"

_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"^[ \t]*```[\w-]*[ \t]*$", re.MULTILINE)
_BOXED = re.compile(r"\\boxed\{(?:\\text\{)?([^{}]*)\}+")
_LATEX = re.compile(r"\\(?:text|mathrm|mathbf)\{([^{}]*)\}|\\[()\[\],;!]|\$")
_TAG = re.compile(r"</?answer>", re.IGNORECASE)
_EMPHASIS = re.compile(r"\*+|__+|`+|(?<!\w)_|_(?!\w)")
_LINE_MARK = re.compile(r"^[ \t]*(?:#+|>|[-+•](?=\s))[ \t]*", re.MULTILINE)
_PLAIN = str.maketrans({"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " ", "\u202f": " "})
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))


class UnparsableAnswerError(ValueError):
    """A text does not hold exactly one answer of the grammar."""


def final_text(output: str) -> str:
    """What a model says after its thoughts, without Markdown.

    A closing `</think>` alone counts too: chat templates may put the opening one into the prompt.

    Raises
    ------
    UnparsableAnswerError
        Nothing is left, or the thoughts never end.
    """
    text = _THOUGHT.sub("\n", output)
    if OPENS in text.lower():
        raise UnparsableAnswerError("the thoughts never end: <think> is not closed")
    text = re.split(CLOSES, text, flags=re.IGNORECASE)[-1]
    text = _TAG.sub("\n", _BOXED.sub(r"\nAnswer: \1\n", _FENCE.sub("", text)))
    text = _LATEX.sub(lambda match: match[1] or " ", text)
    text = _EMPHASIS.sub("", _LINE_MARK.sub("", text)).translate(_PLAIN).translate(_DASHES)
    text = "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()
    if not text:
        raise UnparsableAnswerError("the output is empty")
    return text


def last_lines(text: str, *names: str) -> list[str]:
    """What the lines `<name>: ...` say, in order; a name alone, as a heading, takes the line that follows it."""
    any_name = "|".join(names)
    pattern = re.compile(rf"^(?:final |the )?(?:{any_name})(?: is)?\s*(?::|=|\n)\s*(.*)$", re.IGNORECASE | re.MULTILINE)
    return [match[1].strip() for match in pattern.finditer(text)]


def the_one(found: list[str] | list[int], what: str) -> str | int:
    """The one value that all readings of a text agree on.

    Raises
    ------
    UnparsableAnswerError
        There is none, or they disagree.
    """
    if not found:
        raise UnparsableAnswerError(f"the output names no {what}")
    if len(set(found)) > 1:
        raise UnparsableAnswerError(
            f"the output names more than one {what}: {', '.join(map(str, dict.fromkeys(found)))}"
        )
    return found[0]
