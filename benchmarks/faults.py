"""A build under random kills: no row may be lost, be there twice, or differ from one of an undisturbed build.

    python benchmarks/faults.py [--num 20000] [--kills 40] [--mean-s 8]

Whole rows of all classes, with small pictures of few vessels; two processes. At random moments the command itself or
one of its processes is killed (SIGKILL); a killed command is started again, until the build is whole. Then it is
compared with an undisturbed one.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from octa_svr_dataset.publishing.manifest import MANIFEST_NAME, Manifest
from octa_svr_dataset.publishing.shard_files import rows_between
from octa_svr_dataset.publishing.storage import Storage

PRESET = "dr_staging"
SETTINGS = {
    "growth.superficial.iterations": 5,
    "growth.deep.iterations": 5,
    "field_of_view_mm": 1.5,
    "imaging.size_px": 64,
    "imaging.scan_lines": [64, 64],
    "pathology.severity_shares": [0.8, 0.05, 0.05, 0.05, 0.05],
}
"""Examples of 25 ms: healthy ones for the most part, as lesions that cannot be seen are drawn again."""

ROWS_PER_SHARD = 100


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What was done to a build, and what came of it."""

    num_rows: int
    classes: dict[str, int]
    """Number of rows by class."""

    num_commands: int
    """So often the command was started."""

    num_killed_commands: int
    num_killed_processes: int
    num_lost: int
    num_twice: int
    is_equal: bool
    """Whether files and manifest equal those of the undisturbed build, byte by byte."""

    sha256: str
    """Over the manifest of the disturbed build, which holds the hashes of pixels and texts of every file."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num", type=int, default=20_000, help="rows")
    parser.add_argument("--kills", type=int, default=40, help="kills, as far as the build lasts")
    parser.add_argument("--mean-s", type=float, default=8.0, help="mean time between kills, s")
    parser.add_argument("--seed", type=int, default=0, help="seed of the kills")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(disturbed_build(Path(folder), options.num, options.kills, mean_s=options.mean_s, seed=options.seed))


def disturbed_build(folder: Path, num_rows: int, num_kills: int, *, mean_s: float, seed: int) -> Faults:
    """Build under kills, build undisturbed, compare."""
    chance = random.Random(seed)
    killed = {"command": 0, "process": 0}
    num_commands, exit_code = 0, -1
    while exit_code:
        num_commands += 1
        num_before = sum(killed.values())
        command = subprocess.Popen(_command(folder / "disturbed", num_rows), stdout=subprocess.DEVNULL)
        while command.poll() is None and sum(killed.values()) < num_kills:
            time.sleep(chance.expovariate(1 / mean_s))
            kind = chance.choice(["command", "process"])
            victims = [command.pid] if kind == "command" else _children(command.pid)
            if command.poll() is None and victims:
                os.kill(chance.choice(victims), signal.SIGKILL)
                killed[kind] += 1
        exit_code = command.wait()
        if exit_code and sum(killed.values()) == num_before:
            raise SystemExit(f"octa-svr build ended by itself with exit code {exit_code}")
    print(f"built under {killed}, {num_commands} commands", flush=True)
    subprocess.run(_command(folder / "undisturbed", num_rows), check=True, stdout=subprocess.DEVNULL)
    disturbed, undisturbed = (folder / name / PRESET for name in ("disturbed", "undisturbed"))
    stored = (disturbed / MANIFEST_NAME).read_bytes()
    ids = _ids(disturbed)
    return Faults(
        num_rows=num_rows,
        classes=dict(Manifest.from_json(stored, MANIFEST_NAME).classes["train"]),
        num_commands=num_commands,
        num_killed_commands=killed["command"],
        num_killed_processes=killed["process"],
        num_lost=len(set(_ids(undisturbed)) - set(ids)),
        num_twice=len(ids) - len(set(ids)),
        is_equal=_files(disturbed) == _files(undisturbed),
        sha256=hashlib.sha256(stored).hexdigest(),
    )


def _command(out: Path, num_rows: int) -> list[str]:
    sizes = {"train": num_rows, "validation": 0, "test": 0}
    options = [f"--num-{split}={num}" for split, num in sizes.items()]
    options += [f"--out={out}", "--workers=2", f"--rows-per-shard={ROWS_PER_SHARD}"]
    settings = [f"--set={name}={value}" for name, value in SETTINGS.items()]
    return [sys.executable, "-m", "octa_svr_dataset.cli", "build", PRESET, *options, *settings]


def _children(process: int) -> list[int]:
    """Workers of a process; not the tracker of resources, which does no work."""
    listed = Path(f"/proc/{process}/task/{process}/children")
    children = listed.read_text().split() if listed.exists() else []
    return [int(child) for child in children if "spawn_main" in _command_line(child)]


def _command_line(process: str) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def _ids(folder: Path) -> list[str]:
    manifest = Manifest.from_json((folder / MANIFEST_NAME).read_bytes(), MANIFEST_NAME)
    num_rows, storage = manifest.num["train"], Storage(str(folder))
    return [row["id"] for row in rows_between(manifest, storage, "train", 0, num_rows, ["id"])]


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


if __name__ == "__main__":
    main()
