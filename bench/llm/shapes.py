"""What is measured: the shapes of bench-llm (llm.cc), under its names, and the token ids that all sides read."""

PREFILL = 512
CONTEXT = 128  # prompt tokens before decoding
NEW = 32  # tokens decoded
BATCHES = (1, 16)
PAIRS, ROW_TOKENS = 2, 256  # of a training step
VOCABULARY = 49152

DECODE = "decode b{}".format
PREFILL_NAME = f"prefill {PREFILL}"
STEP, STEP_CACHED = "step", "step, reference cached"


def token_ids(count, sequence=0):
    """As token_ids.h says."""
    ids, x = [], 7 + sequence
    for _ in range(count):
        x = (1103515245 * x + 12345) % 2**31
        ids.append(17 + x % (VOCABULARY - 17))
    return ids
STAGE = "a stage's calls"
