#!/usr/bin/env python3
"""Trains the forest that tells an article's text (crates/nashra-read/src/read/page/body.model).

    cargo run --release --example features -- LIST ROWS LINES
    python3 tests/train/train.py --truth TRUTH.json --rows ROWS --lines LINES --out crates/nashra-read/src/read/page/body.model

TRUTH.json: {id: {"body": text, "publisher": name, "with": [parts], "without": [parts], "weight": 1}}; `body`, or parts
that must and must not be in it; `weight` is less for kinds of pages that matter less. A line is labelled by whether its words stand in the body. Pages of one publisher are never on both
sides of a fold: the figures printed are those of pages whose publisher the model has not seen. Needs lightgbm and numpy.
"""
import argparse, collections, json, random, re, struct
import lightgbm as lgb
import numpy as np

NOSPACE = '\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff'
WORD = re.compile(f'[{NOSPACE}]|[^\\W{NOSPACE}]+')
IGNORED = re.compile('[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]')
words = lambda text: WORD.findall(IGNORED.sub('', text or '').lower())
joined = lambda text: ' ' + ' '.join(words(text)) + ' '


def shingles(text, n=4):
    w = words(text)
    return collections.Counter(tuple(w[i:i + n]) for i in range(max(1, len(w) - n + 1))) if w else collections.Counter()


def label(lines, truth):
    """1, 0 or -1 (left out) for each line of a page, and its weight."""
    labels, weights = [], []
    body = truth.get('body')
    whole, single = joined(body), {joined(x) for x in (body or '').split('\n')}
    inside = [joined(x).strip() for x in truth.get('with') or []]
    outside = [joined(x).strip() for x in truth.get('without') or []]
    for text in lines:
        line = joined(text)
        count = len(line.split())
        if body is None:
            y = 1 if any(x in line or count >= 4 and line.strip() in x for x in inside) else 0 if any(x in line or count >= 3 and line.strip() in x for x in outside) else -1
            labels.append(y); weights.append(.6 if y >= 0 else 0)
            continue
        y = 0 if count == 0 else int(line in single) if count <= 3 else int(line in whole)
        if y == 0 and 8 < count < 400:
            s = shingles(text)
            share = sum((s & shingles(body)).values()) / max(1, sum(s.values()))
            y = 1 if share > .8 else -1 if share > .3 else 0
        labels.append(y); weights.append((.25 + min(count, 60) / 20) if y >= 0 else 0)
    total = sum(weights)
    scale = min(3, 250 / total) if body is not None and total else 1
    return labels, [w * scale for w in weights]


def export(model, path):
    trees = model.dump_model()['tree_info']
    out = bytearray(b'NFR1' + struct.pack('<H', len(trees)))
    for tree in trees:
        nodes, leaves = [], []
        def walk(node):
            if 'leaf_value' in node:
                leaves.append(node['leaf_value'])
                return -len(leaves)
            at = len(nodes); nodes.append(None)
            nodes[at] = (node['split_feature'], node['threshold'], walk(node['left_child']), walk(node['right_child']))
            return at
        walk(tree['tree_structure'])
        out += struct.pack('<H', len(nodes)) + b''.join(struct.pack('<Bfhh', *node) for node in nodes)
        out += struct.pack('<H', len(leaves)) + b''.join(struct.pack('<f', leaf) for leaf in leaves)
    open(path, 'wb').write(out)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ('truth', 'rows', 'lines', 'out'):
        ap.add_argument('--' + name, required=True)
    a = ap.parse_args()
    truth = json.load(open(a.truth, encoding='utf8'))
    lines = [json.loads(line) for line in open(a.lines, encoding='utf8')]
    X = np.fromfile(a.rows, dtype='<f4').reshape(len(lines), -1)
    pages = collections.OrderedDict()
    for at, (page, _) in enumerate(lines):
        pages.setdefault(page, []).append(at)
    y, w = np.full(len(lines), -1), np.zeros(len(lines))
    for page, at in pages.items():
        y[at], w[at] = label([lines[i][1] for i in at], truth[page])
        w[at] *= truth[page].get('weight', 1)
    publishers = sorted({truth[page].get('publisher') or page for page in pages})
    random.Random(4).shuffle(publishers)
    fold_of = {name: at % 5 for at, name in enumerate(publishers)}
    fold = np.array([fold_of[truth[page].get('publisher') or page] for page, _ in lines])
    params = dict(objective='binary', num_leaves=24, learning_rate=.09, min_data_in_leaf=40, feature_fraction=.5, bagging_fraction=.7,
                  bagging_freq=1, lambda_l2=5, verbose=-1, seed=7)
    train = lambda rows: lgb.train(params, lgb.Dataset(X[rows], y[rows], weight=w[rows]), 150)
    p = np.zeros(len(lines))
    for k in range(5):
        p[fold == k] = train((fold != k) & (y >= 0)).predict(X[fold == k])
    for threshold in (.5, .55, .58, .65):
        hit = said = want = 0
        for page, at in pages.items():
            if truth[page].get('body'):
                found = shingles(' \n'.join(lines[i][1] for i in at if p[i] >= threshold))
                body = shingles(truth[page]['body'])
                hit += sum((found & body).values()); said += sum(found.values()); want += sum(body.values())
        print(f'threshold {threshold}: precision {hit / said:.4f} recall {hit / want:.4f} F1 {2 * hit / (said + want):.4f}')
    export(train(y >= 0), a.out)


if __name__ == '__main__':
    main()
