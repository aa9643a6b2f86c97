"""Lines of the published dataset's files, checked: what is broken raises, and says what is wrong."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from octa_svr_dataset.errors import InputError

_ROLES = {"human": "user", "gpt": "assistant", "system": "system", "user": "user", "assistant": "assistant"}
_IMAGE_TOKEN = "<image>"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def lines(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Number from 1, offset and content of each line that is not blank."""
    offset = 0
    with path.open("rb") as file:
        for line, text in enumerate(file, start=1):
            if text.strip():
                yield line, offset, text
            offset += len(text)


def json_object(text: bytes) -> dict[str, Any]:
    """A line as the object that it holds."""
    try:
        value = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"JSON: {error}") from None
    if not isinstance(value, dict):
        raise InputError(f"JSON: must be an object, got {type(value).__name__}")
    return value


def read_pair(text: bytes) -> dict[str, Any]:
    """A line of the file of pairs: `id`, `image`, and `messages` in place of its conversations."""
    value = json_object(text)
    for field in ("id", "image", "conversations"):
        if not value.get(field) and value.get(field) != 0:
            raise InputError(f"{field}: is missing")
    if not isinstance(value["id"], str | int) or not isinstance(value["image"], str):
        raise InputError(f"id, image: must be text, got {value['id']!r} and {value['image']!r}")
    if "\0" in value["image"]:
        raise InputError(f"image: {value['image']!r} is no path")
    if _SURROGATE.search(text) and not _is_text(json.dumps(value, ensure_ascii=False)):
        raise InputError("JSON: holds half a surrogate pair, which is no character")
    return {"id": str(value["id"]), "image": value["image"], "messages": _messages(value["conversations"])}


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _messages(conversations: Any) -> list[dict[str, str]]:
    """Turns with the roles of chat templates, without the placeholder of the picture."""
    messages = []
    for turn in conversations if isinstance(conversations, list) else [None]:
        if not isinstance(turn, dict) or turn.get("from") not in _ROLES or not isinstance(turn.get("value"), str):
            raise InputError(f"conversations: must be turns with 'from' human or gpt and a 'value', got {turn!r}")
        content = turn["value"].replace(_IMAGE_TOKEN, "").strip()
        if not content:
            raise InputError("conversations: a turn says nothing")
        messages.append({"role": _ROLES[turn["from"]], "content": content})
    roles = [message["role"] for message in messages if message["role"] != "system"]
    if not roles or roles != ["user", "assistant"] * (len(roles) // 2):
        raise InputError(f"conversations: questions and answers must take turns, got {', '.join(roles)}")
    return messages


def metadata_keys(pair: dict[str, Any]) -> list[str]:
    """Under which keys its metadata may stand; the id of a pair is that of its picture and a number, as in `7_q1`."""
    return [f"id {pair['id']}", f"id {re.sub(r'_q[0-9]+$', '', pair['id'])}", f"image {pair['image']}"]
