"""Ids by sentencepiece and by Hugging Face's tokenizers, of vocabularies trained here.

make_tokenizer_goldens.py OUT.json.gz [--count N] [--seed N] [--wide]
    --wide adds some whose goldens are too large for the repository, among them SentencePiece's own nmt_nfkc map.
Exit 77: sentencepiece or tokenizers is not installed.

tests/text/data/tokenizer_goldens.json.gz was written by it (sentencepiece 0.2.3, tokenizers 0.23.3, Python 3.11):
    python3 tests/text/make_tokenizer_goldens.py tests/text/data/tokenizer_goldens.json.gz

The file: {"texts": [text or {"hex": bytes that are not UTF-8}], "tokenizers": [{
    "name", "kind": "sentencepiece" or "json", "file": base64 of a tokenizer.model, or a tokenizer.json,
    "ids": per text; for "json" with special tokens of the text recognized; or {index: ids}, where they differ from those of
        tokenizer number "base",
    "ordinary": {index: ids} for "json", where ids with special tokens as ordinary text differ,
    "decoded": {index: text}, where decoding the ids does not give the text,
    "prefix": ids that are put in front of a whole text}]}
"""
import argparse
import base64
import gzip
import io
import json
import os
import random
import sys
import tempfile
import unicodedata

try:
    import sentencepiece
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
except ImportError:
    sys.exit(77)

# Blocks whose characters were assigned long ago: the regular expression library knows Unicode 14.
BLOCKS = [
    (0x20, 0x7E), (0xA0, 0x24F), (0x250, 0x2AF), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x531, 0x556),
    (0x561, 0x586), (0x5D0, 0x5EA), (0x591, 0x5BD), (0x620, 0x669), (0x670, 0x6FF), (0x710, 0x72F), (0x780, 0x7B0),
    (0x904, 0x939), (0x93C, 0x94D), (0x966, 0x96F), (0x985, 0x9B9), (0xA05, 0xA39), (0xA85, 0xAB9), (0xB05, 0xB39),
    (0xB85, 0xBB9), (0xC05, 0xC28), (0xC85, 0xCB9), (0xD05, 0xD28), (0xD85, 0xDC6), (0xE01, 0xE3A), (0xE40, 0xE4E),
    (0xE50, 0xE59), (0xE81, 0xE84), (0xF00, 0xF47), (0x1000, 0x1049), (0x10A0, 0x10C5), (0x10D0, 0x10F0),
    (0x1100, 0x11FF), (0x1200, 0x1248), (0x13A0, 0x13F4), (0x1401, 0x1676), (0x16A0, 0x16EA), (0x1780, 0x17B3),
    (0x1820, 0x1877), (0x1E00, 0x1EFF), (0x1F00, 0x1FFE), (0x2000, 0x206F), (0x2070, 0x209C), (0x20A0, 0x20BF),
    (0x20D0, 0x20F0), (0x2100, 0x214F), (0x2150, 0x218B), (0x2190, 0x23FF), (0x2460, 0x24FF), (0x2500, 0x27BF),
    (0x2800, 0x28FF), (0x2900, 0x2BFF), (0x2C00, 0x2C5F), (0x2C80, 0x2CF3), (0x2E80, 0x2FD5), (0x3000, 0x303F),
    (0x3041, 0x3096), (0x3099, 0x30FF), (0x3105, 0x312F), (0x3131, 0x318E), (0x3200, 0x33FF), (0x3400, 0x4DB5),
    (0x4E00, 0x9FA5), (0xA000, 0xA48C), (0xAC00, 0xD7A3), (0xF900, 0xFA2D), (0xFB00, 0xFB06), (0xFB1D, 0xFB4F),
    (0xFB50, 0xFBB1), (0xFE20, 0xFE2F), (0xFE30, 0xFE4F), (0xFE70, 0xFEFC), (0xFF01, 0xFFEE), (0x10000, 0x100FA),
    (0x10330, 0x1034A), (0x10400, 0x1049D), (0x1D400, 0x1D7FF), (0x1F300, 0x1F5FF), (0x1F600, 0x1F64F),
    (0x1F680, 0x1F6C5), (0x1F900, 0x1F9FF), (0x20000, 0x2A6D6), (0xE000, 0xE010), (0xE0001, 0xE0001),
]
CONTROLS = [chr(c) for c in list(range(0, 32)) + list(range(127, 160))] + ["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad"]
BLANKS = [" ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\r", " \n", "\n ", "\u00a0", "\u2003", "\u3000", "\u2028", "\u0085",
          "\u180e", "\u1680", " \t ", "\v", "\f"]
EMOJI = ["\U0001F600", "\U0001F468\u200d\U0001F469\u200d\U0001F467", "\U0001F44D\U0001F3FD", "\U0001F1E9\U0001F1EA",
         "\u2764\ufe0f", "1\ufe0f\u20e3", "\U0001F3F4\U000E0067\U000E0062\U000E007F", "\u263a"]
WORDS = """the a search click buy now item page price red blue cotton shirt thought action observation open go take put
 cabinet drawer fridge lamp desk select from where group by order limit count name student course and of in with for is
 Zürich straße élève mañana größe čeština żółw İstanbul привет мир как дела Αθήνα γλώσσα שלום עולם مرحبا بالعالم नमस्ते
 दुनिया สวัสดี ชาวโลก 안녕하세요 세계 こんにちは 世界 日本語 你好 中文 字符 xin chào việt nam გამარჯობა ሰላም ជំរាបសួរ
 don't we'll I'm they've he'd you're it's DON'T WE'LL I'M JSON SQL HTTP camelCase snake_case""".split()
MARKS = ["\u0301", "\u0327", "\u0308", "\u0323", "\u0345", "\u05b4", "\u064b", "\u3099", "\u0300\u0316", "\u0338"]
SPECIALS = ["<s>", "</s>", "<unk>", "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|eot_id|>", "<0x41>", "<0x0A>",
            "[INST]", "[/INST]", "<<SYS>>", "<|end", "\u2581", "\u2581\u2581", " \u2581", "<sep>", "foo bar"]


def any_char(rng):
    while True:
        first, last = rng.choice(BLOCKS)
        char = chr(rng.randint(first, last))
        if unicodedata.category(char) != "Cn":
            return char


def number(rng):
    digits = "".join(str(rng.randint(0, 9)) for _ in range(rng.randint(1, 9)))
    return rng.choice([digits, digits + ".5", "$" + digits, "\u0661\u0662\u0663", "\u00bd", "\u2167", "1e-5", "x" + digits])


def part(rng):
    kind = rng.randint(0, 12)
    if kind <= 4:
        return rng.choice(WORDS) + rng.choice(["", " ", " ", " ", ", ", "."])
    if kind == 5:
        return "".join(any_char(rng) for _ in range(rng.randint(1, 6)))
    if kind == 6:
        return rng.choice(BLANKS)
    if kind == 7:
        return rng.choice(EMOJI) + rng.choice(["", " "])
    if kind == 8:
        return number(rng) + rng.choice(["", " "])
    if kind == 9:
        return rng.choice(CONTROLS)
    if kind == 10:
        return rng.choice("aeiounAEO\u03b1\u05d0\u0e01\u304b") + "".join(rng.choice(MARKS) for _ in range(rng.randint(1, 3)))
    if kind == 11:
        return rng.choice(SPECIALS)
    return rng.choice(["!!!", "?!", "()[]", "->", "==", "\u201cx\u201d", "'s", "'S", "'\u017f", "...", "#", "//", "aaaaaaa", "======="])


def make_text(rng):
    text = "".join(part(rng) for _ in range(rng.randint(1, 9)))
    if rng.random() < 0.04:
        text *= rng.randint(5, 20)
    if rng.random() < 0.1:
        text = rng.choice(BLANKS) + text + rng.choice(BLANKS)
    return text


def make_texts(rng, count):
    """Texts as bytes; one in ten is not UTF-8."""
    texts = [b"", b" ", b"  ", b"\n", "\u2581".encode(), b"\xff", b"\xe2\x96", b"\xe2\x96\x81", b"\xf0\x9f\x98", b"\xed\xa0\x80"]
    while len(texts) < count:
        data = make_text(rng).encode()
        if rng.random() < 0.1 and data:
            data = bytearray(data)
            for _ in range(rng.randint(1, 4)):
                at = rng.randrange(len(data))
                if rng.random() < 0.5:
                    data[at] = rng.randrange(0x80, 0x100)
                else:
                    data.insert(at, rng.randrange(0x80, 0x100))
            data = bytes(data)
        texts.append(data)
    return texts[:count]


def valid(data):
    """Bytes that are not UTF-8 as U+FFFD, one for each; Python's own `replace` takes a broken run for one."""
    text = ""
    while data:
        for size in (1, 2, 3, 4):
            try:
                text += data[:size].decode()
                data = data[size:]
                break
            except UnicodeDecodeError:
                continue
        else:
            text += "\ufffd"
            data = data[1:]
    return text


def corpus(rng):
    lines = []
    for _ in range(3000):
        lines.append(" ".join(rng.choice(WORDS) for _ in range(rng.randint(3, 12))) + rng.choice([".", "!", "", " 12", " 3.50"]))
    return lines


def train_sentencepiece(lines, **options):
    out = io.BytesIO()
    settings = dict(model_type="bpe", vocab_size=900, character_coverage=0.995, minloglevel=2, num_threads=1,
                    hard_vocab_limit=False, shuffle_input_sentence=False)
    settings.update(options)
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=out, **settings)
    return out.getvalue()


def llama_options(**options):
    return dict(dict(byte_fallback=True, split_digits=True, allow_whitespace_only_pieces=True,
                     normalization_rule_name="identity", remove_extra_whitespaces=False), **options)


def rules_file(folder):
    """A small character map: ligatures, full-width letters, a control character that goes away, blanks that become one."""
    rules = {"\ufb01": "fi", "\ufb02": "fl", "\u3000": " ", "\u00a0": " ", "\t": " ", "\u200b": "", "\u00bd": "1/2",
             "e\u0301": "\u00e9", "a\u0308": "\u00e4", "a\u0308\u0323": "\u1ea1\u0308"}
    rules.update({chr(0xFF21 + i): chr(65 + i) for i in range(26)})
    path = os.path.join(folder, "rules.tsv")
    with open(path, "w", encoding="utf-8") as file:
        for source, target in rules.items():
            file.write(" ".join("%X" % ord(c) for c in source) + "\t" + " ".join("%X" % ord(c) for c in target) + "\n")
    return path


def llama_tokenizer(model, metaspace):
    """The tokenizer.json of a SentencePiece model, in the older manner (normalizer) or the newer (Metaspace)."""
    sp = sentencepiece.SentencePieceProcessor(model_proto=model)
    pieces = [sp.id_to_piece(i) for i in range(sp.vocab_size())]
    vocab = {piece: i for i, piece in enumerate(pieces)}
    merges = []
    for piece, i in vocab.items():
        for cut in range(1, len(piece)):
            if piece[:cut] in vocab and piece[cut:] in vocab:
                merges.append((-sp.get_score(i), -cut, piece[:cut], piece[cut:]))
    merges = [(left, right) for _, _, left, right in sorted(merges)]
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if metaspace:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="first", split=False)
    else:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in ("<unk>", "<s>", "</s>")])
    tokenizer.add_tokens([AddedToken("foo bar", normalized=not metaspace, special=False)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", vocab["<s>"])])
    return tokenizer


def words_pattern(digits):
    return (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + digits +
            r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


TEKKEN = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|"
          r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|"
          r"\s*[\r\n]+|\s+(?!\S)|\s+")


def byte_tokenizer(lines, pre, specials, nfc=False, bos=None, vocab_size=900):
    tokenizer = Tokenizer(models.BPE())
    if nfc:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in specials])
    tokenizer.add_tokens([AddedToken("foo bar", normalized=False, special=False)])
    if bos:
        tokenizer.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single=bos + " $A", pair=bos + " $A " + bos + " $B",
                                          special_tokens=[(bos, tokenizer.token_to_id(bos))])])
    return tokenizer


def split_then_bytes(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), behavior="isolated"),
                                    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def differing(values, texts):
    return {str(i): value for i, value in enumerate(values) if value != texts[i]}


def sentencepiece_golden(name, model, texts):
    sp = sentencepiece.SentencePieceProcessor(model_proto=model)
    ids = [sp.encode(data) for data in texts]
    return {"name": name, "kind": "sentencepiece", "file": base64.b64encode(model).decode(), "ids": ids, "ordinary": {},
            "decoded": differing([sp.decode(i) for i in ids], [valid(data) for data in texts]),
            "prefix": [sp.bos_id()]}


def json_golden(name, tokenizer, texts, ignore_merges=False):
    document = json.loads(tokenizer.to_str())
    document["model"]["ignore_merges"] = ignore_merges
    tokenizer = Tokenizer.from_str(json.dumps(document))
    strings = [valid(data) for data in texts]
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in strings]
    decoded = [tokenizer.decode(i, skip_special_tokens=False) for i in ids]
    prefix = tokenizer.encode("a").ids[:-1] if document["post_processor"] else []
    if tokenizer.encode("a", add_special_tokens=False).ids != tokenizer.encode("a").ids[len(prefix):]:
        prefix = tokenizer.encode("", add_special_tokens=True).ids
    tokenizer.encode_special_tokens = True
    ordinary = [tokenizer.encode(text, add_special_tokens=False).ids for text in strings]
    return {"name": name, "kind": "json", "file": document, "ids": ids, "ordinary": differing(ordinary, ids),
            "decoded": differing(decoded, strings), "prefix": prefix}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wide", action="store_true")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    lines = corpus(rng)
    texts = make_texts(rng, args.count)
    found = []

    llama = train_sentencepiece(lines, **llama_options())
    found.append(sentencepiece_golden("sentencepiece llama-2", llama, texts))
    found.append(sentencepiece_golden("sentencepiece without a dummy prefix, with user-defined pieces", train_sentencepiece(
        lines, **llama_options(add_dummy_prefix=False, user_defined_symbols=["<sep>", "foo", "oo b", "[INST]"])), texts))
    with tempfile.TemporaryDirectory() as folder:
        found.append(sentencepiece_golden("sentencepiece with a map, single blanks and no byte pieces", train_sentencepiece(
            lines, normalization_rule_tsv=rules_file(folder), user_defined_symbols=["<sep>", "\u3000\u3000"]), texts))
    if args.wide:
        found.append(sentencepiece_golden("sentencepiece nmt_nfkc", train_sentencepiece(
            lines, byte_fallback=True, normalization_rule_name="nmt_nfkc"), texts))
        found.append(sentencepiece_golden("sentencepiece nfkc_cf", train_sentencepiece(
            lines, normalization_rule_name="nfkc_cf", remove_extra_whitespaces=False), texts))
    found.append(json_golden("json llama-2", llama_tokenizer(llama, metaspace=False), texts))
    found.append(json_golden("json mistral-v3", llama_tokenizer(llama, metaspace=True), texts))

    bytes_only = pre_tokenizers.ByteLevel(add_prefix_space=False)
    chatml = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    llama3 = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    found.append(json_golden("json llama-3", byte_tokenizer(lines, split_then_bytes(words_pattern("{1,3}")), llama3,
                                                            bos="<|begin_of_text|>"), texts, ignore_merges=True))
    found.append(json_golden("json qwen2", byte_tokenizer(lines, split_then_bytes(words_pattern("")), chatml, nfc=True), texts))
    found.append(json_golden("json gpt-2", byte_tokenizer(lines, bytes_only, ["<|endoftext|>"]), texts))
    found.append(json_golden("json smollm", byte_tokenizer(
        lines, pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), bytes_only]), chatml), texts))
    if args.wide:
        found.append(json_golden("json tekken", byte_tokenizer(
            lines, split_then_bytes(TEKKEN), ["<s>", "</s>", "[INST]"], vocab_size=600), texts))
    for golden in found[1:]:
        if golden["name"] in ("json llama-2", "json mistral-v3"):
            golden.update(base=0, ids=differing(golden["ids"], found[0]["ids"]))

    def shown(data):
        return data.decode() if valid(data).encode() == data else {"hex": data.hex()}

    document = json.dumps({"texts": [shown(data) for data in texts], "tokenizers": found}, separators=(",", ":"))
    with open(args.out, "wb") as file, gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed:
        packed.write(document.encode())


if __name__ == "__main__":
    main()
