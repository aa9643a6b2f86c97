import numpy as np

from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import add_lesions


def test_the_strongest_new_vessels_are_as_many_and_as_large_as_the_settings_admit(healthy_eyes):
    always = {f"pathology.{name}.probability": [1, 1, 1, 1] for name in ("dropout", "irma", "neovascularization")}
    config = resolve_config("dr_staging", overrides=always).pathology
    lengths_mm = {False: [], True: []}
    for strongest, row in lengths_mm.items():
        for seed, eye in enumerate(healthy_eyes):
            rng = np.random.default_rng(seed)
            lesions = add_lesions(eye, config, 4, rng, strongest=strongest).lesions
            row.append([sum(v.length_mm for v in kind) for kind in (lesions.irma, lesions.neovascularization)])
            if strongest:
                assert all(vessels.flow == config.neovascularization.flow[1] for vessels in lesions.neovascularization)
                (area,) = lesions.dropouts
                assert area.strength == config.dropout.strength[1]
                assert lesions.dispersed_loss.strength == config.dispersed_loss.strength[1]
    drawn, strongest = (np.mean(row, axis=0) for row in lengths_mm.values())
    assert strongest[0] > drawn[0]  # though they have but one area to cross
    assert strongest[1] > 1.3 * drawn[1]
