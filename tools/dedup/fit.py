#!/usr/bin/env python3
"""fit.py FEATURES.tsv… [--caution C] [--weight W] [--invented I] — fits the verifier's weights and prints them as the table of src/dedup/verify.rs.

The features are printed by `likeness.rs` beside this: of the stories of a corpus of reprints, of pairs read by hand. The table in the source was
fitted by `fit.py a.tsv b.tsv --caution 1.5 --weight 20 --invented 0.5`.

A line holds: 1 or 0 (the same copy or not), the group of either story, five columns that are passed over, and the
features in the order of `dedup::NAMES`, in thousandths. Logistic regression by Newton's method with a ridge; a pair
that is not the same copy weighs C times as much, because a wrong merge spikes news and pulls whole clusters together.
A pair of a file after the first weighs W times as much, so that a small one read by hand is heard; by default so much
that the file weighs as much as the first one over the root of their ratio.
Invented pairs, each of weight I, say what no corpus of one agency says: a title in common is not a story in common, a template
with other figures is another story at any time, and the first paragraph under another headline is the same one.
Five-fold cross-validation by group: no story of a fold was seen when its weights were fitted."""
import math
import random
import sys
import zlib

RIDGE = 3.0


def load(paths, own):
    rows, first = [], None
    for path in paths:
        part = []
        for line in open(path):
            cells = line.rstrip("\n").split("\t")
            part.append([int(cells[0]), cells[1], cells[2], [int(f) / 1000 for f in cells[-1].split()] + [1.0]])
        first = first or len(part)
        weight = own if own and rows else math.sqrt(first / len(part))
        rows += [row + [weight] for row in part]
    return rows


def row(label, wording, lead, names, numbers, title, length, words, between, changed):
    """One invented pair. The shares are (of the smaller, of the larger), None where either has none."""
    none = [1000 * (share is None) for share in (names, numbers, title)]
    names, numbers, title = (share or (0, 0) for share in (names, numbers, title))
    held = max(wording[0], lead[0])
    missing = 0 if none[1] else 1000 - numbers[0]
    values = [*wording, *lead, *names, none[0], *numbers, none[1], *title, none[2], length, words, held * numbers[0] / 1000,
              title[0] * numbers[0] / 1000, between, *changed, between * missing / 1000, held * held / 1000,
              held * names[0] / 1000, between * wording[1] / 1000, title[0] * held / 1000]
    return label, [value / 1000 for value in values] + [1.0]


def invented():
    dice = random.Random(7)

    def share(of, low, high, absent=0.0):
        return None if dice.random() < absent else (of, of * dice.randint(low, high) // 1000)

    between, titles = [0, 0, 1000, 3000, 6000, 9000], [0, 250, 333, 500, 666, 750, 1000]
    for _ in range(400):
        held = dice.randint(0, 350)
        yield row(0, share(held, 0, 800), share(dice.randint(0, held), 500, 1000), share(dice.randint(0, 500), 500, 1000, 0.15),
                  share(dice.randint(0, 500), 500, 1000, 0.25), share(dice.choice(titles[3:]), 600, 1000), dice.randint(600, 1000),
                  dice.randint(4500, 7500), dice.choice(between), (dice.randint(1, 5) * 125, dice.randint(1, 4) * 125))
    for _ in range(200):
        yield row(1, share(dice.randint(850, 1000), 60, 450), share(dice.randint(850, 1000), 300, 1000),
                  share(dice.randint(800, 1000), 200, 1000, 0.15), share(dice.randint(800, 1000), 200, 1000, 0.4),
                  share(dice.choice(titles), 400, 1000, 0.15), dice.randint(60, 550), dice.randint(4200, 6000), dice.choice(between), (0, 0))
    for _ in range(300):
        yield row(0, share(dice.randint(400, 1000), 600, 1000), share(dice.randint(300, 1000), 600, 1000),
                  share(dice.randint(0, 900), 600, 1000, 0.25), share(dice.choice([0, 0, 100, 166, 200]), 800, 1000),
                  share(dice.choice(titles), 600, 1000, 0.15), dice.randint(600, 1000), dice.randint(5000, 7500),
                  dice.choice(between[:4]), (dice.choice([500, 750, 1000]), dice.randint(0, 4) * 125))


def solve(a, b):
    n = len(b)
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(a[r][i]))
        a[i], a[pivot], b[i], b[pivot] = a[pivot], a[i], b[pivot], b[i]
        for r in range(i + 1, n):
            share = a[r][i] / a[i][i]
            if share:
                for c in range(i, n):
                    a[r][c] -= share * a[i][c]
                b[r] -= share * b[i]
    for i in reversed(range(n)):
        b[i] = (b[i] - sum(a[i][c] * b[c] for c in range(i + 1, n))) / a[i][i]
    return b


def fit(rows, caution):
    n = len(rows[0][3])
    w = [0.0] * n
    for _ in range(12):
        hessian = [[RIDGE if r == c and r < n - 1 else 0.0 for c in range(n)] for r in range(n)]
        gradient = [-RIDGE * w[i] if i < n - 1 else 0.0 for i in range(n)]
        for label, _, _, x, weight in rows:
            z = max(-30.0, min(30.0, sum(a * b for a, b in zip(w, x))))
            p = 1 / (1 + math.exp(-z))
            weight *= 1 if label else caution
            pull, curve = weight * (label - p), weight * p * (1 - p)
            for i, xi in enumerate(x):
                if xi:
                    gradient[i] += pull * xi
                    row, share = hessian[i], curve * xi
                    for j in range(i + 1):
                        row[j] += share * x[j]
        for i in range(n):
            for j in range(i):
                hessian[j][i] = hessian[i][j]
        step = solve(hessian, gradient)
        w = [a + b for a, b in zip(w, step)]
        if max(map(abs, step)) < 1e-3:
            break
    return w


def count(rows, w, total):
    for label, _, _, x, _ in rows:
        said = sum(a * b for a, b in zip(w, x)) > 0
        total[label, said] = total.get((label, said), 0) + 1


def main():
    def option(name, default):
        return float(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else default

    caution = option("--caution", 3.0)
    rows = load([a for a in sys.argv[1:] if a.endswith(".tsv")], option("--weight", 0.0))
    weight = option("--invented", 0.0)
    made = [[label, "", "", features, weight] for label, features in invented() if weight]
    if "--quick" not in sys.argv:
        def fold(name):
            return zlib.crc32(name.encode()) % 5
        total = {}
        for f in range(5):
            w = fit([r for r in rows if f not in (fold(r[1]), fold(r[2]))] + made, caution)
            count([r for r in rows if f == fold(r[1])], w, total)
        right, wrong, missed = total.get((1, True), 0), total.get((0, True), 0), total.get((1, False), 0)
        print(f"cross-validated: precision {right / (right + wrong):.4f}  recall {right / (right + missed):.4f}"
              f"  wrong {wrong}  missed {missed}")
    w = fit(rows + made, caution)
    total = {}
    count(rows, w, total)
    print("in sample:", total)
    print(", ".join(str(round(1000 * a)) for a in w))


main()
