"""PostgreSQL and Kafka that were killed without warning come back with everything that was acknowledged."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from infra.local import parts
from infra.local.topics import Topic, create_missing


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Parts of the test's own, in a path with a space, whatever addresses the environment has."""
    for variable in (parts.POSTGRES_VARIABLE, parts.KAFKA_VARIABLE, parts.PARTS_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    yield tmp_path / "a clone"
    parts.erase(tmp_path / "a clone")


async def test_what_was_acknowledged_survives_sigkill(folder: Path) -> None:
    """Also with records that now name another process, as after a reboot."""
    first = parts.ensure(folder, "tests")
    await create_missing(first.kafka_bootstrap, [Topic("facts", 1, {}, ordered=False)])
    session = await asyncpg.connect(first.postgres_url)
    await session.execute("CREATE TABLE facts(id int)")
    await session.execute("INSERT INTO facts VALUES (1)")
    async with AIOKafkaProducer(bootstrap_servers=first.kafka_bootstrap, acks="all") as producer:
        await producer.send_and_wait("facts", b"one")
    pids = {"postgres": first.postgres.pid(), "kafka": first.kafka.pid()}
    for name, pid in pids.items():
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(
            os.waitpid, pid, 0
        )  # its record is about to name somebody else, so nobody else would let it go
        record = folder / "run" / f"{name}.json"
        record.write_text(record.read_text().replace(str(pid), str(os.getpid()), 1))
    session.terminate()

    again = parts.ensure(folder, "tests")

    assert (again.postgres_url, again.kafka_bootstrap) == (first.postgres_url, first.kafka_bootstrap)
    session = await asyncpg.connect(again.postgres_url)
    assert await session.fetchval("SELECT array_agg(id) FROM facts") == [1]
    await session.close()
    consumer = AIOKafkaConsumer(bootstrap_servers=again.kafka_bootstrap)
    await consumer.start()
    try:
        partition = TopicPartition("facts", 0)
        consumer.assign([partition])
        consumer.seek(partition, 0)
        assert (await consumer.getone()).value == b"one"
        assert await consumer.end_offsets([partition]) == {partition: 1}
    finally:
        await consumer.stop()
    assert sorted(parts.stop(folder)) == ["kafka", "postgres"]
    assert (again.postgres.pid(), again.kafka.pid()) == (None, None)


def test_the_last_to_leave_stops_the_parts(folder: Path) -> None:
    with parts.running(folder, "tests", fresh=True) as one:
        with parts.running(folder, "tests", fresh=True) as two:
            assert (two.postgres.pid(), two.kafka.pid()) == (one.postgres.pid(), one.kafka.pid())
        assert one.postgres.answers() and one.kafka.answers()
        assert parts.in_use(folder) is True
    assert (one.postgres.pid(), one.kafka.pid()) == (None, None)
    assert parts.in_use(folder) is False


def test_a_run_on_servers_elsewhere_leaves_those_of_another_run_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It shares the folder, and asks for fresh data, but not for the data of servers it does not use."""
    with parts.running(folder, "tests", fresh=True) as one:
        with monkeypatch.context() as elsewhere:
            elsewhere.setenv(parts.POSTGRES_VARIABLE, "postgresql://elsewhere/postgres")
            elsewhere.setenv(parts.KAFKA_VARIABLE, "elsewhere:9092")
            with parts.running(folder, "tests", fresh=True) as other:
                assert (other.postgres_url, other.kafka_bootstrap) == (
                    "postgresql://elsewhere/postgres",
                    "elsewhere:9092",
                )
        assert one.postgres.answers() and one.kafka.answers()
        assert (folder / "kafka" / "data" / "meta.properties").exists()
