"""What the packages themselves make of our files: peers.py tensorboard FOLDER ANSWER | peers.py rows FOLDER ANSWER.

tensorboard: the scalars of the event file in FOLDER, {tag: [[step, value], …]}.
rows: FOLDER/{sharegpt,trl-sft,trl-dpo,steps}.jsonl through `datasets` and the data functions of `trl`.
"""
import json
import sys

CHAT = "{% for m in messages %}<{{ m.role }}>{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"


def read_tensorboard(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    events = EventAccumulator(folder, size_guidance={"scalars": 0}).Reload()
    return {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


class Tokenizer:
    """The one method that trl's data functions ask for, with the template engine of `transformers`."""

    def apply_chat_template(self, messages, tokenize=False, add_generation_prompt=False, continue_final_message=False,
                            **_):
        from transformers.utils.chat_template_utils import render_jinja_template
        rendered, _ = render_jinja_template([messages], chat_template=CHAT, add_generation_prompt=add_generation_prompt,
                                            continue_final_message=continue_final_message)
        return rendered[0]


def read_rows(folder):
    from datasets import load_dataset
    from trl.data_utils import is_conversational, maybe_apply_chat_template
    answer = {}
    for name in ("sharegpt", "trl-sft", "trl-dpo", "steps"):
        rows = load_dataset("json", data_files=f"{folder}/{name}.jsonl", split="train", cache_dir=f"{folder}/cache")
        row = rows[0]
        answer[name] = {"rows": len(rows), "columns": rows.column_names, "conversational": is_conversational(row)}
        if name in ("trl-sft", "trl-dpo"):
            answer[name]["text"] = maybe_apply_chat_template(row, Tokenizer())
    return answer


answer = read_tensorboard(sys.argv[2]) if sys.argv[1] == "tensorboard" else read_rows(sys.argv[2])
with open(sys.argv[3], "w", encoding="utf-8") as file:
    json.dump(answer, file)
