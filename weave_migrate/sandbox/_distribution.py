"""Unpack OpenSearch and Elasticsearch distributions, and add modules they lack.

Maven has the projects' own test distributions, which are the real servers.  Some
versions come without modules that everybody expects (ingest processors, Painless,
reindex); where those are published as jars, they get a descriptor of our making.
"""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

from weave_migrate.sandbox._maven import fetch
from weave_migrate.sandbox._process import unavailable

if TYPE_CHECKING:
    from pathlib import Path

_BASICS = ("lang-painless", "analysis-common", "ingest-common")
_CLIENTS = ("mapper-extras-client", "reindex-client")
_PERMISSIONS = {
    "lang-painless": (
        'java.lang.RuntimePermission "createClassLoader"',
        'java.lang.RuntimePermission "getClassLoader"',
    ),
}


def _missing_modules(flavour: str, version: str) -> tuple[str, ...]:
    """``group:artifact`` of each module to add."""
    if flavour == "opensearch" and version.startswith("2."):
        group, names = "org.opensearch.plugin", [*_BASICS, *_CLIENTS]
    elif flavour == "elasticsearch" and version.startswith("7.10."):
        group = "org.codelibs.elasticsearch.module"
        names = [*_BASICS, "mapper-extras", "reindex"]
    elif flavour == "elasticsearch" and version.startswith("7."):
        group, names = "org.elasticsearch.plugin", [*_CLIENTS]
    else:
        return ()
    return tuple(f"{group}:{name}" for name in names)


def unpack(flavour: str, version: str, folder: Path, *, java_home: Path) -> None:
    """Fill ``folder`` with a distribution that can be started."""
    group = f"org.{flavour}.distribution.integ-test-zip"
    coordinates = f"{group}:{flavour}:{version}"
    fetch(coordinates, folder, java_home=java_home, archive=True)
    archive = folder / f"{flavour}-{version}.zip"
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder)
    archive.unlink()
    top = folder / f"{flavour}-{version}"
    for path in top.iterdir():
        path.rename(folder / path.name)
    top.rmdir()
    for module in _missing_modules(flavour, version):
        _add_module(flavour, version, folder, module, java_home)
    for program in (folder / "bin").iterdir():
        if not program.suffix:
            program.chmod(0o755)


def _add_module(
    flavour: str, version: str, home: Path, module: str, java_home: Path
) -> None:
    """Install a module published as a plain jar: its jars, a descriptor, a policy."""
    artifact = module.split(":")[1]
    name = artifact.removesuffix("-client")
    folder = home / "modules" / name
    fetch(f"{module}:{version}", folder, java_home=java_home)
    shipped = {jar.name for jar in (home / "lib").glob("*.jar")}
    for jar in folder.glob("*.jar"):
        if jar.name in shipped:
            jar.unlink()
    with zipfile.ZipFile(folder / f"{artifact}-{version}.jar") as content:
        entries = content.namelist()
    plugins = [
        entry for entry in entries if re.fullmatch(r"[\w/]+Plugin\.class", entry)
    ]
    if len(plugins) != 1:
        raise unavailable(
            f"{module}:{version} has {len(plugins)} plugin classes instead of one.",
            "Choose another version, or use Docker.",
        )
    extends = any(e.endswith(".painless.spi.PainlessExtension") for e in entries)
    descriptor = {
        "name": name,
        "description": name,
        "version": version,
        f"{flavour}.version": version,
        "java.version": "1.8",
        "classname": plugins[0].removesuffix(".class").replace("/", "."),
    }
    if extends and name != "lang-painless":
        descriptor["extended.plugins"] = "lang-painless"
    (folder / "plugin-descriptor.properties").write_text(
        "".join(f"{key}={value}\n" for key, value in descriptor.items())
    )
    if permissions := _PERMISSIONS.get(name):
        lines = [f"  permission {permission};" for permission in permissions]
        policy = "\n".join(["grant {", *lines, "};", ""])
        (folder / "plugin-security.policy").write_text(policy)
