"""The rows of the table: what is held against what, and the ratios to reach."""

from dataclasses import dataclass

from shapes import DECODE, PREFILL_NAME, STAGE, STEP, STEP_CACHED

LLAMA_WIDTHS = ("f32", "bf16", "q8_0", "q4_1")
SHARED, BATCHED, ONE_BY_ONE = "5 samples, shared prompt", "5 prompts, batched", "5 prompts, one by one"
MINI = "default run"

# How a ratio is made of our figure and the other: so that more is better, or, of a share, less.
FASTER, SOONER, SHARE = "faster", "sooner", "share"


@dataclass(frozen=True)
class Key:
    """Names a measurement."""

    who: str
    shape: str
    width: str


@dataclass(frozen=True)
class Goal:
    work: str
    ours: Key
    others: tuple  # of Keys: the best of them counts
    kind: str
    must: float | None = None  # None: printed, not asked for
    aim: float | None = None
    figure: str = "value"  # or "peak_mib"


def ours(shape, width):
    return Key("ipr-host", shape, width)


def llama(shape, *widths):
    return tuple(Key("llama.cpp", shape, width) for width in widths)


def transformers(shape, *widths):
    return tuple(Key("transformers", shape, width) for width in widths)


def pytorch(shape, width):
    return (Key("PyTorch", shape, width),)


def of_width(shape, width):
    return llama(shape, width) + transformers(shape, width)


def of_any_width(shape):
    return llama(shape, *LLAMA_WIDTHS) + transformers(shape, "f32", "bf16")


def decoding(amx):
    """Without AMX the goals in bf16 are set against the best peer of that width."""
    b1, b16, b32 = DECODE(1), DECODE(16), DECODE(32)
    yield Goal("decode batch 1, f32", ours(b1, "f32"), llama(b1, "f32"), FASTER, 1.1, 1.25)
    if amx:
        yield Goal("decode batch 1, bf16", ours(b1, "bf16"), llama(b1, "bf16"), FASTER, 1.4, 1.7)
        yield Goal("decode batch 16, bf16", ours(b16, "bf16"), of_any_width(b16), FASTER, 2, 3)
    else:
        for batch, shape in ((1, b1), (16, b16)):
            yield Goal(f"decode batch {batch}, bf16", ours(shape, "bf16"), of_width(shape, "bf16"), FASTER, 1.1)
    yield Goal("decode batch 16, f32", ours(b16, "f32"), of_width(b16, "f32"), FASTER)
    most = (1.2, 1.6) if amx else (None, None)  # of a goal in bf16 for processors with AMX
    yield Goal("decode batch 32, bf16", ours(b32, "bf16"), (ours(b16, "bf16"),), FASTER, *most)
    peers = transformers(PREFILL_NAME, "bf16") if amx else of_width(PREFILL_NAME, "bf16")
    yield Goal("prefill 512, bf16", ours(PREFILL_NAME, "bf16"), peers, FASTER, 0.9, 1.1 if amx else None)
    yield Goal("prefill 512, f32", ours(PREFILL_NAME, "f32"), of_width(PREFILL_NAME, "f32"), FASTER)


def samples():
    for width in ("bf16", "f32"):
        shared, work = ours(SHARED, width), f"5 samples x 64 after 1,000 shared, {width}"
        yield Goal(work, shared, (ours(BATCHED, width),), SHARE, 0.5, 0.4)
        yield Goal(work, shared, (ours(ONE_BY_ONE, width),), SHARE, 0.27, 0.2)


def training():
    full, cached = ours(STEP, "bf16"), ours(STEP_CACHED, "bf16")
    peer = pytorch(STEP, "bf16")
    yield Goal("DPO+SFT step, bf16", full, peer, SOONER, 1.15, 1.5)
    yield Goal("DPO+SFT step, bf16, reference cached", cached, peer, SOONER, 1.3, 1.8)
    yield Goal("the same, the peer's cached too", cached, pytorch(STEP_CACHED, "bf16"), SOONER)
    yield Goal("peak memory of the step", full, peer, SHARE, 0.85, 0.65, "peak_mib")


def neighbour():
    for width in ("bf16", "f32"):
        busy, alone = ours("decode b1, busy neighbour", width), ours("decode b1, one thread", width)
        yield Goal(f"decode batch 1, one busy neighbour, {width}", busy, (alone,), FASTER, 0.9, 1.2)


def whole_runs():
    for width in ("bf16", "f32"):
        peer = transformers(STAGE, "bf16")
        yield Goal(f"Monte Carlo stage on ALFWorld, {width}", ours(STAGE, width), peer, SOONER, 8, 15)
    yield Goal("the default run", ours(MINI, "f32"), (Key("before", MINI, "f32"),), SOONER, 1.5, 2.5)


def all_goals(amx):
    return [*decoding(amx), *samples(), *training(), *neighbour(), *whole_runs()]
