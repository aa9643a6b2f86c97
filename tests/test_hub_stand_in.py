"""The stand-in of the Hub, asked by the real client about models, as trainers push them."""

from hub_stand_in import Fault, serve_hub
from processes import json_printed_by

PUSH_AND_READ = """
import json, pathlib, tempfile
from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError
from huggingface_hub.utils import disable_progress_bars
disable_progress_bars()
api = HfApi()
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "sub").mkdir()
(folder / "model.safetensors").write_bytes(bytes(9000))
(folder / "sub" / "config.json").write_text("{}")
api.create_repo("org/model", private=True)
api.create_repo("org/model", exist_ok=True)
api.upload_folder(repo_id="org/model", folder_path=folder)
read = pathlib.Path(snapshot_download("org/model"))
missing = []
for ask in (lambda: hf_hub_download("org/model", "nothing"), lambda: api.model_info("org/nothing")):
    try:
        ask()
    except (EntryNotFoundError, RepositoryNotFoundError) as error:
        missing.append(error.response.status_code == 404)
print(json.dumps({
    "files": api.list_repo_files("org/model"),
    "alike": [(read / name).read_bytes() == (folder / name).read_bytes() for name in api.list_repo_files("org/model")],
    "missing": missing,
    "private": api.model_info("org/model").private,
}))
"""


def test_a_model_is_pushed_over_a_dropped_connection_and_read_back(tmp_path):
    with serve_hub() as hub:
        hub.faults.append(Fault(method="PUT", path="/large/"))
        read = json_printed_by(PUSH_AND_READ, **hub.environment(tmp_path))
        assert hub.repositories["models/org/model"].files.keys() == {"model.safetensors", "sub/config.json"}
        assert [method for method, _ in hub.requests].count("PUT") == 2
    assert read["files"] == ["model.safetensors", "sub/config.json"]
    assert read["alike"] == read["missing"] == [True, True]
    assert read["private"]
