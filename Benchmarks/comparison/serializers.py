"""Calls a second over each serializer."""

import os

from calls import stages
from load_program import load
from table import over

SERIALIZERS = ("json", "msgpack", "cbor")
STAGES = (1, 128)


def serializers_rounds(options):
    """The rounds; in each one every serializer runs, in the reverse order every other time."""
    arguments = ["calls", "--seconds", str(options.seconds), *(f"--outstanding={count}" for count in STAGES)]
    rounds = []
    for number in range(options.rounds):
        measured = {}
        for name in SERIALIZERS if number % 2 == 0 else reversed(SERIALIZERS):
            options.progress(f"round {number + 1} of {options.rounds}: {name}")
            os.environ["BENCH_SERIALIZER"] = name
            measured[name] = stages(load(options, arguments, options.sidecar("calls.yaml")))
        del os.environ["BENCH_SERIALIZER"]
        rounds.append(measured)
    return rounds


def add_serializers(table, rounds):
    """The rows that compare the others with JSON."""

    def figure(name, count, key):
        return lambda measured: measured[name][count][key]

    def add(what, unit, name, count, key, goal="", reached=None):
        ours, json = figure(name, count, key), figure("json", count, key)
        ratio = over(rounds, lambda measured: ours(measured) / json(measured))
        table.add(
            what, f"{over(rounds, ours):,.0f}{unit}", f"over JSON: {over(rounds, json):,.0f}{unit}", f"{ratio:.2f}",
            goal, reached and reached(ratio),
        )

    for name, title in (("msgpack", "MessagePack"), ("cbor", "CBOR")):
        add(
            f"{title}, 128 outstanding, calls a second", "", name, 128, "callsPerSecond",
            "at least 0.8", lambda ratio: ratio >= 0.8,
        )
        add(f"{title}, 128 outstanding, processor time a call", " µs", name, 128, "processorMicrosecondsPerCall")
        add(f"{title}, 1 outstanding, median", " µs", name, 1, "p50Microseconds")
