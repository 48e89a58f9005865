"""A plain PyTorch DPO+SFT step: f32 weights and moments, bf16 by autocast, the reference beside the policy."""

import copy

import torch
from torch.nn.functional import logsigmoid

from measurement import say, seconds
from shapes import PAIRS, ROW_TOKENS, STEP, STEP_CACHED, token_ids
from smollm2 import load_transformers

BETA = 0.1


class Trainer:
    def __init__(self, width):
        self.bf16 = width == "bf16"
        self.policy = load_transformers("f32")
        self.reference = copy.deepcopy(self.policy).eval().requires_grad_(False)
        self.policy.train()
        self.optimizer = torch.optim.AdamW(self.policy.parameters(), lr=1e-5, weight_decay=0.0)
        self.ids = torch.tensor([token_ids(ROW_TOKENS, row) for row in range(2 * PAIRS)])  # wins, then losses

    def scores(self, model):
        """Sums of log-probs over the second half of each row."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            logits = model(input_ids=self.ids).logits[:, :-1]
        logprobs = torch.log_softmax(logits.float(), -1).gather(2, self.ids[:, 1:, None])[..., 0]
        return logprobs[:, ROW_TOKENS // 2 :].sum(1)

    def reference_scores(self):
        with torch.no_grad():
            return self.scores(self.reference)

    def step(self, reference=None):
        """The loss before the step. `reference`: its scores, where they are known."""
        reference = self.reference_scores() if reference is None else reference
        self.optimizer.zero_grad(set_to_none=True)
        policy = self.scores(self.policy)
        gain = BETA * (policy - reference)
        loss = (-logsigmoid(gain[:PAIRS] - gain[PAIRS:]) - policy[:PAIRS]).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.policy.parameters(), 1.0)
        self.optimizer.step()
        return loss.item()


def main(width, options):
    torch.set_num_threads(options.threads)
    trainer = Trainer(width)
    first_loss = trainer.step()
    full = [seconds(trainer.step) for _ in range(options.repeat)]
    say("PyTorch", "training", STEP, width, "s", full, first_loss=first_loss)
    known = trainer.reference_scores()
    cached = [seconds(lambda: trainer.step(known)) for _ in range(options.repeat)]
    say("PyTorch", "training", STEP_CACHED, width, "s", cached, first_loss=first_loss)
