"""Text of PDF files, read by the library ``pypdf`` in a process of its own with little memory and little time.

Contract: whatever a file does, this process loses ``SECONDS`` and nothing else: the child may use ``MEMORY`` bytes and
``SECONDS`` of a processor, reads the file from its standard input and writes text to its standard output. Scanned pages
hold no text; a file without any is refused, so that nobody takes it for harmless.
"""

from __future__ import annotations

import subprocess
import sys

from stillwatch.errors import ConfigurationError, InputError

MEMORY, SECONDS, MOST_PAGES, MOST_TEXT = 1 << 30, 30, 5000, 1 << 26
_ABSENT = 9


def pdf_text(name: str, raw: bytes) -> str:
    """The text of all pages."""
    command = [sys.executable, "-I", "-m", "stillwatch.guard.pdf"]
    try:
        ended = subprocess.run(command, input=raw, capture_output=True, timeout=2 * SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise InputError(f"{name}: takes more than {SECONDS} s to read as a PDF; convert it to text") from None
    if ended.returncode == _ABSENT:
        raise ConfigurationError("PDF files need a library: pip install 'stillwatch[guard]'")
    if ended.returncode:
        reason = ended.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or [
            "it needs too much memory or time"
        ]
        raise InputError(f"{name}: cannot be read as a PDF: {reason[0][:200]}; convert it to text")
    text = ended.stdout.decode("utf-8", "replace")
    if not text.strip():
        raise InputError(f"{name}: holds no text, only pictures of it perhaps; there is no text recognition here")
    return text


def _child() -> int:
    """Read a PDF from standard input; every failure is a line on standard error."""
    import io
    import logging
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    logging.disable()
    try:
        import pypdf
    except ImportError:
        return _ABSENT
    try:
        reader, left = pypdf.PdfReader(io.BytesIO(sys.stdin.buffer.read())), MOST_TEXT
        if len(reader.pages) > MOST_PAGES:
            raise ValueError(f"it has more than {MOST_PAGES:,} pages")
        for page in reader.pages:
            text = page.extract_text().encode("utf-8", "replace")
            left -= len(text)
            if left < 0:
                raise ValueError(f"it holds more than {MOST_TEXT >> 20} MiB of text")
            sys.stdout.buffer.write(text + b"\n")
    except Exception as error:  # a parser of hostile files may fail in any way; the parent tells it
        sys.stderr.buffer.write(f"{type(error).__name__}: {error}".encode("utf-8", "replace"))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_child())
