"""Holds the example consumers against what the daemon publishes: new articles, a revision, a withdrawal, a second
process that goes on where the first one ended, and records that come again after a crash."""

import functools
import http.server
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BROKERS = os.environ["NASHRA_TEST_BROKERS"]
DEADLINE = 120

PAGE = """<!doctype html><html lang="en"><head><title>{title}</title></head><body><article><h1>{title}</h1>
{text}</article></body></html>"""
ITEM = "<item><title>{title}</title><link>{at}/{name}.html</link><guid>{name}</guid><pubDate>{date}</pubDate><description>{day}</description></item>"


class Site:
    """A feed of three articles on loopback."""

    def __init__(self, folder):
        self.folder = folder
        handler = functools.partial(Quiet, directory=folder)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.at = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def publish(self, articles):
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        items = []
        for name, (title, words) in articles.items():
            sentences = [f"The {words} of {name} was seen from the harbour on day {day}, and {title.lower()}." for day in range(12)]
            text = "".join(f"<p>{' '.join(sentences[at:at + 3])}</p>" for at in range(0, 12, 3))
            (self.folder / f"{name}.html").write_text(PAGE.format(title=title, text=text))
            items.append(ITEM.format(title=title, at=self.at, name=name, date=date, day=words))
        head = f"<rss version='2.0'><channel><title>Test</title><link>{self.at}/</link>"
        (self.folder / "feed.xml").write_text(f"{head}{''.join(items)}</channel></rss>")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def main():
    nashra, rust = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "site").mkdir()
        site = Site(scratch / "site")
        prefix = f"consumers-{os.getpid()}."
        articles = {"harbour": ("Harbour reopens", "breakwater"), "train": ("Night train returns", "railway"),
                    "orchard": ("Orchard blooms early", "garden")}
        site.publish(articles)
        log = open(scratch / "log", "w")
        daemon = subprocess.Popen(
            [nashra, "run", "--sources", f"{site.at}/feed.xml", "--sink", "kafka", "--brokers", BROKERS, "--topic-prefix", prefix,
             "--data-dir", scratch / "data", "--allow-address", "127.0.0.1", "--min-interval", "500ms", "--max-interval", "1s",
             "--listen", "off"], stdout=log, stderr=log, cwd=scratch)
        try:
            consumers = {
                "Python": ([sys.executable, str(ROOT / "examples/consumer.py"), "--database"], scratch / "articles.db"),
                "Rust": ([rust, "--file"], scratch / "articles.json"),
            }
            run = functools.partial(consume, prefix=prefix, scratch=scratch)
            check(consumers, run, nashra, site, articles, scratch)
        except BaseException:
            daemon.kill()
            print((scratch / "log").read_text(), file=sys.stderr)
            raise
        finally:
            daemon.terminate()
            daemon.wait(60)


def check(consumers, run, nashra, site, articles, scratch):
    for name, (command, store) in consumers.items():
        state = until(lambda: run(command, store), lambda seen: seen["articles"] == 3, {"new": 3})
        # The texts are alike, so there are records of stories, too: the numbers count them all.
        assert state["read"] > 3, (name, state)
        expect(name, state, new=3, revised=0, withdrawn=0, articles=3)
        again = until(lambda: run(command, store), lambda seen: seen["read"] == 0, {})
        expect(name, again, new=0, articles=3)
    # A revision, and an article that goes.
    articles["harbour"] = ("Harbour reopens after the storm, breakwater is rebuilt", "new breakwater")
    site.publish(articles)
    gone = next(id for id, title in held(scratch) if title.startswith("Orchard"))
    subprocess.run([nashra, "erase", gone, "--data-dir", scratch / "data"], check=True, capture_output=True)
    for name, (command, store) in consumers.items():
        state = until(lambda: run(command, store), lambda seen: seen["articles"] == 2, {"revised": 1, "withdrawn": 1})
        expect(name, state, new=0, withdrawn=1, articles=2)
    titles = {title for _, title in held(scratch) if title}
    assert any("after the storm" in title for title in titles), titles
    # A crash between the store and the commit of the offsets: everything comes again, and nothing changes.
    for name, (command, store) in consumers.items():
        state = run(command, store, group="another-group")
        expect(name, state, read=0, new=0, revised=0, withdrawn=0, articles=2)
        assert state["again"] >= 5, (name, state)
    print("the example consumers keep the latest revisions, go on where they ended, and find no number twice or missing")


def held(scratch):
    return sqlite3.connect(scratch / "articles.db").execute("SELECT id, title FROM article WHERE NOT withdrawn").fetchall()


def consume(command, store, group="a-group", *, prefix, scratch):
    command = [*command, str(store), "--brokers", BROKERS, "--topic-prefix", prefix, "--group", f"{prefix}{group}-{store.suffix[1:]}", "--until-end"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=DEADLINE, text=True, cwd=scratch)
    return json.loads(done.stdout)


def until(look, is_enough, sums):
    """Runs a consumer again and again until it holds what it must; returns its last summary, with the sums of all."""
    ends = time.monotonic() + DEADLINE
    total = {}
    while True:
        seen = look()
        for what in ("read", "new", "revised", "withdrawn", "repeated"):
            total[what] = total.get(what, 0) + seen[what]
        if is_enough(seen) and all(total[what] >= count for what, count in sums.items()):
            return {**seen, **total}
        assert time.monotonic() < ends, f"not within {DEADLINE} s: {seen}"


def expect(name, state, **expected):
    assert state["repeated"] == 0 and state["missing"] == 0, (name, state)
    found = {what: state[what] for what in expected}
    assert found == expected, (name, found, expected)


if __name__ == "__main__":
    main()
