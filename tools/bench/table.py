# SPDX-License-Identifier: GPL-2.0-only
"""Figures and how they print: ours beside the peer's, the goal, and whether it was met."""

import statistics


class Spread:
    """Repeated measurements of one thing."""

    def __init__(self, values):
        self.values = sorted(values)

    @property
    def low(self):
        return self.values[0]

    @property
    def middle(self):
        return statistics.median(self.values)

    @property
    def high(self):
        return self.values[-1]

    def text(self, unit=""):
        digits = 0 if abs(self.middle) >= 100 else 1 if abs(self.middle) >= 10 else 2
        low, middle, high = (f"{v:.{digits}f}" for v in (self.low, self.middle, self.high))
        return f"{middle} {unit} [{low} {high}]" if len(self.values) > 1 else f"{middle} {unit}"


class Quartiles(Spread):
    """Of many: the half of them around the median."""

    @property
    def low(self):
        return self.values[len(self.values) // 4]

    @property
    def high(self):
        return self.values[len(self.values) * 3 // 4]


class Row:
    """`met`: True, False, or None where there is no goal."""

    def __init__(self, figure, ours, peer="", goal="", met=None):
        self.figure, self.ours, self.peer, self.goal, self.met = figure, ours, peer, goal, met

    def cells(self):
        verdict = {True: "met", False: "MISSED", None: ""}[self.met]
        return [self.figure, self.ours, self.peer, self.goal, verdict]


class Section:
    def __init__(self, title):
        self.title, self.rows, self.notes = title, [], []

    def add(self, *arguments, **options):
        self.rows.append(Row(*arguments, **options))

    def note(self, text):
        self.notes.append(text)

    def text(self):
        heads = ["FIGURE", "PAGETIDE", "PEER", "GOAL", ""]
        table = [heads] + [row.cells() for row in self.rows]
        widths = [max(len(line[i]) for line in table) for i in range(len(heads))]
        lines = [self.title, ""]
        for line in table if self.rows else []:
            lines.append("  " + "  ".join(c.ljust(w) for c, w in zip(line, widths)).rstrip())
        lines += [f"  {note}" for note in self.notes]
        return "\n".join(lines) + "\n"
