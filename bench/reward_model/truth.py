#!/usr/bin/env python3
"""How far a learned step-reward model is from the exact values of steps, beside Monte Carlo with 5 and 20 rollouts.

On gridworld, under the tabular policy, whose step values are computed exactly (docs/step-reward-truth.md). The policy
plays the train and the test tasks; a reward model is trained on Monte Carlo's values of the train tasks' steps, once
with N = 5, once with N = 20, once on the exact values themselves; all are held against the exact values on test.

    python3 bench/reward_model/truth.py --host build/release/bin/ipr-host --work /tmp/truth
"""

import argparse
import json
import math
import pathlib
import shutil
import subprocess

ENV = ["--env", "gridworld"]
POLICY = ["--policy", "plugin:gridworld-tabular"]


def call(host, words, out=None):
    with open(out, "w", encoding="utf-8") if out else open("/dev/null", "w", encoding="utf-8") as stream:
        subprocess.run([host, *words], check=True, stdout=stream)


def records(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def steps_for_training(trajectories, scored, value, path):
    """Rows of `export --format steps`: the messages before an action, the action's message and its value."""
    with open(path, "w", encoding="utf-8") as out:
        for played, scores in zip(records(trajectories), records(scored)):
            messages = played["messages"]
            replies = [i for i, m in enumerate(messages) if m["role"] == "assistant"]
            for i, step in zip(replies, scores["steps"]):
                out.write(json.dumps({"id": played["id"], "env": "gridworld", "model": "tabular", "lazy": False,
                                      "messages": messages[:i], "reply": messages[i]["content"],
                                      "value": step[value], "samples": step["n"]}) + "\n")


def compare(trajectories, scored, sampled):
    """(steps, RMSE, mean |error|, ordered pairs of rival steps, share ordered as the exact values order them).

    `sampled`: scores by Monte Carlo, which say what no rollout was needed for: the last steps, known to all."""
    errors, rivals = [], {}
    for played, scores, reference in zip(records(trajectories), records(scored), records(sampled)):
        history = played["id"]
        for step, by_rollouts in zip(scores["steps"], reference["steps"]):
            if by_rollouts["n"]:
                errors.append(step["mean"] - step["exact"])
            rivals.setdefault(history, {})[step["action"]] = (step["mean"], step["exact"])
            history += "|" + step["action"]
    pairs = [(a[0] - b[0], a[1] - b[1])
             for steps in rivals.values() for i, a in enumerate(steps.values()) for b in list(steps.values())[:i]]
    pairs = [(found, true) for found, true in pairs if abs(true) > 0.05]
    right = sum(found * true > 0 for found, true in pairs)
    n = len(errors)
    return n, math.sqrt(sum(e * e for e in errors) / n), sum(map(abs, errors)) / n, len(pairs), right / len(pairs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="build/release/bin/ipr-host")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("/tmp/reward-model-truth"))
    parser.add_argument("--samples", default="8", help="episodes per train task")
    parser.add_argument("--set", action="append", default=[], help="KEY=VALUE of train-scorer")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    at = lambda name: str(args.work / name)

    if not (args.work / "base").exists():  # whose SFT model knows the words
        call(args.host, [*ENV, "--optimizer", "eto", "--iterations", "1", "--out", at("base")])
    for split, samples in ("train", args.samples), ("test", "4"):
        call(args.host, ["collect", *ENV, *POLICY, "--split", split, "--samples", samples, "--out", at(split + ".jsonl")])
    score = ["score", *ENV, *POLICY, "--exact"]
    rows = []
    for n in "5", "20":
        for split in "train", "test":
            call(args.host, [*score, "--scorer", "mc", "--samples", n, "--data", at(split + ".jsonl")],
                 at(f"{split}-mc{n}.jsonl"))
        rows.append((f"Monte Carlo, N = {n}", at(f"test-mc{n}.jsonl")))
    for name, value, scored in ("N = 5", "mean", "train-mc5.jsonl"), ("N = 20", "mean", "train-mc20.jsonl"), \
                               ("exact values", "exact", "train-mc5.jsonl"):
        tag = name.replace(" ", "").replace("=", "")
        steps_for_training(at("train.jsonl"), at(scored), value, at(f"steps-{tag}.jsonl"))
        model = at(f"model-{tag}")
        shutil.rmtree(model, ignore_errors=True)
        call(args.host, ["train-scorer", "--scorer", "reward-model", "--data", at(f"steps-{tag}.jsonl"),
                         "--model", at("base/checkpoints/iter-0"), "--out", model,
                         *(word for setting in args.set for word in ("--set", setting))])
        call(args.host, [*score, "--scorer", "reward-model", "--set", f"scorer.model={model}",
                         "--data", at("test.jsonl")], at(f"test-{tag}.jsonl"))
        rows.append((f"reward model, trained on {name}", at(f"test-{tag}.jsonl")))

    exact = [step["exact"] for played in records(at("test-mc5.jsonl")) for step in played["steps"] if step["n"]]
    mean = sum(exact) / len(exact)
    print(f"{'':38} {'steps':>6} {'RMSE':>7} {'mean |error|':>13} {'rival pairs':>12} {'ordered rightly':>16}")
    print(f"{'the mean of the exact values':38} {len(exact):6} "
          f"{math.sqrt(sum((x - mean) ** 2 for x in exact) / len(exact)):7.3f} "
          f"{sum(abs(x - mean) for x in exact) / len(exact):13.3f}")
    for name, path in rows:
        steps, rmse, error, pairs, right = compare(at("test.jsonl"), path, at("test-mc5.jsonl"))
        print(f"{name:38} {steps:6} {rmse:7.3f} {error:13.3f} {pairs:12} {right:16.3f}")


if __name__ == "__main__":
    main()
