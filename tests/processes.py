"""Python code in a process of its own, where a test needs another environment."""

import json
import os
import subprocess
import sys
from typing import Any


def json_printed_by(code: str, **environment: str) -> Any:
    """What the code prints, as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)
