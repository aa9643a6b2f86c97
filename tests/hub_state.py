"""What the stand-in of the Hub holds, and what it is to do wrong."""

import hashlib
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TOKEN = "hf_fake"


@dataclass(kw_only=True)
class Fault:
    """What the Hub does wrong at some requests."""

    method: str
    path: str
    """Pattern that is searched for in the path of a request."""

    status: int | None = None
    """Status of the answer; without one, the connection is dropped once the request has been read."""

    after: int = 0
    """So many matching requests are answered well before."""

    times: int = 1
    """So many are answered badly then."""

    def strikes(self, method: str, path: str) -> bool:
        """Whether this request is to fail."""
        if method != self.method or not re.search(self.path, path) or not self.times:
            return False
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        return True


@dataclass(frozen=True)
class File:
    """One file of a commit."""

    content: bytes
    is_large: bool

    @property
    def oid(self) -> str:
        """What clients compare with their own file: SHA-256 of a large one, git's hash of another."""
        if self.is_large:
            return hashlib.sha256(self.content).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(self.content) + self.content).hexdigest()

    def described(self, path: str) -> dict[str, Any]:
        """The file in a listing."""
        large = {"lfs": {"oid": self.oid, "size": len(self.content), "pointerSize": 134}} if self.is_large else {}
        return {"type": "file", "path": path, "oid": self.oid[:40], "size": len(self.content), **large}


@dataclass
class Repository:
    """A repository with one branch, `main`."""

    private: bool
    commits: dict[str, dict[str, File]] = field(default_factory=lambda: {"0" * 40: {}})
    messages: list[str] = field(default_factory=list)

    @property
    def head(self) -> str:
        return list(self.commits)[-1]

    @property
    def files(self) -> dict[str, File]:
        """The files of `main`, by path."""
        return self.commits[self.head]

    def commit(self, files: dict[str, File], message: str) -> str:
        state = f"{self.head} {len(self.commits)} {sorted((path, file.oid) for path, file in files.items())}"
        self.commits[hashlib.sha1(state.encode()).hexdigest()] = files
        self.messages.append(message)
        return self.head


@dataclass(kw_only=True)
class Hub:
    """What the Hub holds and was asked."""

    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    """By `datasets/org/name` or `models/org/name`."""

    large_files: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each request, also of those that failed."""

    lock: threading.RLock = field(default_factory=threading.RLock)

    def environment(self, folder: Path) -> dict[str, str]:
        """Variables of a client's process; its caches lie in the folder."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_TOKEN": TOKEN,
            "HF_HOME": str(folder / "hf"),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1",
        }
