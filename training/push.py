"""Upload a trained, adapted or merged model to the Hugging Face Hub.

    python training/push.py outputs/qwen3_vl_8b_lora my-org/octa-qwen3-vl-8b --private

The same command goes on where an interrupted one stopped. It needs a token: `hf auth login`, or HF_TOKEN.
"""

from typing import Annotated

import typer

from octa_svr_dataset.command import run
from octa_svr_dataset.publishing.push_model import push_model

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    folder: Annotated[str, typer.Argument(help="Folder of a model, or of an adapter.")],
    repo: Annotated[str, typer.Argument(help="organization/name on the Hub.")],
    private: Annotated[bool, typer.Option("--private", help="Make it private.")] = False,
) -> None:
    """Upload a trained, adapted or merged model to the Hugging Face Hub."""
    print(f"model: {push_model(folder, repo, private=private)}")


if __name__ == "__main__":
    run(app, "training/push.py")
