#!/usr/bin/env python3
"""fit.py FEATURES.tsv… [--caution C] — fits the verifier's weights and prints them as the table of src/dedup/verify.rs.

A line holds: 1 or 0 (the same copy or not), the group of either story, five columns that are passed over, and the
features in the order of `dedup::NAMES`, in thousandths. Logistic regression by Newton's method with a ridge; a pair
that is not the same copy weighs C times as much, because a wrong merge spikes news and pulls whole clusters together.
Every file weighs as much as the first one over the root of their ratio, so that a small one read by hand is heard.
Five-fold cross-validation by group: no story of a fold was seen when its weights were fitted."""
import math
import sys
import zlib

RIDGE = 3.0


def load(paths):
    rows, first = [], None
    for path in paths:
        part = []
        for line in open(path):
            cells = line.rstrip("\n").split("\t")
            part.append([int(cells[0]), cells[1], cells[2], [int(f) / 1000 for f in cells[-1].split()] + [1.0]])
        first = first or len(part)
        rows += [row + [math.sqrt(first / len(part))] for row in part]
    return rows


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
    caution = float(sys.argv[sys.argv.index("--caution") + 1]) if "--caution" in sys.argv else 3.0
    rows = load([a for a in sys.argv[1:] if a.endswith(".tsv")])
    if "--quick" not in sys.argv:
        def fold(name):
            return zlib.crc32(name.encode()) % 5
        total = {}
        for f in range(5):
            w = fit([r for r in rows if f not in (fold(r[1]), fold(r[2]))], caution)
            count([r for r in rows if f == fold(r[1])], w, total)
        right, wrong, missed = total.get((1, True), 0), total.get((0, True), 0), total.get((1, False), 0)
        print(f"cross-validated: precision {right / (right + wrong):.4f}  recall {right / (right + missed):.4f}"
              f"  wrong {wrong}  missed {missed}")
    w = fit(rows, caution)
    total = {}
    count(rows, w, total)
    print("in sample:", total)
    print(", ".join(str(round(1000 * a)) for a in w))


main()
