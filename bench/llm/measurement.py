"""Lines of JSON as bench-llm prints them, and the clock and medians behind their values."""

import json
import os
import resource
import statistics
import time


def seconds(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def median_rate(count, times):
    return count / statistics.median(times)


def say(who, section, shape, width, unit, values, **more):
    """One measurement: the median of `values`, with the peak of memory that the process has held so far."""
    line = {"who": who, "section": section, "shape": shape, "width": width, "unit": unit}
    line |= {"value": statistics.median(values), "load": os.getloadavg()[0], **more}
    line["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(line), flush=True)
