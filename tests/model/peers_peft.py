"""PEFT folders of ours in peft, and of peft in ours: peers_peft.py IPR_HOST RESAVE.

Adapters over small random bases are saved by peft, read by `ipr-host model logprobs` and compared; saved again by RESAVE
(tests/model/resave.cc), loaded by peft over the base and compared; merged by `ipr-host model merge` and opened by
transformers. Exit 77: transformers, torch or peft is not installed.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

from peers_common import *

try:
    import peft
except ImportError as error:
    print(f"skipped: {error}; set IPR_PYTHON to a Python with transformers, torch and peft")
    sys.exit(77)

RESAVE = sys.argv[2]
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
# Each entry: the base (of MODELS), then what LoraConfig says.
ADAPTERS = {
    "llama": ("llama", dict(r=16, lora_alpha=32, target_modules="all-linear")),
    "llama-rank-1": ("llama", dict(r=1, lora_alpha=1, target_modules=ALL)),
    "llama-q-v": ("llama-tied", dict(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj"])),
    "llama-mlp": ("llama-biased", dict(r=5, lora_alpha=7, target_modules=["gate_proj", "up_proj", "down_proj"])),
    "llama-regex": ("llama", dict(r=4, lora_alpha=8, target_modules=r".*layers\.[02]\..*(k_proj|o_proj)")),
    "llama-layers": ("llama", dict(r=4, lora_alpha=8, target_modules=["up_proj"], layers_to_transform=[1])),
    "rslora": ("llama", dict(r=9, lora_alpha=12, target_modules=ALL, use_rslora=True)),
    "mistral": ("mistral-window", dict(r=16, lora_alpha=16, target_modules="all-linear")),
    "qwen2": ("qwen2", dict(r=8, lora_alpha=16, target_modules="all-linear")),
    "qwen3": ("qwen3-biased", dict(r=8, lora_alpha=16, target_modules="all-linear")),
}


def make_adapter(model, changes, seed):
    """A model of peft with a change that moves the logits clearly."""
    torch.manual_seed(seed)
    config = peft.LoraConfig(task_type="CAUSAL_LM", init_lora_weights=False, lora_dropout=0.1, **changes)
    adapted = peft.get_peft_model(model, config).eval()
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                parameter.copy_(0.15 * torch.randn_like(parameter))
    return adapted


def load_adapter(base, folder):
    return peft.PeftModel.from_pretrained(load_model(base), folder).eval()


def compare_saved(name, base, folder, adapted, saved):
    """What we save of it, loaded by peft over the base: the same logits, and the same change bit for bit."""
    ran = subprocess.run([RESAVE, str(folder), str(saved)], text=True, capture_output=True)
    if ran.returncode != 0:
        return check(f"{name}, saved again", False, ran.stderr.strip())
    ours = load_adapter(base, saved)
    before, after = peft.get_peft_model_state_dict(adapted), peft.get_peft_model_state_dict(ours)
    same = before.keys() == after.keys() and all(torch.equal(before[n].float(), after[n].float()) for n in before)
    worst = max((logits_of(ours, ids) - logits_of(adapted, ids)).abs().max().item() for ids in sequences())
    check(f"{name}, saved again", same and worst < 1e-6, f"worst difference {worst:.2e}")
    # As people do it: the adapter's folder alone, the base by its name in there.
    alone = peft.AutoPeftModelForCausalLM.from_pretrained(
        saved, dtype=torch.float32, attn_implementation="eager").eval()
    worst = max((logits_of(alone, ids) - logits_of(adapted, ids)).abs().max().item() for ids in sequences())
    check(f"{name}, saved again, found by its base", worst < 1e-6, f"worst difference {worst:.2e}")


def compare_merged(name, folder, adapted, merged):
    ran = subprocess.run([HOST, "model", "merge", str(folder), str(merged)], text=True, capture_output=True)
    if ran.returncode != 0:
        return check(f"{name}, merged", False, ran.stderr.strip())
    ours, theirs = load_model(merged), adapted.merge_and_unload()
    worst = max((logits_of(ours, ids) - logits_of(theirs, ids)).abs().max().item() for ids in sequences())
    check(f"{name}, merged", worst < TOLERANCE, f"worst difference {worst:.2e}")


def compare(name, base, adapted, place):
    adapted.save_pretrained(place / name)
    compare_forward(name, place / name, adapted)
    compare_saved(name, base, place / name, adapted, place / f"{name}-saved")
    compare_merged(name, place / name, adapted, place / f"{name}-merged")


def adapters(place):
    for seed, (name, (base, changes)) in enumerate(ADAPTERS.items()):
        folder = place / f"{name}-base"
        make_model(*MODELS[base], seed).save_pretrained(folder)
        compare(name, folder, make_adapter(load_model(folder), changes, 100 + seed), place)


def half_precision(place):
    """A base and an adapter in bfloat16, computed with in f32 here and there."""
    base = place / "bf16-base"
    make_model(*MODELS["llama"], 7).to(torch.bfloat16).save_pretrained(base)
    adapted = make_adapter(load_model(base), ADAPTERS["llama"][1], 8)
    adapted.to(torch.bfloat16).save_pretrained(place / "bf16")
    compare("bf16 again", base, load_adapter(base, place / "bf16"), place)
    compare_forward("bf16", place / "bf16", load_adapter(base, place / "bf16"))


def beside(place):
    """A base that the adapter names from its own folder."""
    make_model(*MODELS["llama"], 3).save_pretrained(place / "shelf" / "base")
    adapted = make_adapter(load_model(place / "shelf" / "base"), ADAPTERS["llama-q-v"][1], 4)
    adapted.save_pretrained(place / "shelf" / "adapter")
    path = place / "shelf" / "adapter" / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "base_model_name_or_path": "../base"}))
    compare_forward("base beside its adapter", place / "shelf" / "adapter", adapted)


def refusals(place):
    for key, changes in {"use_dora": dict(use_dora=True), "bias": dict(bias="lora_only"),
                         "modules_to_save": dict(modules_to_save=["lm_head"]), "lora_bias": dict(lora_bias=True),
                         "rank_pattern": dict(rank_pattern={"q_proj": 2}), "init_lora_weights": None}.items():
        folder = place / f"refused-{key}"
        model = make_model(*MODELS["llama-biased"], 1)
        config = peft.LoraConfig(task_type="CAUSAL_LM", target_modules=ALL,
                                 **(changes if changes is not None else dict(init_lora_weights="pissa")))
        peft.get_peft_model(model, config).save_pretrained(folder)
        make_model(*MODELS["llama-biased"], 1).save_pretrained(place / "refused-base")
        path = folder / "adapter_config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "base_model_name_or_path": "../refused-base"}))
        ran = subprocess.run([HOST, "model", "inspect", str(folder)], text=True, capture_output=True)
        check(f"{key} is refused by name", ran.returncode == 3 and f'"{key}"' in ran.stderr, ran.stderr.strip())


with tempfile.TemporaryDirectory() as folder:
    adapters(pathlib.Path(folder))
    half_precision(pathlib.Path(folder))
    beside(pathlib.Path(folder))
    refusals(pathlib.Path(folder))
print(f"peft {peft.__version__}")
end()
