"""The systemd unit and the Containerfile: every path, user and option is one that `farcall serve` has a use for.

Neither systemd nor a registry is needed: the units are parsed, and their commands are run by the real command line.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.home import ROOT, Home

from farcall import cli
from farcall.client import embedded

UNIT = ROOT / "ops/systemd/farcall.service"
CONTAINERFILE = ROOT / "ops/Containerfile"
CERTIFICATE, KEY = (ROOT / "test/support/tls" / name for name in ("cert.pem", "key.pem"))
#: Variables that the gateway takes.
_KNOWN = set(re.findall(r"FARCALL_[A-Z_]+", (ROOT / "runtime/src/options.ts").read_text()))


def unit() -> dict[str, list[str]]:
    found = defaultdict(list)
    for line in UNIT.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[name].append(value)
    return found


def instructions() -> list[tuple[str, str]]:
    """Of the Containerfile: instruction and arguments."""
    text = CONTAINERFILE.read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]


def instruction(name: str) -> str:
    (found,) = [arguments for one, arguments in instructions() if one == name]
    return found


@contextmanager
def serving(command: list[str], home: Home, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """`farcall` with these words, on a free port and with the tests' certificate; ended by SIGTERM."""
    options = {"--port": "0", "--tls-cert": str(CERTIFICATE), "--tls-key": str(KEY)}
    words = [options.get(before, word) for before, word in zip(["", *command], command, strict=False)]
    changed = {**os.environ, **variables, "FARCALL_HOME": str(home.folder)}
    command = [sys.executable, "-m", "farcall.cli", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=changed) as served:
        assert served.stdout is not None
        try:
            assert "serves at wss://0.0.0.0:" in served.stdout.readline()
            yield served
        finally:
            served.send_signal(signal.SIGTERM)
            assert served.wait(30) == 0, "it leaves in order, within TimeoutStopSec"


def variables_of(pairs: list[str]) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in pairs)


def said(*words: str, home: Home) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "FARCALL_HOME": str(home.folder)}
    command = [sys.executable, "-m", "farcall.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, env=variables, timeout=60, check=False)


def test_the_units_command_serves_and_the_machine_itself_can_ask_it(fresh_home: Home) -> None:
    program, *words = shlex.split(unit()["ExecStart"][0])
    assert Path(program).name == "farcall"
    variables = variables_of(unit()["Environment"])
    assert set(variables) <= _KNOWN | {"FARCALL_HOME"}
    with serving(words, fresh_home, **variables):
        told = said("status", home=fresh_home)
        assert told.returncode == 0, told.stderr
        assert "at wss://0.0.0.0:" in told.stdout, (
            "whose certificate is not for that address: it was asked over its socket"
        )
        assert said("token", "new", "prometheus", home=fresh_home).returncode == 0


def test_the_units_folders_and_user_belong_together() -> None:
    state = Path("/var/lib") / unit()["StateDirectory"][0]
    assert variables_of(unit()["Environment"])["FARCALL_HOME"] == str(state)
    assert unit()["User"] == ["farcall"]
    assert unit()["StateDirectoryMode"] == ["0700"]
    words = shlex.split(unit()["ExecStart"][0])
    for option in ("--tls-cert", "--tls-key"):
        assert words[words.index(option) + 1].startswith("/etc/farcall/"), "as its head says"


def test_the_unit_leaves_containers_alone_and_their_tools_to_them() -> None:
    settings = unit()
    assert settings["KillMode"] == ["process"], "containers live through a restart"
    assert settings["OOMPolicy"] == ["continue"]
    for taken in ("PrivateTmp", "PrivateDevices", "ProtectClock", "ProtectKernelTunables", "ProtectControlGroups"):
        assert taken not in settings, "its comment says what they would break"
    assert settings["ProtectSystem"] == ["full"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/farcall/bin/farcall", sys.executable))
    verify = ["systemd-analyze", "verify", "--man=no", str(copy)]
    done = subprocess.run(verify, capture_output=True, text=True, timeout=60, check=False)
    complaints = [line for line in done.stderr.splitlines() if UNIT.name in line]
    newer = [line for line in complaints if "DelegateSubgroup" in line]  # systemd 254 knows it
    assert (done.returncode, [line for line in complaints if line not in newer]) == (0, [])


def test_what_the_image_copies_is_what_is_built() -> None:
    source, _ = instruction("COPY").split()
    assert source == "dist/farcall-*.whl"
    wheel = (ROOT / "scripts/wheel.mjs").read_text()
    assert "'build', '-t', 'wheel', '-d', 'dist'" in wheel, "npm run wheel puts it there"
    assert "/tmp/farcall-*.whl" in instruction("RUN")


def test_the_image_does_not_run_as_root_and_its_user_owns_the_state() -> None:
    names = [name for name, _ in instructions()]
    assert instruction("USER") == "farcall"
    assert "useradd --uid 1000 --create-home farcall" in instruction("RUN")
    assert "install -d -o farcall -g farcall -m 0700 /state" in instruction("RUN")
    assert names.index("RUN") < names.index("USER") < names.index("ENTRYPOINT")
    assert names.index("RUN") < names.index("VOLUME"), "a folder made after VOLUME is lost"
    assert variables_of(instruction("ENV").split())["FARCALL_HOME"] == instruction("VOLUME") == "/state"


def test_the_images_command_serves_and_its_health_check_tells(fresh_home: Home) -> None:
    program, *words = [*json.loads(instruction("ENTRYPOINT")), *json.loads(instruction("CMD"))]
    assert program == "farcall"
    assert words[words.index("--port") + 1] == instruction("EXPOSE")
    variables = variables_of(instruction("ENV").split())
    assert set(variables) <= _KNOWN | {"FARCALL_HOME"}
    checker, *check = json.loads(instruction("HEALTHCHECK").partition("CMD ")[2])
    assert (checker, instruction("STOPSIGNAL")) == ("farcall", "SIGTERM")
    with serving(words, fresh_home, **variables):
        healthy = said(*check, home=fresh_home)
        assert healthy.returncode == 0, healthy.stderr
    assert said(*check, home=fresh_home).returncode != 0, "it is gone"


def test_a_wrong_option_would_be_seen() -> None:
    with pytest.raises(SystemExit):
        cli.main(["serve", "--tls-certificate", "/tls/cert.pem"])


def test_without_tls_the_announced_address_is_what_the_machine_itself_uses(fresh_home: Home) -> None:
    note = fresh_home.folder / "gateway.json"
    embedded.ensure(fresh_home.folder)
    told = json.loads(note.read_text())
    assert embedded.announced(fresh_home.folder) == told["url"] == told["local"]
