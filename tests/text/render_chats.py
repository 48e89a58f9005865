"""Chats by Jinja: render_chats.py CASES_JSON TEXTS_JSON. Exit 77: the module is not installed.

A case is {"jinja", "messages", "add_generation_prompt"}; rendered as Hugging Face's transformers do.
"""
import json
import sys

try:
    from jinja2.sandbox import ImmutableSandboxedEnvironment
except ImportError:
    sys.exit(77)

environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
with open(sys.argv[1], encoding="utf-8") as file:
    cases = json.load(file)
texts = [environment.from_string(case["jinja"]).render(messages=case["messages"],
                                                       add_generation_prompt=case["add_generation_prompt"])
         for case in cases]
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(texts, file)
