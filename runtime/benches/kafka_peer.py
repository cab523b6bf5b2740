"""Produces and consumes events by the client of Kafka that services in Python take, and says how long each took.

    kafka_peer.py BROKERS TOPIC COUNT    a record comes on the standard input, as JSON: its headers and its value

The settings are those of the bus. Envelopes are the caller's work; what is consumed is told apart by its header and read.
"""

import asyncio
import json
import sys
import time
import uuid

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer


async def produce(brokers, topic, count, headers, value):
    producer = AIOKafkaProducer(
        bootstrap_servers=brokers,
        enable_idempotence=True,
        acks="all",
        compression_type="lz4",
        linger_ms=2,
        max_batch_size=1_000_000,
    )
    await producer.start()
    begun = time.perf_counter()
    sent = [
        await producer.send(topic, value=value, key=str(number).encode(), headers=headers)
        for number in range(count)
    ]
    await asyncio.gather(*sent)
    took = time.perf_counter() - begun
    await producer.stop()
    return took


async def consume(brokers, topic, count, kind):
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=brokers,
        group_id=str(uuid.uuid4()),
        auto_offset_reset="earliest",
        fetch_max_bytes=50 * 1024 * 1024,
        max_partition_fetch_bytes=1024 * 1024,
    )
    # Joining the group is part of it, as it is for the bus.
    begun = time.perf_counter()
    await consumer.start()
    seen = 0
    while seen < count:
        for records in (await consumer.getmany(timeout_ms=100, max_records=1000)).values():
            for record in records:
                assert ("ce_type", kind) in record.headers
                assert len(json.loads(record.value)["text"]) == 1000
            seen += len(records)
    took = time.perf_counter() - begun
    await consumer.stop()
    return took


async def main(brokers, topic, count):
    record = json.load(sys.stdin)
    headers = [(name, value.encode()) for name, value in record["headers"]]
    value, count = record["value"].encode(), int(count)
    produced = await produce(brokers, topic, count, headers, value)
    consumed = await consume(brokers, topic, count, dict(headers)["ce_type"])
    print(json.dumps({"produce": produced, "consume": consumed}))


asyncio.run(main(*sys.argv[1:]))
