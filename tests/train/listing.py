#!/usr/bin/env python3
"""Train the model that tells the links to articles from the others of a listing page.

usage: listing.py TRUTH.json CANDIDATES.jsonl [--made TRUTH.json CANDIDATES.jsonl] [--write crates/nashra-read/src/read/listing/weights.rs]

TRUTH.json        {id: {"url", "language", "articles": [href, ...], "optional": [href, ...]}}
CANDIDATES.jsonl  what `nashra listing --manifest M --candidates` says of the same pages
--made            the same of the pages that listing_pages.py makes: they are trained on and never counted

Prints precision, recall and F1 (means over pages, then over languages) with every site left out once, and
writes the weights of a model of all pages. Needs Python 3.9, numpy and lightgbm. No page is kept in the
project: what was learned of them is a few hundred thresholds.
"""
import argparse
import collections
import json
import os
from urllib.parse import urljoin, urlsplit

os.environ.setdefault("OMP_NUM_THREADS", "1")
import lightgbm
import numpy

# Small trees that see a few measures each: with thirty sites, anything larger learns the sites by heart.
SHAPE = dict(objective="binary", learning_rate=0.08, num_leaves=6, min_data_in_leaf=40, lambda_l2=10, feature_fraction=0.15,
             bagging_fraction=0.7, bagging_freq=1, num_threads=1, verbosity=-1)
ROUNDS, SEEDS = 150, 2
# What a made page weighs beside a real one: enough to tell cards from menus where addresses tell nothing.
MADE = 0.05
# From so many links in one place of repeated items they are judged together, where so large a share is an article's
# (`groups.rs` does the same).
TOGETHER, SHARE = 3, 0.8
# A link counts as an article's from here on.
THRESHOLD = 0.35


def key(base, href):
    """Scheme, `www.`, fragment and a slash at the end make no other page."""
    parts = urlsplit(urljoin(base, href.strip()))
    host = parts.netloc.lower()
    host = host[4:] if host.startswith("www.") else host
    return host + parts.path.rstrip("/") + ("?" + parts.query if parts.query else "")


def site(url):
    labels = urlsplit(url).netloc.lower().split(":")[0].split(".")
    short = len(labels) > 2 and len(labels[-2]) <= 3 and len(labels[-1]) <= 2
    return labels[-3] if short else labels[-2]


def load(truth, path):
    rows = collections.defaultdict(list)
    names = None
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            page = json.loads(line)
            said = truth[page["id"]]
            articles = {key(said["url"], it) for it in said["articles"]}
            optional = {key(said["url"], it) for it in said.get("optional", [])} - articles
            for link in page["candidates"]:
                names = names or [name for name, _ in link["measures"]]
                address = key(said["url"], link["url"])
                if address not in optional:
                    rows[page["id"]].append((address in articles, [value for _, value in link["measures"]], link["group"]))
            missed = articles - {key(said["url"], it["url"]) for it in page["candidates"]}
            if missed:
                print("%s: %d articles are no candidates" % (page["id"], len(missed)))
    return names, rows


def fit(pages, made):
    x, y, weights = [], [], []
    for page, worth in [(it, 1) for it in pages] + [(it, MADE) for it in made]:
        right = sum(article for article, _, _ in page)
        for article, measures, _ in page:
            x.append(measures)
            y.append(article)
            # Pages count about the same, however long they are.
            weights.append(worth * (right + 5) ** -0.5)
    weights = numpy.array(weights) / numpy.mean(weights)
    data = lightgbm.Dataset(numpy.array(x, dtype=numpy.float32), y, weight=weights, free_raw_data=False)
    return [lightgbm.train(dict(SHAPE, seed=seed), data, num_boost_round=ROUNDS) for seed in range(SEEDS)]


def judge(models, page):
    """The probability of each link of a page, those of one place judged together."""
    measures = numpy.array([it for _, it, _ in page], dtype=numpy.float32)
    found = 1 / (1 + numpy.exp(-sum(it.predict(measures, raw_score=True) for it in models) / len(models)))
    groups = collections.defaultdict(list)
    for at, (_, _, group) in enumerate(page):
        groups[group].append(at)
    for group in groups.values():
        if len(group) >= TOGETHER and (found[group] > THRESHOLD).sum() >= SHARE * len(group):
            found[group] = numpy.maximum(found[group], THRESHOLD + 1e-6)
    return found


def evaluate(truth, rows, scores):
    by_language, pages = collections.defaultdict(list), []
    for page, found in scores.items():
        articles = numpy.array([it for it, _, _ in rows[page]])
        chosen = found > THRESHOLD
        hits = (articles & chosen).sum()
        precision, recall = hits / max(chosen.sum(), 1), hits / max(len(truth[page]["articles"]), 1)
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        pages.append((precision, recall, f1))
        by_language[truth[page]["language"]].append(pages[-1])
        print("%-24s %-3s P %.3f R %.3f F1 %.3f" % (page, truth[page]["language"], precision, recall, f1))
    print("pages     P %.3f R %.3f F1 %.3f" % tuple(numpy.mean(pages, axis=0)))
    print("languages P %.3f R %.3f F1 %.3f" % tuple(numpy.mean([numpy.mean(it, axis=0) for it in by_language.values()], axis=0)))


def flatten(node, out):
    """A tree as rows: (measure, threshold, where to go when not above it, where to go when above)."""
    at = len(out)
    if "leaf_value" in node:
        out.append((255, node["leaf_value"] / SEEDS, 0, 0))
        return at
    out.append(None)
    left = flatten(node["left_child"], out)
    right = flatten(node["right_child"], out)
    out[at] = (node["split_feature"], node["threshold"], left, right)
    return at


def write(models, names, path):
    with open(path, "w", encoding="utf-8") as out:
        out.write("//! The weights of [`super::model`], made by `tests/train/listing.py`. Not written by hand.\n")
        out.write("#![allow(clippy::unreadable_literal, clippy::excessive_precision, reason = \"made by a program\")]\n\n")
        out.write("/// A link counts as an article's from this logit on.\n")
        out.write("pub(super) const THRESHOLD: f32 = %.4f;\n\n" % numpy.log(THRESHOLD / (1 - THRESHOLD)))
        out.write("/// The measures that it was trained on, in their order.\n#[cfg(test)]\n#[rustfmt::skip]\n")
        out.write("pub(super) const NAMES: &[&str] = &[%s];\n\n" % ", ".join('"%s"' % it for it in names))
        out.write("/// Trees, one a line: measure, threshold, the row to go on with when not above it, and when above. 255: a leaf.\n#[rustfmt::skip]\n")
        out.write("pub(super) const TREES: &[&[(u8, f32, u8, u8)]] = &[\n")
        for model in models:
            for tree in model.dump_model()["tree_info"]:
                nodes = []
                flatten(tree["tree_structure"], nodes)
                out.write("    &[%s],\n" % ", ".join("(%d, %s, %d, %d)" % (f, number(v), l, r) for f, v, l, r in nodes))
        out.write("];\n")


def number(value):
    text = "%.6g" % value
    return text if any(it in text for it in ".e") else text + ".0"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("truth")
    arguments.add_argument("candidates")
    arguments.add_argument("--made", nargs=2, metavar=("TRUTH", "CANDIDATES"))
    arguments.add_argument("--write")
    given = arguments.parse_args()
    with open(given.truth, encoding="utf-8") as file:
        truth = json.load(file)
    names, rows = load(truth, given.candidates)
    made = []
    if given.made:
        with open(given.made[0], encoding="utf-8") as file:
            made = list(load(json.load(file), given.made[1])[1].values())
    scores = {}
    for left_out in sorted({site(truth[it]["url"]) for it in rows}):
        models = fit([rows[it] for it in rows if site(truth[it]["url"]) != left_out], made)
        for page in rows:
            if site(truth[page]["url"]) == left_out:
                scores[page] = judge(models, rows[page])
    evaluate(truth, rows, scores)
    if given.write:
        write(fit(list(rows.values()), made), names, given.write)


if __name__ == "__main__":
    main()
