"""The sources of a Swift package, read as text: what its manifest and its files say about who knows whom."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ACCESS = r"(?:package|public|internal|private|fileprivate)"
KINDS = r"(?:struct|class|enum|protocol|actor|typealias)"
DECLARATION = re.compile(rf"^([ ]*)(?:@\w+ )*({ACCESS} )?(?:(?:final|indirect) )*{KINDS} (\w+)", re.MULTILINE)
GENERICS = re.compile(r"\b(?:func \w+|struct \w+|class \w+|enum \w+|init)\s*<([^()]*?)>")
IMPORT = re.compile(rf"^(?:@\w+ )?(?:{ACCESS} )?import (?:{KINDS} )?(\w+)", re.MULTILINE)
TYPE_NAME = re.compile(r"(?<![.\w])[A-Z]\w*")
TARGET = re.compile(r"\.(target|executableTarget|testTarget|systemLibrary)\(")


@dataclass(frozen=True)
class Target:
    """What the manifest says about one target."""

    name: str
    kind: str
    targets: frozenset[str]
    products: frozenset[str]


@dataclass(frozen=True)
class Use:
    """That the files of one folder name a type which another folder of the same module declares."""

    user: str
    owner: str
    file: str
    type: str

    @property
    def folders(self) -> tuple[str, str]:
        return self.user, self.owner

    def __str__(self) -> str:
        return f"{self.user} -> {self.owner} ({self.file} names {self.type})"


class SourceTree:
    """A package whose manifest is `Package.swift`, with its modules in `Sources`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def targets(self) -> dict[str, Target]:
        """By their names, those of the manifest's `targets:`."""
        text = (self.root / "Package.swift").read_text().split("    targets: [", 1)[1]
        targets = {}
        for match in TARGET.finditer(text):
            body = text[match.end():closing(text, match.end())]
            dependencies = re.search(r"dependencies: \[", body)
            words = body[dependencies.end():closing(body, dependencies.end(), "[]")] if dependencies else ""
            products = frozenset(re.findall(r'\.product\(name: "(\w+)"', words))
            own = frozenset(re.findall(r'"([\w-]+)"', re.sub(r"\.product\([^)]*\)", "", words)))
            name = re.search(r'name: "([\w-]+)"', body)
            assert name, body
            targets[name[1]] = Target(name[1], match[1], own, products)
        return targets

    @property
    def modules(self) -> list[str]:
        return sorted(folder.name for folder in (self.root / "Sources").iterdir() if folder.is_dir())

    def files(self, folder: str) -> list[Path]:
        return sorted((self.root / folder).rglob("*.swift"))

    def imports(self, module: str) -> dict[str, Path]:
        """What the files of a module import, each with one of the files."""
        return {name: file for file in self.files(f"Sources/{module}") for name in IMPORT.findall(file.read_text())}

    def parents(self, module: str) -> Iterator[Path]:
        """The folders of a module that have folders in them."""
        top = self.root / "Sources" / module
        for folder in (top, *(path for path in sorted(top.rglob("*")) if path.is_dir())):
            if sum(path.is_dir() for path in folder.iterdir()) > 1:
                yield folder

    def uses(self, module: str, parent: Path) -> list[Use]:
        """How the folders in a module's folder use one another, one example for each pair.

        It considers the types that files declare at the top level. Files beside the folders belong to none of them. A
        name that is declared inside another type of the same folder, or as a generic parameter, means that one; members
        of types in other folders are not found.
        """
        folders = sorted(path for path in parent.iterdir() if path.is_dir())
        owners: dict[str, str] = {}
        for folder in folders:
            for file in sorted(folder.rglob("*.swift")):
                owners.update({name: folder.name for name in declared(code(file), isTopLevel=True)})
        found: dict[tuple[str, str], Use] = {}
        for folder in folders:
            files = sorted(folder.rglob("*.swift"))
            nested = {name for file in files for name in declared(code(file), isTopLevel=False)}
            for file in files:
                text = code(file)
                for name in sorted(set(TYPE_NAME.findall(text)) - nested - parameters(text)):
                    owner = owners.get(name, folder.name)
                    if owner != folder.name:
                        found.setdefault((folder.name, owner), Use(folder.name, owner, file.name, name))
        return [found[pair] for pair in sorted(found)]


def code(file: Path) -> str:
    """A file without comments and without the texts of its strings."""
    text = re.sub(r'#*""".*?"""#*', '""', file.read_text(), flags=re.DOTALL)
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
    return re.sub(r"//.*", "", text)


def declared(text: str, *, isTopLevel: bool) -> set[str]:
    """The types that a file declares at the top level for others, or inside of types and for itself."""
    names = set()
    for indentation, access, name in DECLARATION.findall(text):
        isOwn = bool(indentation) or access.strip() in {"private", "fileprivate"}
        if isOwn != isTopLevel:
            names.add(name)
    return names


def parameters(text: str) -> set[str]:
    """The names of generic parameters, and of associated types."""
    lists = GENERICS.findall(text)
    return {name for names in lists for name in re.findall(r"\b([A-Z]\w*)", names)} | set(
        re.findall(r"associatedtype (\w+)", text))


def closing(text: str, start: int, pair: str = "()") -> int:
    """Where the parenthesis ends that has begun just before `start`."""
    depth = 1
    for index in range(start, len(text)):
        depth += (text[index] == pair[0]) - (text[index] == pair[1])
        if depth == 0:
            return index
    raise AssertionError("a parenthesis without an end")


def circles(pairs: Iterable[tuple[str, str]]) -> list[set[str]]:
    """The groups of names each of which leads to all others of its group."""
    arrows: dict[str, set[str]] = {}
    for source, target in pairs:
        arrows.setdefault(source, set()).add(target)
    reached = {name: reachable(name, arrows) for name in arrows}
    groups = {
        frozenset({name} | {other for other in others if name in reached.get(other, set())})
        for name, others in reached.items() if name in others
    }
    return sorted((set(group) for group in groups), key=sorted)


def reachable(name: str, arrows: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(arrows.get(name, ()))
    while waiting:
        if (next_name := waiting.pop()) not in found:
            found.add(next_name)
            waiting += arrows.get(next_name, ())
    return found
