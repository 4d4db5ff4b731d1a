#!/usr/bin/env python3
"""Train the forest that tells where a further article of a page begins.

usage: parts.py --truth TRUTH.json --signs SIGNS.jsonl --out crates/nashra-read/src/read/page/split.model

TRUTH.json   {id: {"publishers": [name, ...]}}; a page that was spliced names all that it was made of
SIGNS.jsonl  what `features --parts` writes: [id, whether an article begins, signs]

Prints, with every publisher kept aside once (five folds), how many beginnings are found and how many are none, for
some thresholds, and writes a model of all pages. Needs Python 3.9, numpy and lightgbm.
"""
import argparse
import json
import random

import lightgbm as lgb
import numpy as np

from train import export

PARAMS = dict(objective='binary', num_leaves=8, learning_rate=.1, min_data_in_leaf=12, feature_fraction=.6, bagging_fraction=.8,
              bagging_freq=1, lambda_l2=3, verbose=-1, seed=7)
TREES = 60


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ('truth', 'signs', 'out'):
        ap.add_argument('--' + name, required=True)
    a = ap.parse_args()
    truth = json.load(open(a.truth, encoding='utf8'))
    rows = [json.loads(line) for line in open(a.signs, encoding='utf8')]
    y = np.array([int(begins) for _, begins, _ in rows])
    X = np.array([signs for _, _, signs in rows], dtype=np.float32)
    # Spliced pages are many and alike.
    w = np.array([.5 if len(truth[page]['publishers']) > 1 else 1 for page, _, _ in rows])
    names = sorted({name for page in truth.values() for name in page['publishers']})
    random.Random(3).shuffle(names)
    fold = {name: at % 5 for at, name in enumerate(names)}
    train = lambda at: lgb.train(PARAMS, lgb.Dataset(X[at], y[at], weight=w[at]), TREES)
    p = np.zeros(len(y))
    for k in range(5):
        within = np.array([fold[truth[page]['publishers'][0]] == k for page, _, _ in rows])
        touched = np.array([any(fold[name] == k for name in truth[page]['publishers']) for page, _, _ in rows])
        p[within] = train(~touched).predict(X[within])
    for threshold in (.4, .5, .6, .7):
        said = p >= threshold
        print(f'threshold {threshold}: found {int((said & (y == 1)).sum())} of {int(y.sum())}, wrong {int((said & (y == 0)).sum())} of {int((y == 0).sum())}')
    export(train(np.ones(len(y), bool)), a.out)


if __name__ == '__main__':
    main()
