"""How varied the texts of a preset are: distinct ones, BLEU-4 between random pairs, words that are used often.

    python benchmarks/text_variety.py --preset dr_staging --num 2000

A text is a whole dialogue without its roles. Pictures are made for `--eyes` scenes only; each is asked about
`--num` / `--eyes` times, with another stream of the text each time.
"""

import argparse
import re
from collections import Counter
from collections.abc import Sequence
from math import exp, log

import numpy as np

from octa_svr_dataset.example import simulate
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.seeding import SceneKey, Split, Stage
from octa_svr_dataset.text.dialogue import write_dialogue

OFTEN = 20
"""A word is used often from so many texts on."""

NUM_PAIRS = 500


def texts_of(preset: str, num: int, eyes: int) -> list[str]:
    """Texts about the first eyes of a preset, in turn."""
    config = resolve_config(preset)
    examples = [simulate(config, SceneKey(seed=0, split=Split.TRAIN, scene_index=index)) for index in range(eyes)]
    texts = []
    for number in range(num):
        seen = examples[number % eyes]
        rng = SceneKey(seed=1, split=Split.TRAIN, scene_index=number).rng(Stage.TEXT)
        dialogue = write_dialogue(seen.findings, seen.rendering.fov, seen.scene.laterality, config.text, rng)
        texts.append("\n".join(message.content for message in dialogue.messages))
    return texts


def tokens_of(text: str) -> list[str]:
    """Words, numbers and signs of a text, in small letters."""
    return re.findall(r"[\w²]+(?:[.-]\w+)*|[^\w\s]", text.lower())


def bleu_4(candidate: Sequence[str], reference: Sequence[str]) -> float:
    """BLEU of one text against one other (Papineni et al. 2002): n-grams up to four, no smoothing, brevity penalty."""
    logs = 0.0
    for size in range(1, 5):
        found, known = (
            Counter(zip(*(tokens[start:] for start in range(size)), strict=False)) for tokens in (candidate, reference)
        )
        shared = sum((found & known).values())
        if not shared:
            return 0.0
        logs += log(shared / found.total()) / 4
    return exp(logs + min(0.0, 1.0 - len(reference) / len(candidate)))


def variety(texts: Sequence[str], rng: np.random.Generator) -> dict[str, float]:
    """Share of distinct texts, mean BLEU-4 between random pairs, and share of tokens that are words used often."""
    tokens = [tokens_of(text) for text in texts]
    pairs = [rng.choice(len(texts), 2, replace=False) for _ in range(NUM_PAIRS)]
    num_texts = Counter(word for words in tokens for word in set(words))
    num_tokens = sum(len(words) for words in tokens)
    often = sum(num_texts[word] >= OFTEN for words in tokens for word in words)
    return {
        "distinct": len(set(texts)) / len(texts),
        "BLEU-4": float(np.mean([bleu_4(tokens[one], tokens[other]) for one, other in pairs])),
        "often used": often / num_tokens,
        "words": float(len(num_texts)),
        "tokens a text": num_tokens / len(texts),
    }


def main() -> None:
    """Print the measures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="dr_staging")
    parser.add_argument("--num", type=int, default=2000)
    parser.add_argument("--eyes", type=int, default=60)
    options = parser.parse_args()
    measures = variety(texts_of(options.preset, options.num, options.eyes), np.random.default_rng(0))
    for name, value in measures.items():
        print(f"{name:<14} {value:.3f}")


if __name__ == "__main__":
    main()
