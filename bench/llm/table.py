"""The tables: ratios against the goals, and how time and memory grow, from lines of measurements.

usage: table.py FILE.jsonl        what compare.py wrote
"""

import json
import os
import statistics
import sys
from collections import defaultdict

from goals import FASTER, SHARE, SOONER, Key, all_goals


class Measurements:
    """By key and figure: one value per round in which it was measured."""

    def __init__(self, lines):
        self.rounds = defaultdict(dict)
        self.units = {}
        for line in lines:
            key = Key(line["who"], line["shape"], line["width"])
            if not line["section"].startswith("growth"):
                self.units[key] = line["unit"]
                self.rounds[key, "value"][line["round"]] = line["value"]
                self.rounds[key, "peak_mib"][line["round"]] = line["peak_mib"]

    def median(self, key, figure):
        values = self.rounds.get((key, figure))
        return statistics.median(values.values()) if values else None

    def best(self, keys, figure, most):
        there = [key for key in keys if (key, figure) in self.rounds]
        choose = max if most else min
        return choose(there, key=lambda key: self.median(key, figure)) if there else None


def ratio(kind, our_value, other_value):
    return other_value / our_value if kind == SOONER else our_value / other_value


def spread(goal, other, measured):
    """The least and the greatest ratio of a round in which both sides were measured."""
    mine, theirs = measured.rounds[goal.ours, goal.figure], measured.rounds[other, goal.figure]
    ratios = [ratio(goal.kind, mine[name], theirs[name]) for name in mine.keys() & theirs.keys()]
    return f"{min(ratios):.2f} to {max(ratios):.2f}" if ratios else ""


def verdict(goal, value):
    if goal.must is None:
        return ""
    reached = lambda bound: value <= bound if goal.kind == SHARE else value >= bound
    return "aim" if goal.aim is not None and reached(goal.aim) else "must" if reached(goal.must) else "MISSED"


def bound(goal, value):
    return "" if value is None else ("<= " if goal.kind == SHARE else ">= ") + f"{value:g}"


def figure_text(goal, key, measured):
    unit = "MiB" if goal.figure == "peak_mib" else measured.units[key]
    return f"{measured.median(key, goal.figure):.4g} {unit}"


def goal_cells(goal, measured):
    other = measured.best(goal.others, goal.figure, most=goal.kind == FASTER)
    if other is None or measured.median(goal.ours, goal.figure) is None:
        return [goal.work, "", bound(goal, goal.must), bound(goal, goal.aim), "not measured", "", "", "", ""]
    value = ratio(goal.kind, measured.median(goal.ours, goal.figure), measured.median(other, goal.figure))
    named = f"{other.who} {other.width}" if other.who != goal.ours.who else other.shape
    return [
        goal.work, named, bound(goal, goal.must), bound(goal, goal.aim), f"{value:.2f}",
        spread(goal, other, measured), verdict(goal, value),
        figure_text(goal, goal.ours, measured), figure_text(goal, other, measured),
    ]


def print_table(heads, rows):
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def print_goals(lines, amx):
    measured = Measurements(lines)
    heads = ["work", "against", "must", "aim", "ratio", "rounds", "reached", "ours", "theirs"]
    print_table(heads, [goal_cells(goal, measured) for goal in all_goals(amx)])


def print_growth(lines):
    """Beside each figure how it stands to the first of its kind."""
    rows, first = [], {}
    for line in lines:
        if not line["section"].startswith("growth"):
            continue
        kind = line["shape"] if line["section"] == "growth-threads" else line["shape"].rstrip("0123456789")
        start = first.setdefault((line["section"], kind, line["width"]), line)
        rows.append([
            line["section"].removeprefix("growth-"), line["shape"], line["width"], str(line["threads"]),
            f"{line['value']:.4g} {line['unit']}", f"{line['value'] / start['value']:.2f}",
            f"{line['peak_mib']:.0f}", f"{line['peak_mib'] - start['peak_mib']:+.0f}",
        ])
    if rows:
        print_table(["growth", "shape", "width", "threads", "figure", "x first", "peak MiB", "over first"], rows)


def print_checks(lines):
    """Both sides' first losses: the same work has the same."""
    losses = {(line["who"], line["width"]): line["first_loss"] for line in lines if "first_loss" in line}
    for (who, width), loss in sorted(losses.items()):
        print(f"first loss, {who} {width}: {loss:.3f}")


def print_sync(lines):
    """How long new weights take into the engine: a bound in seconds, with no peer."""
    seconds = defaultdict(list)
    for line in lines:
        if line["section"] == "sync":
            seconds[line["width"]].append(line["value"])
    for width, values in sorted(seconds.items()):
        print(f"weights of the trainer into the engine, {width}: {statistics.median(values):.2f} s (must: below 1 s)")


def print_conditions(lines, amx):
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        names = {line.split(":", 1)[1].strip() for line in file if line.startswith("model name")}
    loads = [line["load"] for line in lines if "load" in line]
    kernels = {line["kernels"] for line in lines if line.get("kernels")}
    print(f"{', '.join(sorted(names))}, {os.cpu_count()} cores, {'with' if amx else 'without'} AMX", end="; ")
    print(f"our kernels: {', '.join(sorted(kernels))}; load average {min(loads):.1f} to {max(loads):.1f}\n")


def print_all(lines, amx):
    if not lines:
        return
    print_conditions(lines, amx)
    print_goals(lines, amx)
    print_growth(lines)
    print_sync(lines)
    print_checks(lines)


def processor_has_amx():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        return "amx_bf16" in file.read()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as measurements:
        print_all([json.loads(row) for row in measurements], processor_has_amx())
