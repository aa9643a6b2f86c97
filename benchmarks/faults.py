"""A build under random kills: no row may be lost, be there twice, or differ from one of an undisturbed build.

    python benchmarks/faults.py [--num 20000] [--kills 24] [--compared 20000]

Whole rows of all classes, with small pictures of few vessels; two processes. The command itself or one of its processes
is killed (SIGKILL) at random moments, spread over the build by the number of files that are there, however quick the
machine is; a killed command is started again, until the build is whole. Then all of its rows are listed and read
against the hashes of its manifest, and files drawn at random are compared with the same ones of a build that was left
alone, in one process.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from octa_svr_dataset.publishing.check import CheckTask, problems_of_shard
from octa_svr_dataset.publishing.manifest import MANIFEST_NAME, BuildPlan, Manifest
from octa_svr_dataset.publishing.shard_files import rows_between
from octa_svr_dataset.publishing.stages import ShardTask, make_shard
from octa_svr_dataset.publishing.storage import Storage

PRESET = "dr_staging"
SETTINGS = {
    "growth.superficial.iterations": 0,
    "growth.deep.iterations": 0,
    "growth.trunks": "scattered",
    "growth.trees_per_kind": 2,
    "field_of_view_mm": 1.5,
    "imaging.size_px": 64,
    "imaging.scan_lines": [64, 64],
    "pathology.severity_shares": [0.98, 0.005, 0.005, 0.005, 0.005],
}
"""Examples of about 15 ms: most of them healthy, as lesions that cannot be seen are drawn again."""

ROWS_PER_SHARD = 100

LONGEST_DELAY_S = 6.0
"""A kill comes at most so long after the file that it waited for: while the next ones are made."""

POLL_S = 0.05


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
    num_problems: int
    """Files that do not hold the pixels and texts of which the manifest has the hashes."""

    num_compared: int
    """Rows of the files that were made again without kills."""

    num_other_files: int
    """Files among them that are not equal byte by byte, or have other hashes."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num", type=int, default=20_000, help="rows")
    parser.add_argument("--kills", type=int, default=24, help="kills")
    parser.add_argument("--compared", type=int, help="rows to make again without kills (all)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the kills")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(_command(Path(folder) / "first", 1), check=True, stdout=subprocess.DEVNULL)  # compiles
        disturbed = Path(folder) / "disturbed"
        killed = kill_at_random(disturbed, options.num, options.kills, chance)
        print(f"{options.num} rows built under kills: {killed}", flush=True)
        print(compared(disturbed / PRESET, options.compared or options.num, killed, chance))


def kill_at_random(out: Path, num_rows: int, num_kills: int, chance: random.Random) -> dict[str, int]:
    """Build under kills; returns how many there were by what was killed, and of starts of the command."""
    counts = {"commands": 0, "killed commands": 0, "killed processes": 0}
    num_files = -(-num_rows // ROWS_PER_SHARD)
    moments = sorted(chance.randrange(num_files) for _ in range(num_kills))
    exit_code = -1
    while exit_code:
        counts["commands"] += 1
        command = subprocess.Popen(_command(out, num_rows), stdout=subprocess.DEVNULL)
        while command.poll() is None:
            if moments and len(list(out.glob("*/*.parquet"))) >= moments[0]:
                time.sleep(chance.uniform(0.0, LONGEST_DELAY_S))
                is_command = chance.random() < 0.5
                victims = [command.pid] if is_command else _children(command.pid)
                if command.poll() is None and victims:
                    os.kill(chance.choice(victims), signal.SIGKILL)
                    counts["killed commands" if is_command else "killed processes"] += 1
                    moments.pop(0)
            time.sleep(POLL_S)
        exit_code = command.wait()
        if exit_code not in (0, -signal.SIGKILL):
            raise SystemExit(f"octa-svr build ended by itself with exit code {exit_code}")
    return counts


def compared(folder: Path, num_compared: int, killed: dict[str, int], chance: random.Random) -> Faults:
    """Read what was built, and make some of it again."""
    manifest = Manifest.from_json((folder / MANIFEST_NAME).read_bytes(), MANIFEST_NAME)
    storage, num_rows = Storage(str(folder)), manifest.num["train"]
    ids = [row["id"] for row in rows_between(manifest, storage, "train", 0, num_rows, ["id"])]
    tasks = [CheckTask(manifest=manifest, entry=entry, out=str(folder)) for entry in manifest.shards]
    plan, again = BuildPlan(**manifest.as_dict()), folder / "again"
    again.mkdir()
    entries = chance.sample(manifest.shards, min(-(-num_compared // ROWS_PER_SHARD), len(manifest.shards)))
    planned = {shard.file: shard for shard in plan.planned_shards()}
    num_other = 0
    for entry in entries:
        made = make_shard(ShardTask(plan=plan, shard=planned[entry.file], out=str(again))).entry
        num_other += made != entry or (again / entry.file).read_bytes() != (folder / entry.file).read_bytes()
    return Faults(
        num_rows=num_rows,
        classes=dict(manifest.classes["train"]),
        num_commands=killed["commands"],
        num_killed_commands=killed["killed commands"],
        num_killed_processes=killed["killed processes"],
        num_lost=len({f"{PRESET}-s0-train-{index:08d}" for index in range(num_rows)} - set(ids)),
        num_twice=len(ids) - len(set(ids)),
        num_problems=sum(bool(problems_of_shard(task)[1]) for task in tasks),
        num_compared=sum(entry.num_rows for entry in entries),
        num_other_files=num_other,
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


if __name__ == "__main__":
    main()
