"""What peers.py and peers_peft.py have in common: small random models of transformers, and ours beside them.

The program's first argument is ipr-host. Importing exits with 77 where transformers or torch is not installed.
"""
import json
import math
import subprocess
import sys

try:
    import torch
    import transformers
except ImportError as error:
    print(f"skipped: {error}; set IPR_PYTHON to a Python with transformers and torch")
    sys.exit(77)

HOST = sys.argv[1]
VOCAB = 160
TOLERANCE = 2e-4  # of logits and log-probs, which are below 30
failures = 0

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
torch.set_num_threads(1)


def check(what, ok, detail=""):
    global failures
    print(f"{'ok  ' if ok else 'FAIL'} {what} {detail}")
    failures += 0 if ok else 1


# Sizes that are no multiples of 16, grouped heads; each entry: model_type, then what it changes.
BASE = dict(vocab_size=VOCAB, hidden_size=48, intermediate_size=72, num_hidden_layers=3, num_attention_heads=6,
            num_key_value_heads=2, max_position_embeddings=256, initializer_range=0.25, bos_token_id=1, eos_token_id=2)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64, rope_theta=500000.0)
MODELS = {
    "llama": ("llama", {}),
    "llama-tied": ("llama", dict(tie_word_embeddings=True)),
    "llama-no-groups": ("llama", dict(num_key_value_heads=6)),
    "llama-biased": ("llama", dict(attention_bias=True, mlp_bias=True)),
    "llama-head-size": ("llama", dict(head_dim=20, rms_norm_eps=1e-3)),
    "llama-3.1": ("llama", dict(rope_parameters=LLAMA3)),
    "llama-linear": ("llama", dict(rope_parameters=dict(rope_type="linear", factor=4.0, rope_theta=10000.0))),
    "llama-dynamic": ("llama", dict(rope_parameters=dict(rope_type="dynamic", factor=2.0, rope_theta=10000.0))),
    "mistral": ("mistral", dict(sliding_window=None)),
    "mistral-window": ("mistral", dict(sliding_window=17, head_dim=12)),
    "qwen2": ("qwen2", {}),
    "qwen2-tied": ("qwen2", dict(tie_word_embeddings=True)),
    "qwen2-window": ("qwen2", dict(use_sliding_window=True, sliding_window=40, max_window_layers=1)),
    "qwen3": ("qwen3", dict(head_dim=16)),
    "qwen3-biased": ("qwen3", dict(head_dim=10, attention_bias=True, tie_word_embeddings=True)),
    "qwen3-window": ("qwen3", dict(head_dim=16, use_sliding_window=True, sliding_window=33,
                                   layer_types=["sliding_attention", "full_attention", "sliding_attention"])),
}


def make_model(kind, changes, seed):
    torch.manual_seed(seed)
    config = transformers.AutoConfig.for_model(kind, **{**BASE, **changes})
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:  # norms away from 1, biases from 0
                parameter.add_(0.3 * torch.randn_like(parameter))
    return model


def load_model(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager").eval()


def sequences():
    generator = torch.Generator().manual_seed(7)
    return [torch.randint(0, VOCAB, (length,), generator=generator).tolist() for length in (2, 31, 64, 150, 256)]


def logits_of(model, ids):
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].double()


def compare_forward(name, path, model):
    """ipr-host's logits at the end of a prompt and log-probs of what follows, against the model's."""
    lines, wanted = [], []
    for ids in sequences():
        prompt = max(1, len(ids) // 2)
        logits = logits_of(model, ids)
        logprobs = torch.log_softmax(logits, -1)
        wanted.append((logits[prompt - 1], [logprobs[p - 1, ids[p]].item() for p in range(prompt, len(ids))]))
        lines.append(json.dumps(dict(id=len(lines), prompt_ids=ids[:prompt], continuation_ids=ids[prompt:], top=VOCAB)))
    ran = subprocess.run([HOST, "model", "logprobs", str(path)], input="\n".join(lines), text=True,
                         capture_output=True)
    if ran.returncode != 0:
        return check(name, False, ran.stderr.strip())
    worst = 0.0
    for line, (logits, logprobs) in zip(ran.stdout.splitlines(), wanted, strict=True):
        answer = json.loads(line)
        if "error" in answer:
            return check(name, False, answer["error"])
        ours = torch.zeros(VOCAB, dtype=torch.float64)
        ours[answer["top_ids"]] = torch.tensor(answer["top_logits"], dtype=torch.float64)
        worst = max(worst, (ours - logits).abs().max().item())
        worst = max([worst] + [abs(a - b) for a, b in zip(answer["token_logprobs"], logprobs, strict=True)])
    check(name, worst < TOLERANCE and math.isfinite(worst), f"worst difference {worst:.2e}")


def end():
    print(f"{failures} failures; transformers {transformers.__version__}, torch {torch.__version__}")
    sys.exit(1 if failures else 0)
