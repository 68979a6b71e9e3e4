"""A Kafka topic as a source: every partition from where the checkpoint is.

Offsets are kept in the checkpoint, together with everything that was made of the messages, so a message is taken in
once whatever dies. No consumer group is joined, no offset is committed to the broker, nothing is written to it. A
message is a JSON object (canonical, LiteLLM, OTLP), or an OTLP export in Protobuf as the collector writes it
(``encoding=otlp_proto``). Messages that were deleted before they were read are counted and told.

While no broker can be reached nothing is read and no epoch closes by the clock. Needs the extra ``kafka``.
Deliberately not done: Avro and schema registries, reading a message again to show it as an example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from stillwatch.app.watch.checkpoint import Followed
from stillwatch.app.watch.sources.follower import Kind, Polled, Task
from stillwatch.errors import ConfigurationError, InputError
from stillwatch.ingest.inputs import Source
from stillwatch.ingest.otlp_wire import HEAD, PROTOBUF, UnreadableBodyError, as_line
from stillwatch.ingest.pieces import Lines
from stillwatch.ingest.streams import HEAD_BYTES

if TYPE_CHECKING:
    import confluent_kafka

PIECE_BYTES = 8 << 20
PIECE_MESSAGES = 5000
STEP_MESSAGES = 100
TIMEOUT_S = 10.0
STALL_S = 10.0
"""How long a broker may say nothing of messages that it says it has."""
_OURS = ("group.id", "enable.auto.commit", "enable.auto.offset.store", "enable.partition.eof", "auto.offset.reset")
_UNREAD = b'"no Protobuf export request"'
"""A line that becomes a reject, with its number."""
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Topic:
    """What the address of a source says."""

    brokers: str
    topic: str
    protobuf: bool
    config: dict[str, str]

    @property
    def name(self) -> str:
        return f"kafka://{self.brokers}/{self.topic}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is new in a partition: offsets from ``begin`` to ``end``; ``remark`` on what is missing before."""

    partition: int
    begin: int
    end: int
    remark: str | None


class TopicFollower(Polled):
    """Reads a topic; ``files`` is the caller's and is kept up to date by ``done``."""

    def __init__(self, given: str, files: dict[str, Followed], *, patient: bool) -> None:
        super().__init__(files)
        try:
            import confluent_kafka
        except ImportError as error:
            raise ConfigurationError("a Kafka source needs the extra kafka: pip install 'stillwatch[kafka]'") from error
        self._kafka = confluent_kafka
        self._topic = parse(given)
        self._patient = patient
        self._consumer_made: confluent_kafka.Consumer | None = None

    def check(self) -> None:
        """Raise what is wrong with the name, or with the broker where nobody would wait for it."""
        list(self._patiently(self._partitions))
        self.close()

    def close(self) -> None:
        if self._consumer_made is not None:
            self._consumer_made.close()
            self._consumer_made = None

    def tasks(self, now: float) -> Iterator[Task]:
        """Everything that is in the topic by now."""
        for news in self._patiently(self._news):
            self.behind = sum(stretch.end - stretch.begin for stretch in news)
            for stretch in news:
                yield from self._read(stretch)

    def _read(self, stretch: Stretch) -> Iterator[Task]:
        place, remark = stretch.begin, stretch.remark
        self._consumer().assign([self._kafka.TopicPartition(self._topic.topic, stretch.partition, place)])
        while place < stretch.end:
            got = next(self._patiently(partial(self._piece, stretch, place)), None)
            if got is None:
                return
            values, after, ended = got
            self.behind = max(0, (self.behind or 0) - (after - place))
            place = after
            yield self._task(stretch.partition, values, place, remark)
            if ended:
                return
            remark = None

    def _piece(self, stretch: Stretch, place: int) -> tuple[list[bytes], int, bool]:
        """The next values of the assigned partition, the offset behind them, and whether no more may be read now.

        What may be read can end before what is there: at the first message of a transaction that is still open.
        """
        values, size, waited = list[bytes](), 0, 0.0
        consumer, codes = self._consumer(), self._kafka.KafkaError
        while place < stretch.end and size < PIECE_BYTES and len(values) < PIECE_MESSAGES:
            found = consumer.consume(STEP_MESSAGES, timeout=0.5)
            waited = 0.0 if found else waited + 0.5
            if waited >= STALL_S:
                raise self._kafka.KafkaException(codes(codes._TIMED_OUT))
            for message in found:
                error = message.error()
                if error is not None and error.code() == codes._PARTITION_EOF:
                    return values, max(place, int(message.offset() or 0)), True
                if error is not None:
                    raise self._kafka.KafkaException(error)
                place = int(message.offset() or 0) + 1
                if (value := message.value()) is not None:
                    values.append(value)
                    size += len(value)
        return values, place, False

    def _task(self, partition: int, values: list[bytes], place: int, remark: str | None) -> Task:
        name = f"{self._topic.name}#{partition}"
        before = self._files.get(name, Followed((0, 0, 0), True)).before
        data = b"".join(self._line(value) + b"\n" for value in values)
        # An empty object in front says that these are JSON lines, whatever the first messages hold.
        head = HEAD if self._topic.protobuf else b"{}\n" + data[:HEAD_BYTES]
        after = Followed((0, 0, 0), True, place, before + len(values), taken=True)
        return Task(Source(name, 0, True), Lines(before, before + len(values), before, data, head), after, remark)

    def _line(self, value: bytes) -> bytes:
        if not self._topic.protobuf:
            return value.replace(b"\n", b" ")  # between values only: inside a text JSON has no bare line ends
        try:
            return as_line(value, signal="traces", content_type=PROTOBUF, encoding="") or HEAD.rstrip()
        except UnreadableBodyError:
            return _UNREAD

    def _news(self) -> list[Stretch]:
        """What lies in each partition by now and was not read."""
        found = (self._stretch(partition) for partition in self._partitions())
        return [stretch for stretch in found if stretch.end > stretch.begin]

    def _stretch(self, partition: int) -> Stretch:
        name = f"{self._topic.name}#{partition}"
        asked = self._kafka.TopicPartition(self._topic.topic, partition)
        low, high = self._consumer().get_watermark_offsets(asked, timeout=TIMEOUT_S)
        entry = self._files.get(name)
        if entry is None:
            return Stretch(partition, low, high, None)
        if entry.offset > high:
            return Stretch(partition, low, high, f"{name}: shorter than what was read; read from its beginning")
        if entry.offset < low:
            lost = low - entry.offset
            return Stretch(partition, low, high, f"{name}: {lost} messages were deleted before they were read")
        return Stretch(partition, entry.offset, high, None)

    def _partitions(self) -> list[int]:
        found = self._consumer().list_topics(self._topic.topic, timeout=TIMEOUT_S).topics[self._topic.topic]
        if found.error is not None:
            raise self._kafka.KafkaException(found.error)
        return sorted(found.partitions)

    def _consumer(self) -> confluent_kafka.Consumer:
        if self._consumer_made is None:
            self._consumer_made = self._kafka.Consumer(
                {
                    "queued.max.messages.kbytes": 16_384,
                    "reconnect.backoff.max.ms": 1000,
                    "log_level": 0,
                    "client.id": "stillwatch",
                    **self._topic.config,
                    "bootstrap.servers": self._topic.brokers,
                    "group.id": "stillwatch",
                    "enable.auto.commit": False,
                    "enable.auto.offset.store": False,
                    "enable.partition.eof": True,
                    "auto.offset.reset": "error",
                }
            )
        return self._consumer_made

    def _patiently(self, ask: Callable[[], _Found]) -> Iterator[_Found]:
        """What the brokers answer, if anything; nothing while they are away and somebody waits."""
        try:
            found = ask()
        except self._kafka.KafkaException as error:
            self._refused(error.args[0])
            return
        self.away = False
        yield found

    def _refused(self, error: Any) -> None:
        """Raise what waiting does not cure; otherwise the source is away."""
        codes = self._kafka.KafkaError
        for_good = (
            codes.UNKNOWN_TOPIC_OR_PART,
            codes._UNKNOWN_TOPIC,
            codes.TOPIC_AUTHORIZATION_FAILED,
            codes._AUTHENTICATION,
            codes.SASL_AUTHENTICATION_FAILED,
        )
        if error.code() in for_good:
            raise InputError(f"{self._topic.name}: refused: {error.str()}; check the topic, the user and the rights")
        self.away = True
        if not self._patient:
            raise InputError(f"{self._topic.name}: cannot be reached: {error.str()}; check address and brokers")


def parse(given: str) -> Topic:
    """Brokers and topic of ``kafka://HOST:PORT,HOST:PORT/TOPIC?config=FILE&encoding=otlp_proto``."""
    parts = urlsplit(given)
    asked = parse_qs(parts.query)
    topic, encoding = parts.path.strip("/"), asked.get("encoding", ["json"])
    wrong = asked.keys() - {"config", "encoding"} or encoding not in (["json"], ["otlp_proto"])
    if not parts.netloc or "@" in parts.netloc or not topic or "/" in topic or wrong:
        raise ConfigurationError(
            "a topic is named kafka://HOST:PORT,…/TOPIC, with ?config=FILE for properties of the client such as users "
            "and certificates, and encoding=otlp_proto for exports of the collector in Protobuf"
        )
    return Topic(parts.netloc, topic, encoding == ["otlp_proto"], _config(asked.get("config", [])))


def _config(files: list[str]) -> dict[str, str]:
    """Properties of librdkafka, a line each."""
    found: dict[str, str] = {}
    for file in files:
        try:
            lines = Path(file).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"properties of the Kafka client, {file}: cannot be read: {error}") from error
        pairs = [line.partition("=") for line in lines if line.strip() and not line.lstrip().startswith("#")]
        found |= {name.strip(): value.strip() for name, _, value in pairs}
    if taken := sorted(found.keys() & set(_OURS)):
        raise ConfigurationError(f"watch decides {', '.join(taken)} itself; take it out of {files[-1]}")
    return found


KIND = Kind(("kafka",), lambda given: parse(given).name, TopicFollower)
