"""How often 95 % intervals of the balanced accuracy hold the truth: analytic, bootstrap, and the rule that is used.

    python benchmarks/intervals.py

Two classes, each picture of another patient, recalls as given; 2,000 folders each.
"""

import numpy as np

from octa_svr_dataset.evaluation.bootstrap import FEWEST_CLUSTERS, percentile_interval
from octa_svr_dataset.evaluation.intervals import mean_interval, share_interval

NUM_FOLDERS = 2000
NUM_RESAMPLES = 1000

SIZES = ((5, 5), (10, 10), (15, 15), (20, 20), (20, 60), (30, 30), (50, 50))
"""Pictures of each class."""

RECALLS = ((0.5, 0.5), (0.7, 0.7), (0.9, 0.7), (0.9, 0.9), (0.97, 0.9))


def main() -> None:
    """Print a table."""
    rng = np.random.default_rng(0)
    print("pictures a class | recalls | analytic | bootstrap | as used | its mean width")
    for sizes in SIZES:
        for recalls in RECALLS:
            shares, width = coverage(np.array(sizes), np.array(recalls), rng)
            print(f"{sizes} | {recalls} | {' | '.join(f'{share:.3f}' for share in shares)} | {width:.3f}", flush=True)


def coverage(sizes: np.ndarray, recalls: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """(3,) share of the folders whose interval holds the truth, by method; mean width of the one that is used."""
    held, widths = [], []
    for _ in range(NUM_FOLDERS):
        shares = rng.binomial(sizes, recalls) / sizes
        parts = [share_interval(share, size) for share, size in zip(shares.tolist(), sizes.tolist(), strict=True)]
        analytic = mean_interval(shares.tolist(), parts)
        samples = rng.binomial(sizes, shares, (NUM_RESAMPLES, 2)) / sizes
        bootstrap = percentile_interval(samples.mean(axis=1))
        is_bootstrap = sizes.min() >= FEWEST_CLUSTERS and ((shares > 0) & (shares < 1)).all()
        used = bootstrap if is_bootstrap else analytic
        held.append([low <= recalls.mean() <= high for low, high in (analytic, bootstrap, used)])
        widths.append(used[1] - used[0])
    return np.mean(held, axis=0), float(np.mean(widths))


if __name__ == "__main__":
    main()
