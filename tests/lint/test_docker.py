#!/usr/bin/env python3
# test_docker.py - the image's packages against ./dev's: a library that we build with is there to run with, and no other
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import house

TOOLS = {"gcc", "cmake", "ninja-build", "pkg-config", "libc6-dev"}  # to build with only
BESIDE = {"ca-certificates", "fonts-dejavu-core"}  # to run with only: certificates, and letters for the charts


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}).stdout


def build_packages(root):
    text = (root / "dev").read_text(encoding="utf-8")
    return set(re.search(r'^BUILD_PACKAGES="([^"]*)"', text, re.M).group(1).split())


def run_packages(root):
    """Those of the last stage, which runs."""
    text = (root / "docker/Dockerfile").read_text(encoding="utf-8").rsplit("\nFROM ", 1)[1].replace("\\\n", " ")
    return set(re.search(r"apt-get install ([^&]*)", text).group(1).split()) - {"-y", "--no-install-recommends"}


def owners(paths):
    """The packages that hold these files; a system with one /usr knows them by either name."""
    files = {str(pathlib.Path(path).resolve()) for path in paths}
    either = sorted(files | {path.removeprefix("/usr") for path in files})
    return set(re.findall(r"^([^\s:,]+)(?::\w+)?: ", run("dpkg-query", "-S", *either), re.M)) if files else set()


@functools.cache
def libraries_of(package):
    return owners(path for path in run("dpkg-query", "-L", package).splitlines() if path.endswith(".so"))


def check(root):
    build, runs, complaints, known = build_packages(root), run_packages(root), [], set()
    for package in sorted(build - TOOLS):
        libraries = libraries_of(package) if package.endswith("-dev") else {package}
        known |= libraries
        if not libraries & runs:
            complaints.append(f"docker/Dockerfile: {package} of ./dev has nothing to run with: {' '.join(sorted(libraries)) or '?'}")
    for package in sorted(runs - known - BESIDE):
        complaints.append(f"docker/Dockerfile: {package} belongs to nothing that ./dev builds with")
    return len(build) + len(runs), complaints


def check_programs(folder, runs):
    """What the programs really need, where they are built."""
    seen, complaints = 0, []
    for name in ("sluice", "sluice-chart", "sluice-sim"):
        loaded = dict(re.findall(r"^\s*(\S+) => (/\S+)", run("ldd", str(folder / name)), re.M)) if (folder / name).exists() else {}
        for library in re.findall(r"NEEDED.*\[(.*)\]", run("readelf", "-d", str(folder / name))):
            if library in loaded and not re.match(r"lib(c|m|gcc_s|asan|ubsan)\.so", library):
                seen += 1
                if not owners([loaded[library]]) & runs:
                    complaints.append(f"docker/Dockerfile: {name} needs {library}, which no package there brings")
    return seen, complaints


def plants():
    def missing(copy):
        path = copy / "docker/Dockerfile"
        path.write_text(path.read_text(encoding="utf-8").replace(" libgsasl18", ""), encoding="utf-8")

    def plugin(copy):
        path = copy / "docker/Dockerfile"
        path.write_text(path.read_text(encoding="utf-8").replace(" libwebsockets-evlib-uv", ""), encoding="utf-8")

    def left(copy):
        path = copy / "dev"
        path.write_text(path.read_text(encoding="utf-8").replace("liboath-dev ", "", 1), encoding="utf-8")

    house.plant(check, ("dev", "docker"), missing, ("libgsasl-dev", "libgsasl18"))
    house.plant(check, ("dev", "docker"), plugin, ("libwebsockets-evlib-uv of ./dev",))
    house.plant(check, ("dev", "docker"), left, ("liboath0 belongs to nothing",))


if __name__ == "__main__":
    if shutil.which("dpkg-query") is None or 'VERSION_ID="12"' not in pathlib.Path("/etc/os-release").read_text(encoding="utf-8"):
        print("skipped: the image's packages are Debian 12's, which is not here")
        sys.exit(77)
    counted, found = check(house.ROOT)
    plants()
    if os.environ.get("BUILD_DIR") and shutil.which("readelf"):
        n, more = check_programs(pathlib.Path(os.environ["BUILD_DIR"]), run_packages(house.ROOT))
        counted, found = counted + n, found + more
    house.finish(counted, 40, found, "packages and libraries")
