"""A hash of this package's own files, so that what other code made is never served from a cache."""

import hashlib
from pathlib import Path


def source_hash(folder: Path = Path(__file__).parent) -> str:
    """Hash over the files of the package: source, templates, presets; 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.parent.name != "__pycache__":
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()[:16]


def cache_hash() -> str:
    """Hash of the code that runs; 16 hexadecimal digits.

    It covers the files both as they were when the package was imported and as they are now: rows
    made by old code after an edit are never served to a process that starts with the new code.
    """
    return hashlib.sha256(f"{_HASH_AT_IMPORT} {source_hash()}".encode()).hexdigest()[:16]


_HASH_AT_IMPORT = source_hash()
