"""Texts of a preset vary, and keep to words that are used often."""

import importlib.util

import numpy as np
import pytest


@pytest.mark.slow
def test_texts_are_distinct_unlike_one_another_and_made_of_common_words(repository):
    spec = importlib.util.spec_from_file_location("text_variety", repository / "benchmarks" / "text_variety.py")
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    measures = benchmark.variety(benchmark.texts_of("dr_staging", num=600, eyes=12), np.random.default_rng(0))
    assert measures["distinct"] >= 0.95
    assert measures["BLEU-4"] <= 0.30
    assert measures["often used"] >= 0.90
