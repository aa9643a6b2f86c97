"""Datasets as folders of Parquet shards: built, checked, published."""
