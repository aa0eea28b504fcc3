#!/usr/bin/env python3
"""The real QuantileDMatrix of xgboost: each keeps its input alive in a reference cycle.
usage: xgboost_cycle.py STEPS [collect]"""

import gc
import sys

import numpy as np
import xgboost

from say import say

steps, rows = int(sys.argv[1]), 1 << 19
data, label = np.random.rand(rows, 1), np.random.rand(rows, 1)
gc.disable()  # as it is for long in a program that makes few objects
for step in range(steps):
    xgboost.QuantileDMatrix(data * step, label, nthread=1)
    if "collect" in sys.argv:
        gc.collect()
say(bytes_per_step=data.nbytes, steps=steps)
