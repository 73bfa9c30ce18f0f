"""compose.yaml without a container engine: its mounts exist and are used, and its steps do what they are for."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from actors.cluster import ADMIN_PASSWORD, Cluster
from actors.deadline import free_port
from actors.installation import admin_url
from actors.peer import joined
from actors.router import Router
from actors.sidecar import ROOT, run
from conftest import SidecarMaker

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
FILES = ROOT / "examples/compose"
SECRETS = {"DATABASE_PASSWORD": "wamp-password", "WAMP_TICKET": "change-me", "WAMP_CALLER_PASSWORD": "caller-password"}


def test_it_hangs_together() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    user = next(line.split()[1] for line in dockerfile.splitlines() if line.startswith("USER "))
    uid, gid = user.split(":")
    assert f"uid={uid},gid={gid}," in COMPOSE["volumes"]["caller"]["driver_opts"]["o"]
    for name, service in SERVICES.items():
        assert "image" in service, name
        for needed in service.get("depends_on", {}):
            assert needed in SERVICES, f"{name} waits for {needed}"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).is_file() if source.startswith(".") else source in COMPOSE["volumes"], volume
    folder = yaml.safe_load((FILES / "sidecar.yaml").read_text())["caller"]["listen"].split(":")[0]
    for name in ("database", "sidecar"):
        assert f"caller:{folder}" in SERVICES[name]["volumes"], "both have the socket's folder, at the same place"


def test_images() -> None:
    """One service builds the image, our other one uses it; all others are pinned."""
    assert [name for name, service in SERVICES.items() if "build" in service] == ["install"]
    ours = [name for name, service in SERVICES.items() if service["image"] == SERVICES["install"]["image"]]
    assert ours == ["install", "sidecar"] and SERVICES["sidecar"]["pull_policy"] == "never"
    for name in SERVICES.keys() - set(ours):
        assert re.fullmatch(r"[a-z]+:\d+\.\d+[\w.-]*", SERVICES[name]["image"]), name
    version = re.search(r"^crossbar==(\S+)$", (ROOT / "scripts/requirements.txt").read_text(), re.MULTILINE)
    assert (version
            and f"crossbar=={version[1]} " in " ".join(SERVICES["router"]["command"])), "the one that is tested with"


def test_passwords_are_required() -> None:
    """No variable of the compose file has a default, and its head names them all."""
    text = (ROOT / "compose.yaml").read_text()
    used = re.findall(r"\$\{(\w+)([^}]*)\}", text)
    assert used and {rest for _, rest in used} == {":?a password is needed"}
    head = re.search(r"^#   export (.*)$", text, re.MULTILINE)
    assert head and set(re.findall(r"(\w+)=", head[1])) == {name for name, _ in used}


def test_mapping_is_taken() -> None:
    result = run("check", "--config", FILES / "sidecar.yaml", environment=SECRETS)
    assert (result.returncode, result.stderr) == (0, "")


def test_router_configuration_is_taken(tmp_path: Path) -> None:
    node = tmp_path / ".crossbar"
    node.mkdir()
    configuration = COMPOSE["configs"]["router"]["content"].replace("${WAMP_TICKET:?a password is needed}", "secret")
    (node / "config.json").write_text(configuration)
    assert SERVICES["router"]["configs"] == [{"source": "router", "target": "/node/.crossbar/config.json"}]
    result = subprocess.run(
        [Path(sys.executable).parent / "crossbar", "check", "--cbdir", node], capture_output=True, text=True,
        timeout=300,
        check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    roles = json.loads(configuration)["workers"][0]["realms"][0]["roles"]
    assert [role["name"] for role in roles] == ["sidecar", "anonymous"]


async def test_steps(make_sidecar: SidecarMaker, router: Router, mortal_cluster: Cluster, folder: Path) -> None:
    """The same commands one after another, with a Unix socket that another user's server connects to."""
    database = mortal_cluster.create_database("shop")
    environment = {
        "PATH": os.environ["PATH"], "PGHOST": "127.0.0.1", "PGPORT": str(mortal_cluster.port), "PGUSER": "postgres",
        "PGDATABASE": "shop", "PGPASSWORD": ADMIN_PASSWORD, "SHOP_PASSWORD": "it's \"shop\"",
        "SCHEMA": str(ROOT / "examples/shop/schema.sql"),
    }

    def step(script: str) -> str:
        return subprocess.run(
            ["sh", FILES / script], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            timeout=120,
            check=True,
        ).stdout

    step("role.sh")
    words = [admin_url(database) if word.startswith("postgresql:") else word for word in SERVICES["install"]["command"]]
    for _ in range(2):
        result = run(*words, environment={"WAMP_ROLE_PASSWORD": "wamp-password"})
        assert result.returncode == 0, result.stdout + result.stderr
    step("schema.sh")
    assert "the shop is there" in step("schema.sh")

    mapping = yaml.safe_load((FILES / "sidecar.yaml").read_text())
    sidecar = make_sidecar(
        router.url("rawsocket"), f"postgresql://wamp@127.0.0.1:{mortal_cluster.port}/shop", SECRETS,
        **{name: section for name, section in mapping.items() if name not in ("router", "database")} |
        {"database": {"password": mapping["database"]["password"]}, "caller":
            {"listen": f"{folder}:{free_port()}", "password": mapping["caller"]["password"]}})
    sidecar.start().wait_for("call port announced to the database")
    async with joined(router) as peer:
        assert (await peer.call("com.example.item.order", "apple")).value == 2
    assert database.value("select wamp.call('com.example.add2', '[2, 3]')") == 5


def test_no_default_passwords() -> None:
    """What other people start has the passwords that they chose."""
    files = [ROOT / "compose.yaml", ROOT / "sidecar.yaml.example", *(ROOT / "examples").rglob("*.yaml")]
    for file in files:
        for name, default in re.findall(r"\$\{(\w*(?:PASSWORD|TICKET|SECRET))(:-[^}]*)?\}", file.read_text()):
            assert not default, f"{file}: {name} has a default"
        assert "change-me" not in file.read_text(), file
