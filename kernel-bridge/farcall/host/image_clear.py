"""``python -m farcall.host.image_clear``: deletes images that are not used, and ends. A child of the supervisor.

It counts and deletes many thousands of files, so that the supervisor need not. What is in use, or being built, is
locked by who uses it and stays.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from .image_folder import ImageFolder


def main() -> None:
    """One line of JSON in, one out."""
    told = json.loads(sys.stdin.readline())
    gone, left = ImageFolder(Path(told["root"]), Path(told["sent"])).expire(
        seconds=float(told["seconds"]),
        budget=float(told["bytes"]),
        keep=frozenset(told["keep"]),
        pretend=bool(told["pretend"]),
    )
    print(json.dumps({"expired": {"images": gone, "bytes": left}}))


if __name__ == "__main__":
    main()
