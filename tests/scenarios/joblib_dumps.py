#!/usr/bin/env python3
"""The real joblib, on a tmpfs that is too small for one file a task. usage: joblib_dumps.py new|same FOLDER"""

import sys

import numpy as np
from joblib import Parallel, delayed

from say import say

mode, folder = sys.argv[1], sys.argv[2]
SLICES, REPEAT = 8, 10
data = np.arange(1 << 22, dtype="float64")  # 32 MiB
step = len(data) // SLICES
views = [data[i * step:(i + 1) * step] for i in range(SLICES)]
tasks = (views[i] if mode == "same" else data[i * step:(i + 1) * step] for i in range(SLICES) for _ in range(REPEAT))
error = None


def work(_part):
    return None


try:
    Parallel(n_jobs=2, backend="multiprocessing", temp_folder=folder)(delayed(work)(part) for part in tasks)
except Exception as failure:  # an OSError, or what pickling makes of it
    error = f"{type(failure).__name__}: {failure}"
say(array_bytes=step * 8, slices=SLICES, tasks=SLICES * REPEAT, error=error)
