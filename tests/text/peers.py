"""Ids by Hugging Face: peers.py TOKENIZER_JSON TEXTS_JSON IDS_JSON. Exit 77: the module is not installed."""
import json
import sys

try:
    from tokenizers import Tokenizer
except ImportError:
    sys.exit(77)

tokenizer = Tokenizer.from_file(sys.argv[1])
with open(sys.argv[2], encoding="utf-8") as file:
    texts = json.load(file)
ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
with open(sys.argv[3], "w", encoding="utf-8") as file:
    json.dump(ids, file)
