"""Measuring a picture alone, synthetic or real: avascular zone, vessels, quality."""
