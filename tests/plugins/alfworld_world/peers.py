"""Plays generated games with TextWorld itself: every stored walkthrough must win, at its last command and not before.

usage: peers.py FOLDER    FOLDER holds *.tw-pddl; prints one line per game and writes what was shown to played.json
exit code 77: Python has no module textworld (or no PDDL support in it); 1: a game does not play as it says
"""
import glob
import json
import os
import sys

try:
    import fast_downward  # noqa: F401  (fast-downward-textworld: what TextWorld plays PDDL games with)
    import textworld
    import textworld.core
    from textworld.envs.pddl import PddlEnv
except ImportError as error:
    print(f"textworld cannot be imported: {error}")
    sys.exit(77)


class Names(textworld.core.Wrapper):
    """Shown names as ALFWorld makes them: per kind the highest number to the smallest id."""

    def load(self, *args, **kwargs):
        super().load(*args, **kwargs)
        infos = self._entity_infos.values()

        def kind(entity):
            base = entity.id.split("_bar_", 1)[0]
            return base + "basin" if "basin" in entity.id and "_bar_" in entity.id else base

        left = {}
        for info in infos:
            left[kind(info)] = left.get(kind(info), 0) + 1
        for info in sorted(infos, key=lambda info: info.id):
            if "_bar_" not in info.id:
                info.name = info.id + " "
                continue
            info.name = f"{kind(info)} {left[kind(info)]}"
            left[kind(info)] -= 1


def play(path):
    with open(path) as file:
        walkthrough = json.load(file)["walkthrough"]
    infos = textworld.EnvInfos(won=True, admissible_commands=True, feedback=True)
    env = Names(PddlEnv(infos))
    env.load(path)
    state = env.reset()
    record = {"game": path, "reset": state.feedback, "steps": []}
    for number, command in enumerate(walkthrough, 1):
        if command not in state.admissible_commands:
            return record, f"step {number}: {command!r} is not admissible"
        if state.won:
            return record, f"won before step {number}"
        state, _, done = env.step(command)
        record["steps"].append({"cmd": command, "obs": state.feedback, "adm": sorted(state.admissible_commands),
                                "won": bool(state.won)})
    env.close()
    return record, None if state.won and done else "not won at the end"


def main():
    failed, records = 0, []
    folder = sys.argv[1]  # Fast Downward writes its own arguments there
    games = sorted(glob.glob(os.path.join(folder, "*.tw-pddl")))
    for path in games:
        record, fault = play(path)
        records.append(record)
        failed += fault is not None
        print(f"{os.path.basename(path)}: {fault or 'won'} ({len(record['steps'])} steps)")
    with open(os.path.join(folder, "played.json"), "w") as out:
        json.dump(records, out)
    return 1 if failed or not games else 0


if __name__ == "__main__":
    sys.exit(main())
