"""The one table that is printed."""

import statistics


class Table:
    """Rows in Markdown, so that the output can be put into docs/ unchanged."""

    def __init__(self):
        self.rows = [("what", "wamp-sidecar", "beside it", "ratio", "goal", ""), ("---",) * 6]

    def add(self, what, ours, others="", ratio="", goal="", reached=None):
        verdict = "" if reached is None else "reached" if reached else "**missed**"
        self.rows.append((what, ours, others, ratio, goal, verdict))

    def add_memory(self, what, kibibytes, most=48):
        """A row on resident memory, with a limit in MiB as its goal."""
        mebibytes = kibibytes / 1024
        self.add(what, f"{mebibytes:.1f} MiB", goal=f"at most {most} MiB", reached=mebibytes <= most)

    def print(self):
        widths = [max(len(row[column]) for row in self.rows) for column in range(6)]
        for row in self.rows:
            fill = "-" if row[0] == "---" else " "
            print("| " + " | ".join(cell.ljust(width, fill) for cell, width in zip(row, widths)) + " |")


def over(rounds, function):
    """The median over the rounds."""
    return statistics.median(function(measured) for measured in rounds)
