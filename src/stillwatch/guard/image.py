"""Text of images, read by the program ``tesseract`` where it is installed, with little memory and little time.

Contract: whatever an image does, this process loses ``SECONDS`` and nothing else: a child sets its own limits, becomes
``tesseract``, reads the image from its standard input and writes text to its standard output. Where the program is
absent, an image is refused by name, so that nobody takes it for harmless. In an image without text none is found.

Deliberately not done: recognising handwriting, and what a picture shows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache

from stillwatch.errors import InputError

MEMORY, SECONDS, MOST_TEXT = 1 << 30, 30, 1 << 22
PROGRAM = "tesseract"
_NOT_LANGUAGES = ("osd", "equ")


def image_text(name: str, raw: bytes) -> str:
    """The text of an image."""
    if shutil.which(PROGRAM) is None:
        raise InputError(
            f"{name}: is an image, and text in images is read by tesseract, which is not installed here: "
            "install it (Debian: tesseract-ocr), or write the text down and check that"
        )
    command = [sys.executable, "-I", "-m", "stillwatch.guard.image", _languages()]
    try:
        ended = subprocess.run(command, input=raw, capture_output=True, timeout=2 * SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise InputError(f"{name}: takes more than {SECONDS} s to read as an image; make it smaller") from None
    if ended.returncode:
        raise InputError(f"{name}: cannot be read as an image, or needs too much memory or time; save it anew")
    return ended.stdout[:MOST_TEXT].decode("utf-8", "replace")


@cache
def _languages() -> str:
    """The languages that are installed, as the program takes them."""
    listed = subprocess.run([PROGRAM, "--list-langs"], capture_output=True, timeout=SECONDS, check=False).stdout
    found = [line.strip() for line in listed.decode("utf-8", "replace").splitlines()[1:]]
    return "+".join(language for language in found if language and language not in _NOT_LANGUAGES) or "eng"


def _child(languages: str) -> None:
    """Become the program, within limits."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    os.environ["OMP_THREAD_LIMIT"] = "1"
    os.execvp(PROGRAM, [PROGRAM, "stdin", "stdout", "-l", languages])


if __name__ == "__main__":
    _child(sys.argv[1])
