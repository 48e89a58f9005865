"""llama.cpp through llama-cpp-python's C interface: reading a prompt, and decoding some sequences together.

Its KV cache is in f16, as by default. The weights of a width are made once from those of the package, all from the same
Q4_1 numbers.
"""

import ctypes
import os

import llama_cpp
import numpy

from measurement import median_rate, say, seconds
from shapes import BATCHES, CONTEXT, DECODE, NEW, PREFILL, PREFILL_NAME, VOCABULARY, token_ids
from smollm2 import gguf_file

FILE_TYPES = {
    "f32": llama_cpp.LLAMA_FTYPE_ALL_F32,
    "bf16": llama_cpp.LLAMA_FTYPE_MOSTLY_BF16,
    "q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0,
}


def weights_of(width, work, threads):
    if width == "q4_1":
        return gguf_file()
    path = os.path.join(work, f"smollm2-{width}.gguf")
    if not os.path.exists(path):
        settings = llama_cpp.llama_model_quantize_default_params()
        settings.allow_requantize, settings.nthread, settings.ftype = True, threads, FILE_TYPES[width]
        unfinished = path + ".tmp"
        if llama_cpp.llama_model_quantize(gguf_file().encode(), unfinished.encode(), ctypes.byref(settings)) != 0:
            raise RuntimeError(f"llama.cpp cannot write {path}")
        os.rename(unfinished, path)
    return path


class Sequences:
    """Some sequences of at most `positions` tokens in a context of their own."""

    def __init__(self, model, count, positions, threads):
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx, settings.n_seq_max = count * positions, count
        settings.n_batch = settings.n_ubatch = 512
        settings.n_threads = settings.n_threads_batch = threads
        settings.kv_unified = False
        self.context = llama_cpp.llama_init_from_model(model, settings)
        self.batch = llama_cpp.llama_batch_init(512, 0, 1)
        self.next = [0] * count
        self.length = 0

    def close(self):
        llama_cpp.llama_batch_free(self.batch)
        llama_cpp.llama_free(self.context)

    def run(self, rows):
        """rows: (token, position, sequence, whether its logits are wanted)."""
        self.batch.n_tokens = len(rows)
        for i, (token, position, sequence, wanted) in enumerate(rows):
            self.batch.token[i], self.batch.pos[i], self.batch.logits[i] = token, position, wanted
            self.batch.n_seq_id[i], self.batch.seq_id[i][0] = 1, sequence
        if llama_cpp.llama_decode(self.context, self.batch) != 0:
            raise RuntimeError("llama.cpp does not decode the batch")
        for i, (_, _, sequence, wanted) in enumerate(rows):
            if wanted:
                logits = llama_cpp.llama_get_logits_ith(self.context, i)
                self.next[sequence] = int(numpy.argmax(numpy.ctypeslib.as_array(logits, shape=(VOCABULARY,))))

    def read_prompts(self, tokens):
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)
        for sequence in range(len(self.next)):
            ids = token_ids(tokens, sequence)
            self.run([(token, position, sequence, position + 1 == tokens) for position, token in enumerate(ids)])
        self.length = tokens

    def decode(self):
        self.run([(token, self.length, sequence, True) for sequence, token in enumerate(self.next)])
        self.length += 1


def measure_prefill(model, width, threads, repeat):
    sequence = Sequences(model, 1, PREFILL, threads)
    read = lambda: sequence.read_prompts(PREFILL)
    read()
    say("llama.cpp", "prefill", PREFILL_NAME, width, "tok/s", [PREFILL / seconds(read) for _ in range(repeat)])
    sequence.close()


def measure_decode(model, width, batch, threads, repeat):
    sequences = Sequences(model, batch, 256, threads)
    rates = []
    for _ in range(repeat):
        sequences.read_prompts(CONTEXT)
        rates.append(median_rate(batch, [seconds(sequences.decode) for _ in range(NEW)]))
    say("llama.cpp", "decode", DECODE(batch), width, "tok/s", rates)
    sequences.close()


def main(width, options):
    llama_cpp.llama_backend_init()
    silent = llama_cpp.llama_log_callback(lambda level, text, user: None)
    llama_cpp.llama_log_set(silent, ctypes.c_void_p(0))
    settings = llama_cpp.llama_model_default_params()
    settings.n_gpu_layers = 0
    model = llama_cpp.llama_model_load_from_file(weights_of(width, options.work, options.threads).encode(), settings)
    measure_prefill(model, width, options.threads, options.repeat)
    for batch in BATCHES:
        measure_decode(model, width, batch, options.threads, options.repeat)
