"""Runs bench-llm and its peers in turn on SmolLM2-135M and prints the ratios beside the goals.

usage: compare.py --bin build/release/bin --peers DIR [--install] [--parts decode,samples,…] [--rounds N]

Every round measures both sides once, every second one in reverse order, so that a drift of the machine's speed meets
both; figures are medians over rounds. All lines go to --out, from which table.py makes the tables again.
"""

import argparse
import json
import os
import sys

from install_peers import install
from sides import Sides
from table import print_all, processor_has_amx

ROUNDS_OF = {"growth": 1, "stage": 1}  # parts that take long; the others: --rounds
PARTS = ("decode", "samples", "training", "neighbour", "growth", "stage", "mini")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="folder of bench-llm, bench-rollouts and ipr-host")
    parser.add_argument("--peers", required=True, help="virtual environment of the peers")
    parser.add_argument("--install", action="store_true", help="make it first, from PyPI (5 GB, a quarter of an hour)")
    usual = "decode,samples,training,neighbour"
    parser.add_argument("--parts", default=usual, help="comma list of " + ", ".join(PARTS))
    parser.add_argument("--widths", default="bf16,f32", help="of our engine")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeat", type=int, default=1, help="measurements behind each figure of a round")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", default="bench-llm.jsonl", help="file for the measurements; lines are added")
    parser.add_argument("--work", default="/tmp/bench-llm", help="where the peers' weights of other widths are kept")
    parser.add_argument("--alfworld", default="", help="stage: ALFWorld's folder of games")
    parser.add_argument("--tasks", type=int, default=20, help="stage: train tasks")
    parser.add_argument("--before", default="", help="mini: an ipr-host of before, run beside the one in --bin")
    options = parser.parse_args()
    options.parts, options.widths = options.parts.split(","), options.widths.split(",")
    for part in options.parts:
        if part not in PARTS:
            parser.error(f"no part {part}; there are " + ", ".join(PARTS))
    for part, needed in (("stage", "alfworld"), ("mini", "before")):
        if part in options.parts and not getattr(options, needed):
            parser.error(f"part {part} needs --{needed}")
    return options


def read_lines(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def measure(options, sides, file, first_round):
    for number in range(options.rounds):
        for part in options.parts:
            if number >= ROUNDS_OF.get(part, options.rounds):
                continue
            print(f"round {number + 1} of {options.rounds}: {part}", file=sys.stderr)
            work = sides.part(part)
            for ask in work if number % 2 == 0 else reversed(work):
                for line in ask():
                    file.write(json.dumps(line | {"round": first_round + number}) + "\n")
                    file.flush()


def main():
    options = parse()
    os.makedirs(options.work, exist_ok=True)
    if options.install:
        install(options.peers)
    sides = Sides(options)
    first_round = 1 + max((line["round"] for line in read_lines(options.out)), default=-1)
    with open(options.out, "a", encoding="utf-8") as file:
        measure(options, sides, file, first_round)
    print_all(read_lines(options.out), processor_has_amx())


if __name__ == "__main__":
    main()
