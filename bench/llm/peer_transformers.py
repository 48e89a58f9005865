"""transformers: reading a prompt, and generate() between its steps."""

import time

import torch

from measurement import median_rate, say, seconds
from shapes import BATCHES, CONTEXT, DECODE, NEW, PREFILL, PREFILL_NAME, token_ids
from smollm2 import load_transformers


class Clock:
    """A logits processor that changes nothing: generate() calls it behind the forward pass of every step."""

    def __init__(self):
        self.times = []

    def __call__(self, ids, logits):
        self.times.append(time.perf_counter())
        return logits

    def steps(self):
        return [after - before for before, after in zip(self.times, self.times[1:])]


def measure_prefill(model, width, repeat):
    ids = torch.tensor([token_ids(PREFILL)])
    read = lambda: model(input_ids=ids, use_cache=True, logits_to_keep=1)
    read()
    say("transformers", "prefill", PREFILL_NAME, width, "tok/s", [PREFILL / seconds(read) for _ in range(repeat)])


def measure_decode(model, width, batch, repeat):
    ids = torch.tensor([token_ids(CONTEXT, sequence) for sequence in range(batch)])
    rates = []
    for _ in range(repeat):
        clock = Clock()
        model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW + 1, min_new_tokens=NEW + 1, do_sample=False,
            pad_token_id=2, logits_processor=[clock],
        )
        rates.append(median_rate(batch, clock.steps()))
    say("transformers", "decode", DECODE(batch), width, "tok/s", rates)


def main(width, options):
    torch.set_num_threads(options.threads)
    with torch.inference_mode():
        model = load_transformers(width).eval()
        measure_prefill(model, width, options.repeat)
        for batch in BATCHES:
            measure_decode(model, width, batch, options.repeat)
