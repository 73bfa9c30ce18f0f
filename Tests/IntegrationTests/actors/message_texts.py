"""The texts in the sources that people read: string literals that are sentences or parts of one."""

import re
from collections.abc import Iterator
from pathlib import Path

# A statement, or a part of one.
SQL = re.compile(
    r"pg_[a-z]|\boperator\(|\b(join|into|only|lateral) \{|\b(case when|is distinct from|coalesce)\b"
    r"|\bgrant (select|usage)\b"
    r"|^\W*(select|insert|update|delete|create|alter|drop|grant|revoke|comment on|set local|begin|lock table|listen"
    r"|call|deallocate|discard|(release )?savepoint|rollback|exists|and|null|perform|when|then) [a-z{(\"':]",
)
WORDS = re.compile(r"[A-Za-z}'`)] [a-z({]")


def messages(file: Path) -> Iterator[str]:
    """The messages of a file, in its order: `{name}` stands for a value."""
    for text in _literals(file.read_text()):
        line = re.sub(r"\s+", " ", text).strip()
        if WORDS.search(line) and not SQL.search(line):
            yield line


def _literals(source: str) -> Iterator[str]:
    """The string literals, those that `+` joins as one."""
    position, text, isJoined = 0, None, False
    while position < len(source):
        if source.startswith("//", position):
            position = _index(source, "\n", position)
        elif source[position] == '"':
            literal, position = _literal(source, position)
            if text is not None and not isJoined:
                yield text
                text = None
            text, isJoined = (text or "") + literal, False
        else:
            if source[position] == "+":
                isJoined = True
            elif not source[position].isspace() and text is not None:
                yield text
                text, isJoined = None, False
            position += 1
    if text is not None:
        yield text


def _literal(source: str, begin: int) -> tuple[str, int]:
    """A literal that begins there, without its quotes, and the place behind it."""
    quotes = '"""' if source.startswith('"""', begin) else '"'
    position, text = begin + len(quotes), ""
    while not source.startswith(quotes, position):
        if source.startswith("\\(", position):
            end = _closing(source, position + 1)
            names = re.findall(r"\b[a-z]\w*", re.sub(r'"[^"]*"', "", source[position:end]))
            names = [name for name in names if name not in ("joined", "separator", "description", "rawValue")]
            text += "{" + (names[-1] if names else "..") + "}"
            position = end + 1
        elif source[position] == "\\":
            escaped = source[position:position + 2]
            text += {"\\n": "\n", "\\\n": "", '\\"': '"', "\\\\": "\\"}.get(escaped, escaped)
            position += 2
        else:
            text += source[position]
            position += 1
    return text, position + len(quotes)


def _closing(source: str, opening: int) -> int:
    """Where the parenthesis that opens there is closed; those in literals do not count."""
    depth, position = 0, opening
    while True:
        if source[position] == '"':
            position = _literal(source, position)[1]
            continue
        depth += {"(": 1, ")": -1}.get(source[position], 0)
        if depth == 0:
            return position
        position += 1


def _index(source: str, text: str, begin: int) -> int:
    found = source.find(text, begin)
    return len(source) if found < 0 else found
