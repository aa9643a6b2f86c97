"""`gallery.html`: examples as one page that needs nothing beside it."""

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from octa_svr_dataset.publishing.gallery_pixels import WIDEST_LOSSLESS_PX
from octa_svr_dataset.row import LAYER_NAMES
from octa_svr_dataset.version import VERSION

SCRIPTS = ("data.js", "contours.js", "picture.js", "dialogue.js", "plots.js", "filters.js", "page.js")
"""Parts of the page's script, in the order in which they run."""

ORIGINS = {
    "made": "Pictures, layers and healthy twins were made for this page.",
    "stored": "{num} with the layers stored in the folder.",
    "again": "{num} with layers and healthy twins made again from their provenance: the same version, the same pixels.",
    "boxes": "{num} with boxes only: the folder stores no layers, and this version makes other pictures.",
}
"""What the page says of where the layers come from."""

LOSSES = (
    f"Pictures wider than {WIDEST_LOSSLESS_PX} px are compressed with losses too small to see; their layers are exact."
)
"""What the page says where a picture is not shown as it is in every pixel."""


def gallery_html(items: Sequence[Mapping[str, Any]], *, title: str, subtitle: str) -> str:
    """The page.

    Its policy lets the browser load nothing from anywhere, and run no script but its own: text that looks like one is
    shown.

    Parameters
    ----------
    items
        What `octa_svr_dataset.publishing.gallery_item.gallery_item` returns of each row.
    title, subtitle
        What is shown, and more exactly.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    script = "\n".join(_part(name) for name in SCRIPTS)
    style = _part("gallery.css")
    return environment.from_string(_part("gallery.html.j2")).render(
        title=title,
        subtitle=subtitle,
        origins=_origins(items),
        items=items,
        layer_names=LAYER_NAMES,
        script=Markup(script),
        style=Markup(style),
        script_hash=_policy_hash(script),
        style_hash=_policy_hash(style),
        version=VERSION,
    )


def _origins(items: Sequence[Mapping[str, Any]]) -> str:
    counts = Counter(item["origin"] for item in items)
    sentences = [sentence.format(num=counts[origin]) for origin, sentence in ORIGINS.items() if counts[origin]]
    has_losses = any(item["size_px"] > WIDEST_LOSSLESS_PX for item in items)
    return " ".join([*sentences, *([LOSSES] if has_losses else [])])


def _part(name: str) -> str:
    return (resources.files("octa_svr_dataset.publishing") / "gallery_page" / name).read_text(encoding="utf-8")


def _policy_hash(text: str) -> str:
    """Hash by which a content security policy admits an inline script or style."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
