#!/usr/bin/env python3
"""Keeps the latest revision of each article of nashra's topics in an SQLite database.

    pip install confluent-kafka
    ./consumer.py --brokers localhost:9092 --database articles.db

It reads only what is committed, goes on where it ended, takes withdrawn articles out, and checks the numbers of
the records (the header nashra-seq): none may come twice, and none may be missing. What was read and where to go on
are written in this order: first the database, then the offsets. After a crash between the two some records come
again; their revisions are known, so nothing changes.
"""

import argparse
import json
import sqlite3
import sys

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

TABLES = """
CREATE TABLE IF NOT EXISTS article (id TEXT PRIMARY KEY, revision INTEGER, withdrawn INTEGER, title TEXT, record TEXT);
CREATE TABLE IF NOT EXISTS numbers (epoch TEXT PRIMARY KEY, low INTEGER, high INTEGER, missing TEXT);
CREATE TABLE IF NOT EXISTS next_offset (place TEXT PRIMARY KEY, next INTEGER);
"""


class Numbers:
    """The numbers that were seen of one store and epoch, over all topics and partitions."""

    def __init__(self, low=None, high=None, missing=()):
        self.low, self.high, self.missing = low, high, set(missing)

    def see(self, number):
        """Notes a number; returns whether it came before."""
        if self.low is None:
            self.low = self.high = number
        elif number > self.high:
            self.missing.update(range(self.high + 1, number))
            self.high = number
        elif number < self.low:
            # Partitions are read in no order: what lies between comes later.
            self.missing.update(range(number + 1, self.low))
            self.low = number
        elif number in self.missing:
            self.missing.remove(number)
        else:
            return True
        return False


class Articles:
    """The database: articles, numbers, and the next offset of each partition, in one transaction."""

    def __init__(self, path):
        self.db = sqlite3.connect(path)
        self.db.executescript(TABLES)
        rows = self.db.execute("SELECT epoch, low, high, missing FROM numbers")
        self.numbers = {epoch: Numbers(low, high, json.loads(missing)) for epoch, low, high, missing in rows}
        self.next = dict(self.db.execute("SELECT place, next FROM next_offset"))
        self.counts = {"read": 0, "again": 0, "repeated": 0, "new": 0, "revised": 0, "withdrawn": 0}

    def take(self, message):
        """Takes one record."""
        place = f"{message.topic()}/{message.partition()}"
        if message.offset() < self.next.get(place, 0):
            # It was taken before a crash that came before its offset was committed.
            self.counts["again"] += 1
            return
        self.next[place] = message.offset() + 1
        self.counts["read"] += 1
        headers = {name: value.decode() for name, value in message.headers() or []}
        epoch, _, number = headers["nashra-seq"].rpartition("/")
        if self.numbers.setdefault(epoch, Numbers()).see(int(number)):
            self.counts["repeated"] += 1
            print(f"{place}: {headers['nashra-seq']} came twice", file=sys.stderr)
        if headers["ce_type"] == "nashra.article.v1":
            self.take_article(json.loads(message.value()))

    def take_article(self, record):
        known = self.db.execute("SELECT revision FROM article WHERE id = ?", [record["id"]]).fetchone()
        if known and known[0] >= record["revision"]:
            return
        change = record["change"]
        self.counts[change] += 1
        # Of a withdrawn article the id and the revision stay, so that no earlier record brings it back.
        gone = change == "withdrawn"
        row = [record["id"], record["revision"], gone, record["title"], None if gone else json.dumps(record)]
        self.db.execute("REPLACE INTO article VALUES (?, ?, ?, ?, ?)", row)

    def commit(self):
        rows = [(epoch, n.low, n.high, json.dumps(sorted(n.missing))) for epoch, n in self.numbers.items()]
        self.db.executemany("REPLACE INTO numbers VALUES (?, ?, ?, ?)", rows)
        self.db.executemany("REPLACE INTO next_offset VALUES (?, ?)", self.next.items())
        self.db.commit()

    def summary(self):
        held = "SELECT count(*) FROM article WHERE NOT withdrawn"
        missing = sum(len(numbers.missing) for numbers in self.numbers.values())
        return {**self.counts, "articles": self.db.execute(held).fetchone()[0], "missing": missing}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", default="localhost:9092")
    parser.add_argument("--topic-prefix", default="nashra.")
    parser.add_argument("--group", default="articles-in-sqlite", help="its committed offsets are where it goes on")
    parser.add_argument("--database", default="articles.db")
    parser.add_argument("--until-end", action="store_true", help="stop where the topics end now, with a summary")
    options = parser.parse_args()
    articles = Articles(options.database)
    consumer = Consumer({
        "bootstrap.servers": options.brokers,
        "group.id": options.group,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "enable.partition.eof": options.until_end,
    })
    # All three, since the numbers count the records of all.
    topics = [options.topic_prefix + name for name in ("articles", "stories", "deadletters")]
    consumer.subscribe(topics)
    ended = set()
    try:
        while True:
            taken = set()
            for message in consumer.consume(num_messages=500, timeout=1.0):
                error = message.error()
                if error is None:
                    articles.take(message)
                    taken.add((message.topic(), message.partition()))
                elif error.code() == KafkaError._PARTITION_EOF:
                    ended.add((message.topic(), message.partition()))
                elif error.fatal():
                    raise KafkaException(error)
                else:
                    print(error, file=sys.stderr)
            if taken:
                articles.commit()
                offsets = [TopicPartition(topic, partition, articles.next[f"{topic}/{partition}"])
                           for topic, partition in taken]
                consumer.commit(offsets=offsets, asynchronous=False)
            assigned = {(at.topic, at.partition) for at in consumer.assignment()}
            if options.until_end and assigned and assigned <= ended:
                break
    except KeyboardInterrupt:
        pass
    finally:
        consumer.close()
    print(json.dumps(articles.summary()))


if __name__ == "__main__":
    main()
