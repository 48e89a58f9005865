"""Writes a Llama of real size with random bf16 weights, on a GPU in seconds.

usage: random_llama.py 7b|13b|tiny OUT TOKENIZER        needs: torch
TOKENIZER is a folder that train_tokenizer.py made. Files are written by hand, one thread each: safetensors' own writer
would take longer than making the numbers.
"""

import json
import pathlib
import shutil
import sys
import threading

import torch

VOCABULARY = 32000
# hidden, intermediate, layers, heads, key-value heads
SHAPES = {"7b": (4096, 11008, 32, 32, 32), "13b": (5120, 13824, 40, 40, 40), "tiny": (256, 512, 2, 4, 2)}


def layer_shapes(index, hidden, inner, key):
    prefix = f"model.layers.{index}."
    return {
        prefix + "input_layernorm.weight": (hidden,),
        prefix + "post_attention_layernorm.weight": (hidden,),
        prefix + "self_attn.q_proj.weight": (hidden, hidden),
        prefix + "self_attn.k_proj.weight": (key, hidden),
        prefix + "self_attn.v_proj.weight": (key, hidden),
        prefix + "self_attn.o_proj.weight": (hidden, hidden),
        prefix + "mlp.gate_proj.weight": (inner, hidden),
        prefix + "mlp.up_proj.weight": (inner, hidden),
        prefix + "mlp.down_proj.weight": (hidden, inner),
    }


def random_tensor(shape, device):
    if len(shape) == 1:
        return torch.ones(shape, dtype=torch.bfloat16)
    return (torch.randn(shape, device=device) * 0.02).to(torch.bfloat16).cpu()


def write(path, tensors):
    header, at = {}, 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        header[name] = {"dtype": "BF16", "shape": list(tensor.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            tensor.view(torch.uint8).numpy().tofile(file)


def main(kind, out, tokenizer):
    hidden, inner, layers, heads, kv_heads = SHAPES[kind]
    folder = pathlib.Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(pathlib.Path(tokenizer) / name, folder)
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16", "hidden_act": "silu",
        "vocab_size": VOCABULARY, "hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": layers,
        "num_attention_heads": heads, "num_key_value_heads": kv_heads, "max_position_embeddings": 4096,
        "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": False, "attention_bias": False,
        "mlp_bias": False, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
    }
    (folder / "config.json").write_text(json.dumps(config))

    files = [{"model.embed_tokens.weight": (VOCABULARY, hidden), "lm_head.weight": (VOCABULARY, hidden),
              "model.norm.weight": (hidden,)}]
    per_file = max(1, layers // 8)
    for first in range(0, layers, per_file):
        files.append({})
        for index in range(first, min(first + per_file, layers)):
            files[-1].update(layer_shapes(index, hidden, inner, hidden // heads * kv_heads))

    torch.manual_seed(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    where, writers = {}, []
    for number, shapes in enumerate(files, 1):
        name = f"model-{number:05d}-of-{len(files):05d}.safetensors"
        tensors = {key: random_tensor(shape, device) for key, shape in shapes.items()}
        where.update(dict.fromkeys(shapes, name))
        writers.append(threading.Thread(target=write, args=(folder / name, tensors)))
        writers[-1].start()
    for writer in writers:
        writer.join()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))


main(*sys.argv[1:4])
