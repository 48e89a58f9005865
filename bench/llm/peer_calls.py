"""transformers on calls that a Monte Carlo stage made of its model (bench-rollouts --calls), in batches of 16.

The calls are sorted by length, so that little is padding: more than a stage could do, whose next calls depend on the
replies. Says how long all of the stage's calls would take at this speed, by tokens of prompts and replies together.
"""

import json

import torch

from measurement import say, seconds
from shapes import STAGE
from smollm2 import load_transformers

BATCH = 16
END_OF_TURN = 2  # <|im_end|>


def read_calls(path):
    """(tokens of all calls of the stage, prompts of those that were drawn)."""
    with open(path, encoding="utf-8") as file:
        total = json.loads(next(file))["tokens"]
        return total, [json.loads(line)["prompt"] for line in file]


def answer(model, prompts, max_new_tokens):
    """Left-padded; the number of tokens of prompts and replies, padding and ends of turn left out."""
    longest = max(map(len, prompts))
    ids = torch.tensor([[END_OF_TURN] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    replies = model.generate(
        ids, attention_mask=mask, max_new_tokens=max_new_tokens, do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
        eos_token_id=END_OF_TURN, pad_token_id=END_OF_TURN,
    )[:, longest:]
    return sum(map(len, prompts)) + int((replies != END_OF_TURN).sum())


def main(width, options):
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    total, prompts = read_calls(options.calls)
    prompts.sort(key=len)
    batches = [prompts[i : i + BATCH] for i in range(0, len(prompts), BATCH)]
    answered = []
    with torch.inference_mode():
        model = load_transformers(width).eval()
        spent = seconds(lambda: answered.extend(answer(model, batch, options.max_new_tokens) for batch in batches))
    say("transformers", "stage", STAGE, width, "s", [spent * total / sum(answered)], measured_seconds=spent)
