"""Derivation tests: was a suspect model trained on text that we served under a keyed mark?

Keys are drawn and committed first (``keys``, ``journal``), text is marked at serving time (``marks``, ``adapters``),
and a suspect's text is later scored under the true key and under decoys drawn the same way (``keytest``). What the
answer does and does not say is in ``verdict``.

Imports ``sketch`` and what lies below it. Deliberately not here: files of results, pages, arguments (``app``,
``report``, ``cli``).
"""
