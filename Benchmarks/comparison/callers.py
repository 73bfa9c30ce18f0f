"""Calls of callers that the router discloses beside those of callers that it doesn't."""

from calls import stages
from load_program import load
from table import over

STAGES = (16, 128, 512)
CONTESTANTS = {"undisclosed": [], "disclosed": ["--disclosed"]}


def callers_rounds(options):
    """The rounds; in each one both run, in the reverse order every other time."""
    arguments = ["calls", "--seconds", str(options.seconds), *(f"--outstanding={count}" for count in STAGES)]
    rounds = []
    for number in range(options.rounds):
        measured = {}
        for name in CONTESTANTS if number % 2 == 0 else reversed(CONTESTANTS):
            options.progress(f"round {number + 1} of {options.rounds}: {name}")
            measured[name] = stages(load(options, [*arguments, *CONTESTANTS[name]], options.sidecar("calls.yaml")))
        rounds.append(measured)
    return rounds


def add_callers(table, rounds):
    """The rows that compare them, with the lowest and the highest ratio of the rounds."""
    for count in STAGES:

        def figure(name, key="callsPerSecond", of=count):
            return lambda measured: measured[name][of][key]

        def ratio(key="callsPerSecond", of=count):
            return lambda measured: measured["disclosed"][of][key] / measured["undisclosed"][of][key]

        ratios = [ratio()(measured) for measured in rounds]
        median = over(rounds, ratio())
        table.add(
            f"callers disclosed, {count} outstanding, calls a second", f"{over(rounds, figure('disclosed')):,.0f}",
            f"not disclosed: {over(rounds, figure('undisclosed')):,.0f}",
            f"{median:.2f} ({min(ratios):.2f} to {max(ratios):.2f})", "at least 0.8", median >= 0.8,
        )
        key = "processorMicrosecondsPerCall"
        table.add(
            f"callers disclosed, {count} outstanding, processor time a call",
            f"{over(rounds, figure('disclosed', key)):,.1f} µs",
            f"not disclosed: {over(rounds, figure('undisclosed', key)):,.1f} µs", f"{over(rounds, ratio(key)):.2f}",
        )
