"""How often a call asks for memory: a count, which does not depend on how fast the machine is."""

import subprocess
from pathlib import Path

from callers import CONTESTANTS
from load_program import load

COUNTER = Path(__file__).resolve().parent / "counter" / "allocations.c"
OUTSTANDING = 128
#: What differs between the two runs is calls and nothing else.
FEW, MANY = 20_000, 120_000


def counted(options, library, calls, *arguments):
    """How often the sidecar asked for memory, from its start through so many calls."""
    file = Path(options.folder) / f"allocations-{calls}"
    file.unlink(missing_ok=True)
    peer = ["env", f"LD_PRELOAD={library}", f"ALLOCATIONS_FILE={file}", *options.sidecar("calls.yaml")]
    load(options, ["calls", f"--outstanding={OUTSTANDING}", "--warm-up=0", f"--calls={calls}", *arguments], peer)
    return int.from_bytes(file.read_bytes(), "little")


def allocations_run(options):
    """Requests for memory a call, by contestant."""
    library = Path(options.folder) / "allocations.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, COUNTER], check=True)
    measured = {}
    for name, arguments in CONTESTANTS.items():
        options.progress(f"allocations: {name}")
        few, many = (counted(options, library, calls, *arguments) for calls in (FEW, MANY))
        measured[name] = (many - few) / (MANY - FEW)
    return measured


def add_allocations(table, measured):
    for name, count in measured.items():
        table.add(f"callers {name}, {OUTSTANDING} outstanding, requests for memory a call", f"{count:.1f}")
