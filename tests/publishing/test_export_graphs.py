import json

import numpy as np
import pytest
import yaml
from built_folder import built_folder
from exports import export_to, lines_of, source_of
from PIL import Image

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.export_graphs import read_eye

NUM = {"dr_staging": {"train": 3}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return built_folder(tmp_path_factory.mktemp("graphs") / "octa_svr", NUM, full=True)


@pytest.fixture(scope="module")
def exported(folder, tmp_path_factory):
    return export_to(tmp_path_factory.mktemp("exported") / "eyes", folder, "graphs")


@pytest.fixture(scope="module")
def rows(folder):
    return list(source_of(folder, "graphs").rows("train"))


class TestGraphs:
    def test_a_graph_comes_back_with_its_kinds_and_layers(self, exported, rows):
        for row in rows:
            graph, original = read_eye(exported / "vessel_graphs" / row.row_id), row.graph
            assert sorted(edge_ends(graph)) == sorted(edge_ends(original))
            ours, theirs = (np.lexsort(one.position_mm.round(9).T) for one in (original, graph))
            assert np.allclose(original.position_mm[ours], graph.position_mm[theirs], atol=1e-12)
            has_parent = original.parent[ours] >= 0
            for name in ("radius_mm", "kind", "layer"):
                kept, found = getattr(original, name)[ours], getattr(graph, name)[theirs]
                assert np.allclose(kept[has_parent], found[has_parent], atol=1e-12), name
            assert len(np.unique(graph.kind)) == len(np.unique(graph.layer)) == 2

    def test_rows_of_nodes_are_rows_of_the_picture(self, exported, rows):
        row = rows[0]
        folder = exported / "vessel_graphs" / row.row_id
        nodes = [
            line.split("],[")[0].strip("[]") for line in (folder / f"{row.row_id}.csv").read_text().splitlines()[1:]
        ]
        shares = np.array([node.split()[:2] for node in nodes], dtype=float)
        inside = shares[np.all((shares > 0.02) & (shares < 0.98), axis=1)]
        with Image.open(folder / "art_ven_img_gray.png") as file:
            vessels = np.asarray(file) > 0
        pixels = (inside * row.size_px).astype(int)
        share_on_vessels = vessels[pixels[:, 0], pixels[:, 1]].mean()
        assert share_on_vessels > 1.1 * vessels[pixels[:, 1], pixels[:, 0]].mean()

    def test_each_eye_has_the_files_of_the_prior_arts_first_stage(self, exported, rows):
        records = lines_of(exported / "records_graphs.jsonl")
        assert [record["id"] for record in records] == [row.row_id for row in rows]
        for record in records:
            for key in ("graph_csv", "gray_image", "dropout_ma_json", "pathology_yml"):
                assert (exported / record[key]).is_file()
            told = yaml.safe_load((exported / record["pathology_yml"]).read_text())
            kept = json.loads((exported / record["dropout_ma_json"]).read_text())
            assert told["Dropout"]["regions"] == kept["dropouts"]
            assert told["MA"]["count"] == len(kept["microaneurysms"])

    def test_the_overlay_colors_lesions_and_nothing_else(self, exported, rows):
        for row in rows:
            path = exported / "vessel_graphs" / row.row_id / "pathology_vis.png"
            pixels = np.asarray(Image.open(path)).astype(int)
            is_colored = np.ptp(pixels, axis=2) > 0
            layers = ("faz", "diffuse_loss", "dropout", "irma", "neovascularization", "microaneurysms")
            assert not is_colored[~np.any([row.mask(layer) > 0 for layer in layers], axis=0)].any()
            visible = [lesion["instance_id"] for lesion in row.findings["dropouts"] if lesion["is_visible"]]
            assert is_colored[np.isin(row.mask("dropout"), visible)].all()

    def test_folders_of_the_prior_art_are_read_too(self, tmp_path):
        folder = tmp_path / "20230216_1"
        folder.mkdir()
        (folder / "20230216_1.csv").write_text("node1,node2,radius\n[0.0 0.5 0.01],[0.1 0.5 0.01],0.002\n")
        graph = read_eye(folder)
        assert graph.position_mm.tolist() == [[1.5, 0.0, 0.03], [1.5, 0.30000000000000004, 0.03]]
        with pytest.raises(InputError, match=r"holds no other\.csv"):
            read_eye(tmp_path / "other")
        (folder / "edges.csv").write_text("kind,layer\ncapillary,deep\n")
        with pytest.raises(InputError, match="unknown: 'CAPILLARY'"):
            read_eye(folder)


def edge_ends(graph):
    """Both ends of each segment and link, nm; a link between roots, as lesions leave it, comes back as a segment."""
    ends_nm = (graph.position_mm * 1e6).round().astype(int).tolist()
    return [sorted((ends_nm[first], ends_nm[second])) for first, second in graph.edges.tolist()]
