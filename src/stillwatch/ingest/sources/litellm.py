"""placeholder"""

from stillwatch.ingest.sources import jsonlines
from stillwatch.ingest.sources.format import Format

FORMAT = Format("LiteLLM", "", lambda head: False, jsonlines.chunks, False)
