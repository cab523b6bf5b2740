"""Reads and writes events by another implementation of CloudEvents and another client of Kafka.

    interop.py read BROKERS TOPIC COUNT    print an object of JSON for each of the first COUNT events
    interop.py write BROKERS TOPIC MODE    write each object of JSON on the standard input, in binary or structured mode
"""

import json
import sys
import uuid
from datetime import datetime

from cloudevents.core.bindings import kafka
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka import Consumer, Producer

# A broker that does not answer in so many seconds is not going to.
PATIENCE = 60


def read(brokers, topic, count):
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": str(uuid.uuid4()),
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([topic])
    for _ in range(int(count)):
        record = consumer.poll(PATIENCE)
        if record is None or record.error():
            sys.exit(f"no event: {record and record.error()}")
        message = kafka.KafkaMessage(dict(record.headers()), record.key(), record.value())
        event = kafka.from_kafka_event(message)
        attributes = {
            name: value
            for name, value in event.get_attributes().items()
            # The library makes one up where there is none; ours is the record's.
            if name != "time" or "ce_time" in message.headers
        }
        said = {"attributes": attributes, "data": event.get_data(), "timestamp": record.timestamp()[1]}
        print(json.dumps(said))
    consumer.close()


def write(brokers, topic, mode):
    to_message = {"binary": kafka.to_binary_event, "structured": kafka.to_structured_event}[mode]
    producer = Producer({"bootstrap.servers": brokers})
    refused = []
    for line in sys.stdin:
        said = json.loads(line)
        attributes = said["attributes"]
        attributes["time"] = datetime.fromisoformat(attributes["time"])
        message = to_message(CloudEvent(attributes, said["data"]))
        producer.produce(
            topic,
            value=message.value,
            key=message.key,
            headers=message.headers,
            on_delivery=lambda error, _: error and refused.append(error),
        )
    if producer.flush(PATIENCE) or refused:
        sys.exit(f"not acknowledged: {refused}")


if __name__ == "__main__":
    {"read": read, "write": write}[sys.argv[1]](*sys.argv[2:])
