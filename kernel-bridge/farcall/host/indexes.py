"""Where uv looks for packages: where pip of this machine does. pip's configuration, said in uv's variables.

uv reads no configuration of pip. Whoever set this machine up for pip (an index, a proxy, a certificate) has then set it
up for images too; what is set for uv itself comes first. Used by the builder (image_build.py).
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Mapping

_ASK_S = 60.0
#: Later ones win, as in pip.
_SECTIONS = ("global", "download", "install", ":env:")
#: pip's name → uv's variable, and what stands between several values there.
_VARIABLES = {
    "index-url": ("UV_DEFAULT_INDEX", None),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "constraint": ("UV_CONSTRAINT", " "),
    "cert": ("SSL_CERT_FILE", None),
    "client-cert": ("SSL_CLIENT_CERT", None),
    "default-timeout": ("UV_HTTP_TIMEOUT", None),
    "timeout": ("UV_HTTP_TIMEOUT", None),
    "proxy": ("ALL_PROXY", None),
    "no-index": ("UV_NO_INDEX", None),
}
#: uv's older names for the same.
_ALSO = {"UV_DEFAULT_INDEX": ("UV_INDEX_URL",), "UV_INDEX": ("UV_EXTRA_INDEX_URL",)}


def uv_variables(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for uv."""
    variables = dict(environment)
    told = pip_settings()
    for name, value in told.items():
        variable, between = _VARIABLES[name]
        if any(other in environment for other in (variable, *_ALSO.get(variable, ()))):
            continue
        variables[variable] = value if between is None else between.join(value.split())
    if "UV_INDEX" in variables and "extra-index-url" in told:
        # pip takes the best of all indexes; uv, unless told, what the first of them has.
        variables.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return variables


def pip_settings() -> dict[str, str]:
    """pip's settings that uv has too, by pip's name; none where there is no pip."""
    try:
        said = subprocess.run(
            [sys.executable, "-m", "pip", "config", "list"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ASK_S,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        said = "".join(f":env:.{name}={value!r}\n" for name, value in _from_environment())
    return read_settings(said)


def read_settings(said: str) -> dict[str, str]:
    """The settings in what ``pip config list`` printed: ``section.name='value'``, a line each."""
    found: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in said.splitlines():
        match = re.fullmatch(r"(:env:|global|download|install)\.([a-z-]+)=(.*)", line.strip())
        if match and match[2] in _VARIABLES:
            found[match[1]][match[2]] = _unquoted(match[3])
    return {name: value for section in _SECTIONS for name, value in found[section].items() if value.strip()}


def _from_environment() -> list[tuple[str, str]]:
    return [
        (name[4:].lower().replace("_", "-"), value) for name, value in os.environ.items() if name.startswith("PIP_")
    ]


def _unquoted(text: str) -> str:
    try:
        return str(ast.literal_eval(text))
    except (ValueError, SyntaxError):
        return text
