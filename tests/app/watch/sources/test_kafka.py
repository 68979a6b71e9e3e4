"""A Kafka topic as a source, with a real broker: pieces, restarts, transactions, damage, and what was deleted."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from stillwatch.app.watch.sources import kafka
from stillwatch.app.watch.sources.catalogue import name_of
from stillwatch.app.watch.sources.kafka import TopicFollower, parse
from stillwatch.app.watch.watching import watch
from stillwatch.errors import ConfigurationError, InputError
from stillwatch.model.progress import SilentProgress
from tests.app.watch.sources.receiver import spans
from tests.app.watch.world import Place, Row, plain, read, rows, tables
from tests.servers import free_port

LOG = rows(3, seed=4)
JAVA = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
auto.create.topics.enable=false
broker.session.timeout.ms=1000
broker.heartbeat.interval.ms=200
"""
"""A killed broker is known to be gone after a second."""


@dataclass
class Broker:
    """One node of this module alone, on the loopback, that keeps what it holds over a restart."""

    jars: str
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def format(self) -> None:
        text = _PROPERTIES.format(port=self.port, controller=free_port(), folder=self.folder)
        self._properties.write_text(text)
        words = ("format", "-t", "5L6g3nShT-eMCtK--X86sw", "-c", str(self._properties))
        subprocess.run([*self._java, "kafka.tools.StorageTool", *words], check=True, capture_output=True)

    def start(self) -> None:
        words = [*self._java, "kafka.Kafka", str(self._properties)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log)
        for _ in range(1000):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the broker does not answer")

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    @property
    def _java(self) -> list[str]:
        return ["java", *JAVA, "-cp", f"{self.jars}/*"]

    def make(self, topic: str, partitions: int = 1) -> None:
        self.ask("create_topics", NewTopic(topic, partitions, 1))
        # A busy broker says that a topic is made before it answers for all of its partitions.
        reader = Consumer({"bootstrap.servers": self.address, "group.id": "nobody", "log_level": 0})
        for partition in range(partitions):
            _answers(reader, TopicPartition(topic, partition))
        reader.close()

    def ask(self, what: str, about: Any) -> None:
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        for answer in getattr(admin, what)([about]).values():
            answer.result()

    def send(self, topic: str, values: Iterable[bytes | None], **settings: Any) -> None:
        producer = Producer({"bootstrap.servers": self.address, "log_level": 0, **settings})
        for value in values:
            producer.produce(topic, value)
        assert producer.flush(30) == 0


def _answers(reader: Consumer, partition: TopicPartition) -> None:
    for _ in range(100):
        try:
            reader.get_watermark_offsets(partition, timeout=10)
            return
        except KafkaException:
            time.sleep(0.1)
    raise AssertionError(f"{partition.topic} was made, but never answered")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    jars = os.environ.get("KAFKA_JARS", "/opt/kafka/libs")
    if not (shutil.which("java") and Path(jars).is_dir()):
        why = "a Kafka broker is absent: needs java, and the broker's jars in the folder KAFKA_JARS"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    made = Broker(jars, tmp_path_factory.mktemp("broker"))
    made.format()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.make(tmp_path)


def _watch(place: Place, broker: Broker, topic: str) -> Row:
    request = replace(place.request(), source=f"kafka://{broker.address}/{topic}")
    return plain(watch(request, SilentProgress()).document)


def _json(found: Iterable[Row]) -> list[bytes]:
    return [json.dumps(row, indent=1).encode() for row in found]


def test_a_topic_read_in_pieces_gives_what_a_scan_gives_though_the_broker_is_killed(
    place: Place, broker: Broker
) -> None:
    broker.make("pieces", 3)
    third = len(LOG) // 3
    for part in range(3):
        broker.send("pieces", _json(LOG[part * third : None if part == 2 else (part + 1) * third]))
        _watch(place, broker, "pieces")
        if part == 0:
            broker.stop()
            broker.start()
    scanned = place.scan(LOG)
    assert _watch(place, broker, "pieces") == read(scanned)
    ours, theirs = tables(place.out), tables(scanned)
    assert all(ours[name].equals(table) for name, table in theirs.items())


def test_what_is_no_object_is_a_reject_and_what_has_no_value_is_passed_over(place: Place, broker: Broker) -> None:
    broker.make("damage")
    broker.send("damage", [b"no object", None, *_json(LOG[:1])])
    run = _watch(place, broker, "damage")["run"]
    assert (run["input"]["exchanges"], run["input"]["rejected"]) == (1, 1)
    (row,) = pq.read_table(place.out / "rejects.parquet").to_pylist()
    assert (row["file"], row["line"]) == (f"kafka://{broker.address}/damage#0", 1)


def test_exports_of_the_collector_are_read_in_protobuf(place: Place, broker: Broker) -> None:
    broker.make("spans")
    broker.send("spans", [encode_spans(spans(LOG[:5])).SerializeToString(), b"\xff\xff"])
    run = _watch(place, broker, "spans?encoding=otlp_proto")["run"]
    assert (run["input"]["exchanges"], run["input"]["rejected"]) == (5, 1)


def test_what_a_transaction_took_back_is_not_read_and_holds_nothing_up(place: Place, broker: Broker) -> None:
    broker.make("taken-back")
    producer = Producer({"bootstrap.servers": broker.address, "transactional.id": "gateway", "log_level": 0})
    producer.init_transactions(60)
    for part, end in ((LOG[:3], producer.abort_transaction), (LOG[3:5], producer.commit_transaction)):
        producer.begin_transaction()
        for value in _json(part):
            producer.produce("taken-back", value)
        producer.flush(30)
        end(60)
    assert _watch(place, broker, "taken-back")["run"]["input"]["exchanges"] == 2
    broker.send("taken-back", _json(LOG[5:6]))
    assert _watch(place, broker, "taken-back")["run"]["input"]["exchanges"] == 3


def test_an_open_transaction_is_read_when_it_is_closed(place: Place, broker: Broker) -> None:
    broker.make("open")
    broker.send("open", _json(LOG[:2]))
    producer = Producer({"bootstrap.servers": broker.address, "transactional.id": "slow", "log_level": 0})
    producer.init_transactions(60)
    producer.begin_transaction()
    for value in _json(LOG[2:5]):
        producer.produce("open", value)
    producer.flush(30)
    broker.send("open", _json(LOG[5:6]))
    assert _watch(place, broker, "open")["run"]["input"]["exchanges"] == 2
    producer.commit_transaction(60)
    run = _watch(place, broker, "open")["run"]
    assert (run["input"]["exchanges"], run["input"]["duplicates"]) == (6, 0)


def test_what_was_deleted_before_it_was_read_is_told_once(place: Place, broker: Broker) -> None:
    broker.make("short")
    broker.send("short", _json(LOG[:4]))
    _watch(place, broker, "short")
    broker.send("short", _json(LOG[4:10]))
    broker.ask("delete_records", TopicPartition("short", 0, 7))
    for _ in range(2):
        run = _watch(place, broker, "short")["run"]
        assert run["input"]["exchanges"] == 7
        assert len([note for note in run["notes"] if "3 messages were deleted" in note]) == 1


def test_a_topic_that_is_made_anew_is_read_from_its_beginning(place: Place, broker: Broker) -> None:
    broker.make("anew")
    broker.send("anew", _json(LOG[:6]))
    _watch(place, broker, "anew")
    broker.ask("delete_topics", "anew")
    broker.make("anew")
    broker.send("anew", _json(LOG[4:8]))
    run = _watch(place, broker, "anew")["run"]
    assert (run["input"]["exchanges"], run["input"]["duplicates"]) == (8, 2)


def test_brokers_that_are_away_are_waited_for_or_named(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "TIMEOUT_S", 1.0)
    broker.make("away")
    broker.send("away", _json(LOG[:3]))
    follower = TopicFollower(f"kafka://{broker.address}/away", {}, patient=True)
    broker.stop()
    assert (list(follower.tasks(0)), follower.away) == ([], True)
    with pytest.raises(InputError, match="cannot be reached"):
        TopicFollower(f"kafka://{broker.address}/away", {}, patient=False).check()
    broker.start()
    found = []
    for _ in range(30):
        found += list(follower.tasks(0))
        if found:
            break
    assert (len(found), follower.away, follower.behind) == (1, False, 0)
    follower.close()
    with pytest.raises(InputError, match="refused"):
        TopicFollower(f"kafka://{broker.address}/no-such-topic", {}, patient=True).check()


def test_how_a_topic_is_named(tmp_path: Path) -> None:
    assert name_of("kafka://a:1,b:2/t?encoding=otlp_proto") == "kafka://a:1,b:2/t"
    for wrong in ("kafka://a:1", "kafka:///t", "kafka://a/t/u", "kafka://u:p@a/t", "kafka://a/t?x=1"):
        with pytest.raises(ConfigurationError, match="a topic is named"):
            parse(wrong)
    config = tmp_path / "client.properties"
    config.write_text("# users\nsasl.username = watch\n\nsasl.password=a=b\n")
    assert parse(f"kafka://a/t?config={config}").config == {"sasl.username": "watch", "sasl.password": "a=b"}
    config.write_text("group.id=other\n")
    with pytest.raises(ConfigurationError, match=r"group\.id"):
        parse(f"kafka://a/t?config={config}")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        parse(f"kafka://a/t?config={tmp_path / 'absent'}")
