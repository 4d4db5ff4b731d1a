"""Reads a topic with Confluent's own deserialisers and prints a JSON line [key, value] for each record:
    formats.py BROKERS REGISTRY TOPIC avro|protobuf|json_schema
Moments are RFC 3339 in UTC. Where the topic ended at the start, it ends."""

import datetime
import importlib
import json
import pathlib
import sys
import tempfile

import confluent_kafka
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.serialization import MessageField, SerializationContext

ROOT = pathlib.Path(__file__).resolve().parents[2]


def avro(registry, _):
    from confluent_kafka.schema_registry.avro import AvroDeserializer
    return AvroDeserializer(registry)


def protobuf(_, topic):
    import grpc_tools
    from grpc_tools import protoc
    from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer
    with tempfile.TemporaryDirectory() as folder:
        includes = pathlib.Path(grpc_tools.__file__).parent / "_proto"
        failed = protoc.main(["protoc", f"-I{ROOT / 'schemas'}", f"-I{includes}", f"--python_out={folder}", "nashra.proto"])
        if failed:
            sys.exit("protoc failed")
        sys.path.insert(0, folder)
        messages = importlib.import_module("nashra_pb2")
    kind = {"stories": "Story", "deadletters": "DeadLetter"}.get(topic.rsplit(".", 1)[-1], "Article")
    # It needs no registry: messages are known by the numbers of their fields.
    read = ProtobufDeserializer(getattr(messages, kind), {"use.deprecated.format": False})

    return lambda value, context: whole(read(value, context))


def whole(message):
    """A message as a dictionary with all its fields; what is absent is None."""
    if message.DESCRIPTOR.full_name == "google.protobuf.Timestamp":
        return message.ToJsonString()
    fields = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.has_presence and not message.HasField(field.name):
            fields[field.name] = None
        elif field.message_type and not field.has_presence:
            fields[field.name] = [whole(item) for item in value]
        elif field.message_type:
            fields[field.name] = whole(value)
        else:
            fields[field.name] = value if field.has_presence or isinstance(value, (str, int, float)) else list(value)
    return fields


def json_schema(registry, _):
    from confluent_kafka.schema_registry.json_schema import JSONDeserializer
    return JSONDeserializer(None, schema_registry_client=registry)


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    return str(value)


def main():
    brokers, url, topic, form = sys.argv[1:]
    read = {"avro": avro, "protobuf": protobuf, "json_schema": json_schema}[form](SchemaRegistryClient({"url": url}), topic)
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": brokers, "group.id": "formats", "enable.auto.commit": False,
        "isolation.level": "read_committed", "enable.partition.eof": True})
    partitions = consumer.list_topics(topic, 20).topics[topic].partitions
    consumer.assign([confluent_kafka.TopicPartition(topic, number, confluent_kafka.OFFSET_BEGINNING) for number in partitions])
    left = set(partitions)
    while left:
        message = consumer.poll(30)
        if message is None:
            sys.exit("the broker does not answer")
        if message.error():
            left.discard(message.partition())
            continue
        value = read(message.value(), SerializationContext(topic, MessageField.VALUE))
        print(json.dumps([message.key().decode(), value], default=plain, ensure_ascii=False))
    consumer.close()


main()
