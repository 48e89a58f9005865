"""Our loader, forward pass and saved checkpoints against transformers and gguf: peers.py IPR_HOST RESAVE.

Small random models of each family are saved by transformers, read by `ipr-host model logprobs` and compared; saved
again by RESAVE (tests/model/resave.cc), opened by transformers and compared. GGUF files are written by gguf with each
element type. SmolLM2, where it is, is saved whole. Exit 77: transformers, torch or gguf is not installed.
"""
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from peers_common import *

try:
    import gguf
    import numpy as np
except ImportError as error:
    print(f"skipped: {error}; set IPR_PYTHON to a Python with transformers, torch and gguf")
    sys.exit(77)

RESAVE = sys.argv[2]


def compare_saved(name, path, model, folder):
    """What we save of it, opened by transformers: the same logits, bit for bit the same weights."""
    ran = subprocess.run([RESAVE, str(path), str(folder)], text=True, capture_output=True)
    if ran.returncode != 0:
        return check(f"{name}, saved again", False, ran.stderr.strip())
    ours = load_model(folder)
    same = all(torch.equal(a, dict(ours.named_parameters())[n]) for n, a in model.named_parameters())
    worst = max((logits_of(ours, ids) - logits_of(model, ids)).abs().max().item() for ids in sequences())
    check(f"{name}, saved again", same and worst == 0, f"worst difference {worst:.2e}")


def families(place):
    for seed, (name, (kind, changes)) in enumerate(MODELS.items()):
        model = make_model(kind, changes, seed)
        model.save_pretrained(place / name)
        compare_forward(name, place / name, load_model(place / name))
        compare_saved(name, place / name, load_model(place / name), place / f"{name}-saved")


def storage(place):
    model = make_model("llama", {}, 99)
    model.save_pretrained(place / "sharded", max_shard_size="30KB")
    check("sharded is sharded", len(list((place / "sharded").glob("*.safetensors"))) > 2)
    compare_forward("sharded", place / "sharded", model)
    for name, dtype in (("float16", torch.float16), ("bfloat16", torch.bfloat16)):
        make_model("qwen2", {}, 98).to(dtype).save_pretrained(place / name)
        compare_forward(name, place / name, load_model(place / name))
        compare_saved(name, place / name, load_model(place / name), place / f"{name}-saved")
    torch.save(model.state_dict(), place / "pickle.bin")
    ran = subprocess.run([HOST, "model", "inspect", str(place / "pickle.bin")], text=True, capture_output=True)
    check("a pickle is refused", ran.returncode == 3 and "never read" in ran.stderr, ran.stderr.strip())


# GGUF's names for a layer's tensors.
NAMES = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
         "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
         "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate",
         "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def gguf_name(name):
    whole = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
             "lm_head.weight": "output.weight"}
    if name in whole:
        return whole[name]
    layer, rest = name.removeprefix("model.layers.").split(".", 1)
    inner, kind = rest.rsplit(".", 1)
    return f"blk.{layer}.{NAMES[inner]}.{kind}"


def permute(array, heads, back=False):
    """Rows (head, half, pair) to (head, pair, half), and back."""
    shape = array.shape
    split = (heads, shape[0] // heads // 2, 2) if back else (heads, 2, shape[0] // heads // 2)
    return array.reshape(*split, *shape[1:]).swapaxes(1, 2).reshape(shape)


def quantized(array, kind, random):
    """Bytes of the type; those that gguf cannot make are random, with scales that give values below about 1."""
    try:
        return gguf.quants.quantize(array, kind)
    except NotImplementedError:
        block, size = gguf.GGML_QUANT_SIZES[kind]
        data = random.integers(0, 256, (array.shape[0], array.shape[1] // block, size), dtype=np.uint8)
        scales = {"Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,)}[kind.name]
        for at in scales:
            small = (random.random(data.shape[:2]) * 2e-4).astype(np.float16)
            data[..., at:at + 2] = small[..., None].view(np.uint8)
        return data.reshape(array.shape[0], -1)


def write_gguf(path, model, kind, random):
    """Writes the model with matrices of the type, and gives it the values that gguf reads there."""
    config = model.config
    architecture = "llama" if config.model_type in ("llama", "mistral") else config.model_type
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_rope_dimension_count(head_dim)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    for name, parameter in model.named_parameters():
        array = parameter.detach().numpy().copy()
        heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}.get(name.split(".")[-2])
        turned = heads is not None and architecture == "llama"
        if turned:
            array = permute(array, heads)
        plain = gguf.GGMLQuantizationType.F32
        if array.ndim == 1:
            writer.add_tensor(gguf_name(name), array)
        else:
            data = quantized(array, kind, random)
            writer.add_tensor(gguf_name(name), data, raw_dtype=kind if kind != plain else None)
            array = gguf.quants.dequantize(data, kind).astype(np.float32).reshape(array.shape)
        if turned:
            array = permute(array, heads, back=True)
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(array)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def gguf_files(place):
    random = np.random.default_rng(5)
    wide = dict(hidden_size=256, intermediate_size=512, num_attention_heads=8, num_key_value_heads=4)
    kinds = ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"]
    cases = [("llama", kind, {}) for kind in kinds]
    cases += [("llama", "Q8_0", dict(tie_word_embeddings=True)), ("qwen2", "Q8_0", {}), ("qwen3", "Q4_1", dict(head_dim=32))]
    for family, kind, changes in cases:
        name = f"{family} {kind}{' tied' if changes.get('tie_word_embeddings') else ''}.gguf"
        model = make_model(family, {**wide, "initializer_range": 0.06, **changes}, 3)
        write_gguf(place / name, model, getattr(gguf.GGMLQuantizationType, kind), random)
        compare_forward(name, place / name, model)
        compare_saved(name, place / name, model, place / f"{name}-saved")


def golden(name):
    path = pathlib.Path(os.environ.get("IPR_SHARED", "../shared")) / "golden/smollm2" / f"{name}.json.gz"
    return json.loads(gzip.decompress(path.read_bytes())) if path.exists() else []


def smollm2_file():
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    kept = cache / "ipr-host/models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
    return pathlib.Path(os.environ.get("IPR_SMOLLM2_GGUF", kept))


def smollm2(place):
    """A real GGUF file saved by us: transformers gives its folder the goldens' ids, chats and logits."""
    if not smollm2_file().exists() or not golden("prompts"):
        return print(f"skipped: {smollm2_file()} or its goldens are not here")
    subprocess.run([RESAVE, smollm2_file(), place / "smollm2"], check=True)
    tokenizer = transformers.AutoTokenizer.from_pretrained(place / "smollm2")
    texts = golden("tokenizer")
    equal = sum(tokenizer.encode(item["text"], add_special_tokens=False) == item["ids"] for item in texts)
    check("smollm2, saved: ids of texts", equal == len(texts), f"{equal} of {len(texts)}")
    chats = golden("prompts")
    equal = sum(tokenizer.apply_chat_template(item["messages"], add_generation_prompt=True, return_dict=False)
                == item["prompt_ids"] for item in chats)
    check("smollm2, saved: ids of chats", equal == len(chats), f"{equal} of {len(chats)}")
    model = load_model(place / "smollm2")
    worst = 0.0
    for item in sorted(chats, key=lambda item: len(item["prompt_ids"]))[:3]:
        logits = logits_of(model, item["prompt_ids"])[-1]
        worst = max(worst, (logits[item["top20_ids"]] - torch.tensor(item["top20_logits"])).abs().max().item())
    check("smollm2, saved: logits", worst < 1e-3, f"worst difference {worst:.2e}")


with tempfile.TemporaryDirectory() as folder:
    families(pathlib.Path(folder))
    storage(pathlib.Path(folder))
    gguf_files(pathlib.Path(folder))
    smollm2(pathlib.Path(folder))
end()
