"""The peers of bench-llm on the same model, shapes and token ids: one line of JSON per measurement.

usage: peers.py [--only PEER-WIDTH,...] [--threads N] [--repeat N] [--work DIR] [--calls FILE]

Each section runs in a process of its own, so that its peak of memory is its own. Needs what install_peers.py installs.
"""

import argparse
import importlib
import os
import subprocess
import sys

SECTIONS = {
    **{f"llama-{width}": ("peer_llama_cpp", width) for width in ("f32", "bf16", "q8_0", "q4_1")},
    **{f"transformers-{width}": ("peer_transformers", width) for width in ("f32", "bf16")},
    **{f"training-{width}": ("peer_training", width) for width in ("f32", "bf16")},
    "calls-bf16": ("peer_calls", "bf16"),
}


def environment(threads):
    count = str(threads)
    return dict(os.environ, OMP_NUM_THREADS=count, MKL_NUM_THREADS=count, HF_HUB_OFFLINE="1", CUDA_VISIBLE_DEVICES="")


def run_section(name, options):
    command = [sys.executable, os.path.abspath(__file__), "--section", name, "--threads", str(options.threads)]
    command += ["--repeat", str(options.repeat), "--work", options.work, "--calls", options.calls]
    command += ["--max-new-tokens", str(options.max_new_tokens)]
    return subprocess.call(command, env=environment(options.threads))


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    named = [name for name in SECTIONS if not name.startswith("calls")]
    parser.add_argument("--only", default=",".join(named), help="comma list of " + ", ".join(SECTIONS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3, help="measurements behind each median")
    parser.add_argument("--work", default="/tmp/bench-llm", help="where the weights of other widths are kept")
    parser.add_argument("--calls", default="", help="what bench-rollouts --calls wrote, for calls-bf16")
    parser.add_argument("--max-new-tokens", type=int, default=64, help="of such a call")
    parser.add_argument("--section", help=argparse.SUPPRESS)  # of the processes that this program starts
    return parser.parse_args()


def main():
    options = parse()
    os.makedirs(options.work, exist_ok=True)
    if options.section:
        module, width = SECTIONS[options.section]
        importlib.import_module(module).main(width, options)
        return 0
    failed = [name for name in options.only.split(",") if run_section(name, options) != 0]
    if failed:
        print("peers.py: failed: " + ", ".join(failed), file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
