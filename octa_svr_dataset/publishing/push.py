"""A built folder onto the Hub: the files first, then the card that makes them a dataset."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml
from huggingface_hub import CommitOperationAdd, DatasetCard, HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.repocard import REGEX_YAML_BLOCK
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # that of the version it uses

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.card import CARD_NAME, write_card
from octa_svr_dataset.publishing.card_mark import is_ours, signed
from octa_svr_dataset.publishing.card_preview import preview_name
from octa_svr_dataset.publishing.folder import BuiltFolder, open_built, say_left_out
from octa_svr_dataset.publishing.manifest import MANIFEST_NAME, Manifest, PlannedShard
from octa_svr_dataset.publishing.shard_files import intact_content
from octa_svr_dataset.publishing.storage import Storage

_KIND = "dataset"

_REFUSED = {
    401: "token: the Hub does not know it; log in by `hf auth login`, or set HF_TOKEN",
    403: "token: it does not allow to write to {repo!r}; allowed: a token with write access there",
}
"""What a status of the Hub means for the user."""


def push(path: str | Path, repo: str, *, private: bool = False) -> str:
    """Upload a built folder to a dataset repository; its address comes back.

    What an interrupted run has uploaded is not uploaded again, and files that are there unchanged are left alone. A
    repository has a card only while its files are those of the folder: without it, nothing loads by halves.

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
    built = open_built(path)
    say_left_out(built)
    files = _data_files(built)
    require_repo_id(repo)
    if get_token() is None:
        raise InputError("token: there is none; log in by `hf auth login`, or set HF_TOKEN")
    card = _card(built, repo)
    api = HfApi()
    with one_line_errors(repo):
        url = str(api.create_repo(repo, repo_type=_KIND, private=private or None, exist_ok=True))
        if private and not api.repo_info(repo, repo_type=_KIND).private:
            raise InputError(f"private: {repo!r} is there and public; allowed: a new name, or without --private")
        present = {
            entry.path: entry.size
            for entry in api.list_repo_tree(repo, repo_type=_KIND, recursive=True)
            if isinstance(entry, RepoFile)
        }
        _require_no_others(built, repo, present)
        stale = [name for name in present if name.endswith(".parquet") and name not in files]
        if stale or not _holds(api, repo, built, files, present):
            api.upload_folder(
                repo_id=repo,
                repo_type=_KIND,
                folder_path=built.path,
                allow_patterns=[f"{preset}/*.parquet" for preset in built.manifests],
                delete_patterns=[CARD_NAME, *stale],
                commit_message="Files of the dataset",
            )
        api.create_commit(repo, _descriptions(built, card), commit_message="Dataset card", repo_type=_KIND)
    return url


def _holds(api: HfApi, repo: str, built: BuiltFolder, files: Mapping[str, int], present: Mapping[str, int]) -> bool:
    """Whether a repository has all files, of these sizes and of these manifests, which hold hashes of their content."""
    if any(present.get(name) != num_bytes for name, num_bytes in files.items()):
        return False
    for preset in built.manifests:
        name = f"{preset}/{MANIFEST_NAME}"
        if name not in present:
            return False
        theirs = Path(api.hf_hub_download(repo, name, repo_type=_KIND))
        if theirs.read_bytes() != (built.path / name).read_bytes():
            return False
    return True


def _data_files(built: BuiltFolder) -> dict[str, int]:
    """Size of each Parquet file by its path in the folder, bytes; all of them are of the builds."""
    files = {f"{preset}/{shard.file}": shard.bytes for preset, one in built.manifests.items() for shard in one.shards}
    for preset in built.manifests:
        for file in sorted((built.path / preset).rglob("*.parquet")):
            name = file.relative_to(built.path).as_posix()
            if name not in files:
                raise InputError(f"{str(file)!r} is no file of the build beside it; remove it")
            if file.stat().st_size != files[name]:
                raise InputError(f"{str(file)!r} has {file.stat().st_size} bytes, and {files[name]} in the manifest")
    for preset, manifest in built.manifests.items():
        _require_intact(manifest, Storage(str(built.path / preset)))
    return files


def _require_intact(manifest: Manifest, storage: Storage) -> None:
    """Refuse to upload a file whose pages are damaged, or whose hashes are not those of the manifest."""
    for entry in manifest.shards:
        shard = PlannedShard(file=entry.file, split=entry.split, start=entry.start, stop=entry.stop)
        content = intact_content(manifest, shard, storage)
        if content is None or content.entry != entry:
            raise InputError(
                f"'{storage.url}/{entry.file}' is not as it was built; delete it and run octa-svr build again"
            )


def require_repo_id(repo: str) -> None:
    """Refuse what cannot be the name of a repository.

    Raises
    ------
    InputError
        It is not `organization/name`.
    """
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo, flags=re.ASCII):
        raise _bad_repo_id(repo)


def _bad_repo_id(repo: str) -> InputError:
    return InputError(
        f"repo: must be organization/name, of letters, digits, '-', '_' and '.', at most 96 of them, got {repo!r}"
    )


def _card(built: BuiltFolder, repo: str) -> bytes:
    """The card of the folder, in which examples load from the repository; made where there is none."""
    path = built.path / CARD_NAME
    if not path.is_file():
        write_card(built.path)
    try:
        text = path.read_text(encoding="utf-8")
        configs = (DatasetCard(text).data.get("configs") or []) if REGEX_YAML_BLOCK.search(text) else []
    except UnicodeDecodeError:
        raise InputError(f"{str(path)!r} is not a text in UTF-8; remove it, and it is made again") from None
    except (ValueError, yaml.YAMLError) as error:
        raise InputError(f"{str(path)!r}: the front matter is not valid YAML: {error}") from None
    named = {str(config.get("config_name")) for config in configs}
    if named != set(built.manifests):
        raise InputError(
            f"{str(path)!r}: configs: must be those of the folder, {', '.join(built.manifests)}, "
            f"got {', '.join(sorted(named)) or 'none'}; remove the file, and it is made again"
        )
    named_text = re.sub(r'load_dataset\("[^"]*"', f'load_dataset("{repo}"', text)
    return (signed(named_text) if is_ours(text) else named_text).encode()


def _require_no_others(built: BuiltFolder, repo: str, present: Mapping[str, int]) -> None:
    """Refuse to leave files behind that no card would speak of."""
    others = {name.partition("/")[0] for name in present if name.endswith(f"/{MANIFEST_NAME}")} - set(built.manifests)
    if others:
        raise InputError(
            f"repo: {repo!r} holds {', '.join(sorted(others))}, too, and {str(built.path)!r} does not; "
            "allowed: a folder with all configurations of the repository, or another name"
        )


def _descriptions(built: BuiltFolder, card: bytes) -> list[CommitOperationAdd]:
    """The card, its pictures and the manifests."""
    names = [f"{preset}/{MANIFEST_NAME}" for preset in built.manifests]
    names += [preview_name(preset) for preset in built.manifests if (built.path / preview_name(preset)).is_file()]
    files = {name: (built.path / name).read_bytes() for name in names}
    return [CommitOperationAdd(name, content) for name, content in ({CARD_NAME: card} | files).items()]


@contextmanager
def one_line_errors(repo: str) -> Iterator[None]:
    """Turn what the client raises into a line that says what to do."""
    try:
        yield
    except HFValidationError:
        raise _bad_repo_id(repo) from None
    except (HfHubHTTPError, httpx.HTTPError, OSError, RuntimeError) as error:
        causes = [error, error.__cause__, error.__context__]
        statuses = [cause.response.status_code for cause in causes if isinstance(cause, HfHubHTTPError)]
        if statuses and statuses[0] in _REFUSED:
            raise InputError(_REFUSED[statuses[0]].format(repo=repo)) from None
        reason = str(causes[1] or error).splitlines()[0] if str(causes[1] or error) else type(error).__name__
        raise InputError(
            f"the upload to {repo!r} was interrupted ({reason}); the same command goes on where it stopped"
        ) from None
