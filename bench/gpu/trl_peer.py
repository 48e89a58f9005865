"""TRL's DPO with LoRA on the same model, pairs and batch; prints the median step, tokens per second and peak memory.

usage: trl_peer.py MODEL PAIRS_TEXT STEPS BATCH        needs: torch, transformers, peft, trl, datasets, a GPU
"""

import json
import sys
import time

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import DPOConfig, DPOTrainer


class Clock(TrainerCallback):
    def __init__(self):
        self.times = []

    def on_step_end(self, *_, **__):
        torch.cuda.synchronize()
        self.times.append(time.time())


def main(model_folder, pairs, steps, batch):
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModelForCausalLM.from_pretrained(
        model_folder, dtype=torch.bfloat16, device_map="cuda", attn_implementation="sdpa"
    )
    args = DPOConfig(
        output_dir="/tmp/trl", per_device_train_batch_size=batch, max_steps=steps, gradient_checkpointing=True, bf16=True,
        logging_steps=1, report_to=[], save_strategy="no", max_length=1100, learning_rate=1e-5, beta=0.1,
        optim="adamw_torch_fused",
    )
    clock = Clock()
    trainer = DPOTrainer(
        model=model, args=args, train_dataset=Dataset.from_list([json.loads(line) for line in open(pairs)]),
        processing_class=tokenizer, callbacks=[clock],
        peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    torch.cuda.reset_peak_memory_stats()
    trainer.train()
    steps_taken = sorted(after - before for before, after in zip(clock.times, clock.times[1:]))
    median = steps_taken[len(steps_taken) // 2]
    print(f"TRL: median step {median:.3f} s of {len(steps_taken)}, {batch * 2 * 1024 / median:.0f} tokens/s, peak "
          f"{torch.cuda.max_memory_allocated() / 2**30:.1f} GiB")


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
