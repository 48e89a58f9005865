"""Writes pairs of 1,024 tokens a side, half of them the prompt, for ipr-host (ids) and for TRL (the same as text).

usage: pairs.py TOKENIZER OUT COUNT        needs: tokenizers
"""

import json
import pathlib
import random
import sys

from tokenizers import Tokenizer


def main(tokenizer_folder, out, count):
    tokenizer = Tokenizer.from_file(tokenizer_folder + "/tokenizer.json")
    words = sorted(w[1:] for w in tokenizer.get_vocab() if w.startswith("\u0120") and w[1:].isalpha())
    random.seed(7)

    def piece(size):
        return tokenizer.encode(" " + " ".join(random.choices(words, k=size + 64))).ids[:size]

    folder = pathlib.Path(out)
    with open(folder / "pairs.jsonl", "w") as ours, open(folder / "pairs_text.jsonl", "w") as theirs:
        for number in range(int(count)):
            prompt, win, lose = piece(512), piece(512), piece(512)
            row = {"id": f"p{number}", "kind": "outcome", "prompt_ids": prompt, "win_ids": win, "lose_ids": lose,
                   "win_reward": 1, "lose_reward": 0}
            ours.write(json.dumps(row) + "\n")
            texts = {"prompt": prompt, "chosen": win, "rejected": lose}
            theirs.write(json.dumps({key: tokenizer.decode(ids) for key, ids in texts.items()}) + "\n")


main(*sys.argv[1:4])
