"""Prints the manual page, wamp-sidecar(1), made from what the program's own --help says:

    python3 scripts/lib/manual.py .build/release/wamp-sidecar > wamp-sidecar.1

The same program gives the same page: it has no date.
"""

import os
import re
import subprocess
import sys

#: A line of a list in the help: an option, an argument or a command, and its description behind it or beneath it.
ITEM = re.compile(r"  ((?:-\w, )?--[a-z/-]+(?: <[a-z-]+>)?|<[a-z-]+>(?: \.\.\.)?|[a-z-]+)(?: +(\S.*))?$")
EXAMPLES = re.compile(r"EXAMPLES?:$")

FILES = """.SH FILES
.TP
.I /etc/wamp\\-sidecar/sidecar.yaml
The configuration file of the systemd unit.
.TP
.I /etc/wamp\\-sidecar/secrets
Its secrets, a file each, which systemd hands to the service.
"""

ENVIRONMENT = """.SH ENVIRONMENT
The variables that the configuration file names, and those of libpq. Beside these:
.TP
.B WAMP_ROLE_PASSWORD
The password of a role that
.B install
makes.
.TP
.B WAMP_TICKET\\fR, \\fBWAMP_SECRET
What the commands with
.B \\-\\-url
log in with.
.TP
.B NOTIFY_SOCKET\\fR, \\fBWATCHDOG_USEC
Where systemd waits for reports, and how often.
"""


class Help:
    """What one command says about itself."""

    def __init__(self, program: str, words: list[str]) -> None:
        self.words = words
        environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
        self.text = subprocess.run(
            [program, *words, "--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True,
            env=environment, timeout=60).stdout
        self.parts: dict[str, list[str]] = {}
        part = ""
        for line in self.text.splitlines():
            heading = re.match(r"(OVERVIEW|USAGE|ARGUMENTS|OPTIONS|SUBCOMMANDS):(?: (.*))?$", line)
            if heading:
                part = heading[1]
                self.parts[part] = [heading[2]] if heading[2] else []
            elif not line.startswith("  See '"):
                self.parts[part].append(line)
        if "OVERVIEW" not in self.parts or "USAGE" not in self.parts:
            raise SystemExit(f"the help of {' '.join(words)} does not look as expected")

    @property
    def abstract(self) -> str:
        return paragraphs(self.parts["OVERVIEW"])[0][0]

    @property
    def usages(self) -> list[str]:
        """The ways to write it; one that is too long for a line goes on in the next."""
        found: list[str] = []
        for line in filter(None, map(str.strip, self.parts["USAGE"])):
            if line.startswith("wamp-sidecar") or not found:
                found.append(line)
            else:
                found[-1] += f" {line}"
        return found

    @property
    def discussion(self) -> list[list[str]]:
        return paragraphs(self.parts["OVERVIEW"])[1:]

    def items(self, part: str) -> list[tuple[str, str]]:
        """Names and descriptions of a list."""
        found: list[tuple[str, str]] = []
        for line in self.parts.get(part, []):
            if not line:
                continue
            if line.startswith("   "):
                name, description = found.pop()
                found.append((name, f"{description} {line.strip()}".strip()))
            else:
                item = ITEM.match(line)
                if not item:
                    raise SystemExit(f"the help of {' '.join(self.words)} has a line that is not understood: {line}")
                found.append((item[1], item[2] or ""))
        return found

    @property
    def subcommands(self) -> list[str]:
        return [name for name, _ in self.items("SUBCOMMANDS")]


def paragraphs(lines: list[str]) -> list[list[str]]:
    """The lines, wrapped as they are, between empty ones; what is indented stays a line each."""
    found: list[list[str]] = [[]]
    for line in lines:
        if line:
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [lines if any(line.startswith("  ") for line in lines) else [" ".join(lines)] for lines in found if lines]


def escaped(text: str) -> str:
    """As roff takes it: nothing in it is a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return f"\\&{text}" if text.startswith(".") else text


def synopsis(help: Help) -> str:
    return ".br\n".join(f".B {escaped(usage)}\n" for usage in help.usages)


def prose(discussion: list[list[str]]) -> str:
    page = ""
    for lines in discussion:
        if EXAMPLES.match(lines[0]):
            page += f".PP\n{'Examples:' if len(lines) > 2 else 'Example:'}\n"
            lines = lines[1:]
        if lines and lines[0].startswith("  "):
            page += ".PP\n.nf\n" + "".join(f"{escaped(line)}\n" for line in lines) + ".fi\n"
        elif lines:
            page += f".PP\n{escaped(' '.join(lines))}\n"
    return page


def listed(items: list[tuple[str, str]]) -> str:
    return "".join(f".TP\n.B {escaped(name)}\n{escaped(description)}\n" for name, description in items)


def common(name: str) -> bool:
    """Options that each command has."""
    return name in {"--version", "-h, --help"}


def command(help: Help) -> str:
    page = f'.SS "{escaped(" ".join(help.words))}"\n{escaped(help.abstract)}\n'
    page += f".PP\n{synopsis(help)}" + prose(help.discussion)
    options = [item for item in help.items("OPTIONS") if not common(item[0])]
    return page + listed(help.items("ARGUMENTS") + options)


def manual(program: str) -> str:
    root = Help(program, [])
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    page = f'.TH WAMP\\-SIDECAR 1 "" "wamp\\-sidecar {version}" "User Commands"\n'
    page += f".SH NAME\nwamp\\-sidecar \\- {escaped(root.abstract)}\n"
    page += f".SH SYNOPSIS\n{synopsis(root)}"
    page += ".SH DESCRIPTION\n" + prose(root.discussion).removeprefix(".PP\n")
    page += ".SH OPTIONS\nEach command has these:\n" + listed(root.items("OPTIONS"))
    page += ".SH COMMANDS\n"
    waiting = [[name] for name in root.subcommands]
    while waiting:
        help = Help(program, waiting.pop(0))
        page += command(help)
        waiting = [[*help.words, name] for name in help.subcommands] + waiting
    return page + FILES + ENVIRONMENT


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    sys.stdout.write(manual(sys.argv[1]))
