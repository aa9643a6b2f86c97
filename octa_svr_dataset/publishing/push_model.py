"""A trained model, or an adapter, onto the Hub: the weights and what describes them, and nothing else of the folder."""

from pathlib import Path

from huggingface_hub import HfApi, ModelCard, get_token
from yaml import YAMLError

from octa_svr_dataset.adapter_files import ADAPTER_CONFIG, ADAPTER_WEIGHTS, BASE_NAME, hub_name, is_adapter, shapes_of
from octa_svr_dataset.checkpoint import TINY, find_checkpoint, read_json, weight_files
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.card import CARD_NAME
from octa_svr_dataset.publishing.push import one_line_errors, require_repo_id

_DESCRIBED = ("*.json", "*.jsonl", "*.jinja", "merges.txt", "*.png", CARD_NAME)
"""Files beside the weights that are uploaded: settings, tokenizer, template, scores, curves, card."""

_PRIVATE = ("trainer_state.json", "training_settings.json", "task_answers.jsonl", ".*")
"""Files that say nothing to others, or where something lies on this machine; `provenance.json` has the settings."""


def push_model(path: str | Path, repo: str, *, private: bool = False) -> str:
    """Upload a model's folder to a model repository; its address comes back.

    Checkpoints and states of optimizers stay here. Weights that an interrupted run has uploaded are not uploaded again,
    and all files appear together, in one commit.

    Parameters
    ----------
    path
        The folder.
    repo
        `organization/name`; made where it does not exist.
    private
        Whether it is to be private.

    Raises
    ------
    InputError
        The folder or the name is not usable, there is no token, or the Hub refuses or cannot be reached.
    """
    folder = Path(path)
    names = [*_DESCRIBED, *_weights(folder)]
    _require_card(folder)
    require_repo_id(repo)
    if get_token() is None:
        raise InputError("token: there is none; log in by `hf auth login`, or set HF_TOKEN")
    api = HfApi()
    with one_line_errors(repo):
        url = str(api.create_repo(repo, repo_type="model", private=private or None, exist_ok=True))
        info = api.model_info(repo)
        if private and not info.private:
            raise InputError(f"private: {repo!r} is there and public; allowed: a new name, or without --private")
        stale = [file.rfilename for file in info.siblings or [] if file.rfilename.endswith(".safetensors")]
        api.upload_folder(
            repo_id=repo,
            repo_type="model",
            folder_path=folder,
            allow_patterns=names,
            ignore_patterns=["*/*", *_PRIVATE],
            delete_patterns=[name for name in stale if name not in names] or None,
            commit_message="Adapter" if is_adapter(folder) else "Model",
        )
    return url


def _weights(folder: Path) -> list[str]:
    """Files of the weights, found to be usable."""
    if not folder.is_dir():
        raise InputError(f"model: there is no folder {str(folder)!r}")
    if not is_adapter(folder):
        find_checkpoint(str(folder))
        return [file.name for file in weight_files(folder, "model")]
    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise InputError(f"model: the folder {str(folder)!r} holds no weights: it has no {ADAPTER_WEIGHTS}")
    shapes_of(folder / ADAPTER_WEIGHTS, "model")
    base = str(read_json(folder / ADAPTER_CONFIG, "model").get("base_model_name_or_path") or "")
    if base != TINY and hub_name(base) != base:
        raise InputError(
            f"model: the adapter in {str(folder)!r} belongs to {base!r}, which is no name on the Hub, so that nobody "
            "else could use it; allowed: an adapter of a model of the Hub, or both made one by training/merge.py"
        )
    return [ADAPTER_WEIGHTS, ADAPTER_CONFIG, BASE_NAME]


def _require_card(folder: Path) -> None:
    """Refuse a model without a card: nobody could tell what it was trained on."""
    path = folder / CARD_NAME
    if not path.is_file():
        raise InputError(f"model: {str(folder)!r} has no {CARD_NAME}; allowed: a folder of training/sft.py or "
                         "training/merge.py, or with a card of your own")  # fmt: skip
    try:
        is_described = bool(ModelCard.load(path).data.to_dict())
    except (ValueError, YAMLError) as error:
        raise InputError(f"model: the front matter of {str(path)!r} is not valid YAML: {error}") from None
    if not is_described:
        raise InputError(f"model: {str(path)!r} has no front matter; allowed: one with license, base_model and tags")
