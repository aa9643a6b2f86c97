"""As much of torchvision as it takes to make the processor of videos: names, no code that computes."""

from pathlib import Path

FILES = {
    "torchvision-0.28.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: torchvision\nVersion: 0.28.0\n",
    "torchvision/__init__.py": "__version__ = '0.28.0'\n",
    "torchvision/io.py": "",
    "torchvision/transforms/__init__.py": """
import enum

InterpolationMode = enum.Enum(
    "InterpolationMode", "NEAREST NEAREST_EXACT BILINEAR BICUBIC BOX HAMMING LANCZOS"
)
from . import functional, v2
""",
    "torchvision/transforms/functional.py": "from . import InterpolationMode\npil_to_tensor = None\n",
    "torchvision/transforms/v2/__init__.py": "from . import functional\n",
    "torchvision/transforms/v2/functional.py": "from torchvision.transforms import InterpolationMode\n",
}


def write_torchvision(folder: Path) -> None:
    """Write it into a folder, for the path of a process of its own."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
