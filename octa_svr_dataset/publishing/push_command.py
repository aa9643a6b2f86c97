"""`octa-svr push`."""

from pathlib import Path
from typing import Annotated

import typer


def push(
    folder: Annotated[Path, typer.Argument(help="Folder made by `octa-svr build`.")],
    repo: Annotated[str, typer.Argument(help="Repository on the Hub, organization/name; made if need be.")],
    private: Annotated[bool, typer.Option("--private", help="Make it a private one.")] = False,
) -> None:
    """Upload a built folder to the Hub, a configuration a preset; after an interruption, run it again."""
    from octa_svr_dataset.publishing import push as hub  # slow to import

    url = hub.push(folder, repo, private=private)
    print(f"{folder} is at {url}")
    print(f'load_dataset("{repo}", ...) reads it')
