"""What the scenarios share: each prints, last, one JSON line with what it knows of itself."""

import json
import os
import resource
import time


def peak_rss_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def say(**truth):
    """The ground truth; the peak is the last figure taken."""
    print(json.dumps({"pid": os.getpid(), **truth, "peak_rss_bytes": peak_rss_bytes()}), flush=True)


def touch(block):
    """Makes every page of a mapping resident."""
    for at in range(0, len(block), 4096):
        block[at] = 1


def hold(seconds):
    """The program works on something else: time passes, its memory stays."""
    time.sleep(seconds)
