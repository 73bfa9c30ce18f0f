"""Imports run downwards only: the manifest and the sources have only the table's arrows, and no folders a circle."""

from pathlib import Path

import pytest

from actors.sidecar import ROOT
from actors.source_tree import SourceTree, circles

NIO = {"NIOCore", "NIOPosix", "NIOConcurrencyHelpers"}

# A module, and what it may import of ours: always something above it in this list.
MODULES: dict[str, set[str]] = {
    "Names": set(),
    "Cryptography": {"Names"},
    "WAMP": {"Names", "Cryptography"},
    "NIOOpenSSL": {"Names", "Cryptography"},
    "PostgresWire": {"Names", "Cryptography"},
    "WAMPClient": {"Names", "Cryptography", "WAMP", "NIOOpenSSL"},
    "Postgres": {"Names"},
    "SidecarConfiguration": {"Names", "Cryptography", "NIOOpenSSL", "Postgres"},
    "Functions": {"Names", "WAMP", "Postgres"},
    "SQLInterface": {"Names", "Cryptography", "Postgres"},
    "Outbox": {"Names", "WAMP", "WAMPClient", "Postgres"},
    "CallPort": {"Names", "Cryptography", "WAMP", "WAMPClient", "PostgresWire", "NIOOpenSSL"},
    "Sidecar": {
        "Names", "Cryptography", "WAMP", "NIOOpenSSL", "WAMPClient", "Postgres", "SidecarConfiguration", "Functions",
        "SQLInterface", "Outbox", "CallPort",
    },
    "ClientCommands": {"Names", "WAMP", "WAMPClient", "SidecarConfiguration"},
    "wamp-sidecar": {"Names", "Postgres", "SidecarConfiguration", "SQLInterface", "Sidecar", "ClientCommands"},
}

# What is not ours, or no Swift: which modules may import it. Glibc and Synchronization come with the compiler.
OTHERS: dict[str, set[str]] = {
    "COpenSSL": {"Cryptography", "NIOOpenSSL"},
    "CLibpq": {"Postgres"},
    "CYAML": {"SidecarConfiguration"},
    "CEpoll": {"Postgres", "Sidecar"},
    "Glibc": set(MODULES) - {"Names"},
    "Synchronization": set(MODULES) - {"Names"},
    "NIOCore": set(MODULES) - {"Names", "Cryptography", "SidecarConfiguration", "SQLInterface", "wamp-sidecar"},
    "NIOPosix": {"WAMPClient", "Postgres", "Outbox", "CallPort", "Sidecar", "ClientCommands"},
    "NIOConcurrencyHelpers": {"Postgres", "Outbox", "Sidecar"},
    "NIOHTTP1": {"Sidecar"},
    "DequeModule": set(MODULES) - {"Names", "Cryptography", "SidecarConfiguration", "SQLInterface", "wamp-sidecar"},
    "Logging": {"Sidecar"},
    "ServiceLifecycle": {"Sidecar"},
    "UnixSignals": {"Sidecar", "ClientCommands"},
    "ArgumentParser": {"wamp-sidecar"},
}

# Still a part of Sidecar.
OPEN_MODULES: set[str] = set()

# Without these arrows no folders go in a circle. By the folder that the folders are in.
OPEN_ARROWS: dict[str, set[tuple[str, str]]] = {
    # A protocol's parts name one another; what is in them stays as it is.
    "WAMP": {
        ("JSON", "Serializers"), ("JSON", "Values"), ("Messages", "Serializers"), ("Options", "Messages"),
    },
}


def faults_of_modules(tree: SourceTree) -> list[str]:
    """Modules that the table does not have, and those that it has and the tree does not."""
    is_c = {module for module in tree.modules if not tree.files(f"Sources/{module}")}
    there = set(tree.modules) - is_c
    missing = set(MODULES) - OPEN_MODULES
    return [f"{module}: not in the table" for module in sorted(there - set(MODULES))] + [
        f"{module}: no such module" for module in sorted(missing - there)
    ] + [f"{module}: is there, and is still listed as open" for module in sorted(there & OPEN_MODULES)]


def faults_of_imports(tree: SourceTree) -> list[str]:
    """Imports and dependencies that the table forbids; dependencies without an import, and imports without one."""
    faults = []
    for module in sorted(set(MODULES) & set(tree.modules)):
        allowed = MODULES[module] | {name for name, users in OTHERS.items() if module in users}
        imports = tree.imports(module)
        target = tree.targets[module]
        declared = target.targets | target.products
        for name, file in sorted(imports.items()):
            if name not in allowed:
                faults.append(f"{file.relative_to(tree.root)}: import {name}")
            elif name not in declared | {"Glibc", "Synchronization"}:
                faults.append(f"{file.relative_to(tree.root)}: imports {name}, which Package.swift does not name")
        faults += [f"Package.swift: {module} depends on {name}" for name in sorted(declared - allowed)]
        faults += [f"Package.swift: no file of {module} imports {name}" for name in sorted(declared - set(imports))]
    return faults


def faults_of_tests(tree: SourceTree) -> list[str]:
    """Each module has tests by its name, and the folders in them are folders of the module."""
    faults = []
    libraries = set(MODULES) - OPEN_MODULES - {"wamp-sidecar"}
    for module in sorted(libraries):
        name = f"{module}Tests"
        if name not in tree.targets or not tree.files(f"Tests/{name}"):
            faults.append(f"{module}: no tests")
            continue
        for file in tree.files(f"Tests/{name}"):
            folder = file.parent.relative_to(tree.root / "Tests" / name)
            if folder.name != "Support" and not (tree.root / "Sources" / module / folder).is_dir():
                faults.append(f"Tests/{name}/{folder}: {module} has no such folder")
    tests = {target.name for target in tree.targets.values() if target.kind == "testTarget"}
    faults += [f"{name}: the tests of no module" for name in sorted(tests - {f"{module}Tests" for module in libraries})]
    return sorted(set(faults))


def faults_of_folders(tree: SourceTree, still_open: dict[str, set[tuple[str, str]]]) -> list[str]:
    """Folders that use one another in a circle, and arrows that are listed and are part of none."""
    faults = []
    stale = dict(still_open)
    for module in sorted(set(MODULES) & set(tree.modules)):
        for parent in tree.parents(module):
            place = str(parent.relative_to(tree.root / "Sources"))
            listed = stale.pop(place, set())
            uses = tree.uses(module, parent)
            groups = circles(use.folders for use in uses)
            for arrow in sorted(listed):
                if not any(set(arrow) <= group for group in groups) or not any(use.folders == arrow for use in uses):
                    faults.append(f"{place}: {arrow[0]} -> {arrow[1]} is listed, and part of no circle")
            rest = [use for use in uses if use.folders not in listed]
            for group in circles(use.folders for use in rest):
                arrows = [str(use) for use in rest if {use.user, use.owner} <= group]
                faults.append(f"{place}: a circle: {'; '.join(arrows)}")
    return faults + [f"{place}: arrows are listed, and there are no folders" for place in sorted(stale)]


def test_the_table_goes_downwards() -> None:
    above: set[str] = set()
    for module, imports in MODULES.items():
        assert imports <= above, module
        above.add(module)


def test_modules() -> None:
    assert faults_of_modules(SourceTree(ROOT)) == []


def test_imports() -> None:
    assert faults_of_imports(SourceTree(ROOT)) == []


def test_tests_mirror_the_sources() -> None:
    assert faults_of_tests(SourceTree(ROOT)) == []


def test_folders() -> None:
    assert faults_of_folders(SourceTree(ROOT), OPEN_ARROWS) == []


MANIFEST = """
let package = Package(
    targets: [
        .target(name: "Names", swiftSettings: settings),
        .target(
            name: "WAMP",
            dependencies: ["Names", .product(name: "NIOCore", package: nio)],
            swiftSettings: settings),
        .testTarget(name: "WAMPTests", dependencies: ["WAMP"]),
    ]
)
"""


@pytest.fixture
def tree(tmp_path: Path) -> SourceTree:
    """A package without faults, but for the modules that it does not have."""
    files = {
        "Package.swift": MANIFEST,
        "Sources/Names/Text.swift": "package struct Text {}\n",
        "Sources/WAMP/Upper/Session.swift": 
            "import NIOCore\npackage import Names\n\nstruct Session { let kind: Kind }\n",
        "Sources/WAMP/Lower/Kind.swift":
            "enum Kind {}\n\n/// Not of a ``Session``.\nfinal class Room<Session> {\n    let it = \"Session\"\n}\n",
        "Tests/WAMPTests/Upper/SessionTests.swift": "import WAMP\n",
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return SourceTree(tmp_path)


def add(tree: SourceTree, name: str, text: str) -> SourceTree:
    """The same with one more file, or with more in it."""
    file = tree.root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text((file.read_text() if file.exists() else "") + text)
    return SourceTree(tree.root)


def test_a_tree_without_faults(tree: SourceTree) -> None:
    assert faults_of_imports(tree) == []
    assert faults_of_folders(tree, {}) == []
    assert [fault for fault in faults_of_tests(tree) if "WAMP" in fault and "WAMPClient" not in fault] == []


def test_an_arrow_upwards_is_found(tree: SourceTree) -> None:
    upwards = add(tree, "Sources/Names/Address.swift", "internal import WAMP\n")
    assert faults_of_imports(upwards) == ["Sources/Names/Address.swift: import WAMP"]


def test_what_no_module_may_import_is_found(tree: SourceTree) -> None:
    assert faults_of_imports(add(tree, "Sources/WAMP/Date.swift", "import struct Foundation.Date\n")) == [
        "Sources/WAMP/Date.swift: import Foundation"]


def test_a_dependency_upwards_is_found(tree: SourceTree) -> None:
    upwards = MANIFEST.replace('"Names", swift', '"Names", dependencies: ["WAMP"], swift')
    (tree.root / "Package.swift").write_text(upwards)
    assert faults_of_imports(tree) == [
        "Package.swift: Names depends on WAMP", "Package.swift: no file of Names imports WAMP"]


def test_an_import_that_the_manifest_does_not_name_is_found(tree: SourceTree) -> None:
    assert faults_of_imports(add(tree, "Sources/WAMP/Key.swift", "import Cryptography\n")) == [
        "Sources/WAMP/Key.swift: imports Cryptography, which Package.swift does not name"]


def test_a_circle_of_folders_is_found(tree: SourceTree) -> None:
    circle = add(tree, "Sources/WAMP/Lower/Room.swift", "extension Kind { func of(_ session: Session) {} }\n")
    faults = faults_of_folders(circle, {})
    assert faults == [
        "WAMP: a circle: Lower -> Upper (Room.swift names Session); Upper -> Lower (Session.swift names Kind)"]
    assert faults_of_folders(circle, {"WAMP": {("Lower", "Upper")}}) == []


def test_an_exception_of_which_there_is_no_need_is_found(tree: SourceTree) -> None:
    assert faults_of_folders(tree, {"WAMP": {("Upper", "Lower")}, "Names": {("A", "B")}}) == [
        "WAMP: Upper -> Lower is listed, and part of no circle", "Names: arrows are listed, and there are no folders"]


def test_tests_of_no_folder_are_found(tree: SourceTree) -> None:
    stray = add(tree, "Tests/WAMPTests/Other/OtherTests.swift", "import WAMP\n")
    assert "Tests/WAMPTests/Other: WAMP has no such folder" in faults_of_tests(stray)
