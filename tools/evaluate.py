#!/usr/bin/env python3
"""tools/evaluate.py [--binary FILE] [--check | --raise] [--only GROUP,…]: one table of quality.

Runs `copytaster taste` over the corpora in $COPYTASTER_CORPUS, scores the events with the scorers that
come with the corpora, and prints each figure beside the floor in tools/floors.toml. All figures lie in
0..1, more is better. --check: exit 1 when a figure is below its floor. --raise: floors go up to what was
measured. A corpus that is missing is passed over with one line. Python's standard library only.
"""

import argparse
import concurrent.futures
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ROOT / "tools" / "floors.toml"
CORPUS = Path(os.environ.get("COPYTASTER_CORPUS", "../shared"))
if not CORPUS.is_absolute():
    CORPUS = ROOT / CORPUS
DATA, SCORERS = CORPUS / "data", CORPUS / "tools"

REGIONS = ["geowebnews", "lgl", "geovirus", "reuters21578_places", "efe_conll2002_es"]
ACTORS = ["plover_gsr_en", "petr2_gsr_en", "ngec_resolution_en", "colombia_fight_es", "afp_spa_cameo_es",
          "arabic_protest_ar", "arabic_assault_ar"]


class Missing(Exception):
    """A corpus is not here."""


class Desk:
    """The binary under test, and a folder for its events."""

    def __init__(self, binary, folder):
        self.binary, self.folder = str(binary), Path(folder)

    def taste(self, name, arguments, cwd=None, stdin=None):
        """Runs taste, keeps its events; returns their file. Bad input is an outcome, so exit is 0."""
        events = self.folder / f"{name}.events.jsonl"
        with open(events, "wb") as out:
            done = subprocess.run([self.binary, "taste", "--all", "--received", RECEIVED, *map(str, arguments)], cwd=cwd, stdout=out,
                                  stderr=subprocess.PIPE, input=stdin, timeout=600)
        if done.returncode != 0:
            raise RuntimeError(f"taste {name}: exit {done.returncode}: {done.stderr.decode(errors='replace')[-400:]}")
        return events


# what counts as "now" for copy without a date, and scorers that walk sets in one order: the same figures in every run
RECEIVED = "2026-11-24T00:00:00Z"


def need(path):
    if not path.exists():
        raise Missing(path.name)
    return path


def scorer(name, *arguments):
    """What a scorer prints."""
    done = subprocess.run([sys.executable, need(SCORERS / name), *map(str, arguments)], capture_output=True, text=True,
                          timeout=900, env=os.environ | {"PYTHONHASHSEED": "0"})
    if done.returncode != 0 and name != "check_seed.py":
        raise RuntimeError(f"{name}: {done.stderr[-400:]}")
    return done.stdout


def number(pattern, text):
    found = re.search(pattern, text)
    if not found:
        raise RuntimeError(f"no {pattern!r} in {text[:300]!r}")
    return [float(n) for n in found.groups()]


def lines(path):
    with open(need(path), encoding="utf-8") as rows:
        return [json.loads(row) for row in rows if row.strip()]


def each_for_itself(desk, files, data):
    """The events of all files. What repeats an earlier file comes back compact, and says nothing of how it was read:
    such files are tasted again without what they repeat, until each was first once."""
    kept, round_ = [], 0
    while files:
        told = by_input(desk.taste(f"formats.{round_}", files, cwd=data))
        again = [f for f in files if any((e.get("wire") or {}).get("action") == "duplicate" for e in told.get(f, []))]
        # items of one file that repeat each other do so in every run
        done = set(files) - set(again) if len(again) < len(files) and len(files) > 1 else set(files)
        kept += [json.dumps(event) + "\n" for file in files if file in done for event in told.get(file, [])]
        files, round_ = [f for f in again if f not in done], round_ + 1
    events = desk.folder / "formats.events.jsonl"
    events.write_text("".join(kept), encoding="utf-8")
    return events


def formats(desk):
    data = need(DATA / "formats")
    files = [row["file"] for row in lines(data / "INDEX.jsonl")]
    events = each_for_itself(desk, [f for f in files if (data / f).is_file()], data)
    measured = {}
    for group, more in (("formats", []), ("feeds", ["--feeds"])):
        said = scorer("score_formats.py", data, events, *more)
        total, accounted, stories, right, wrong = number(
            r"fixtures (\d+)  accounted (\d+)  stories (\d+)  format right (\d+) wrong (\d+)", said)
        measured[f"{group}.accounted"] = accounted / max(total, 1)
        measured[f"{group}.stories"] = stories / max(total, 1)
        measured[f"{group}.format_right"] = right / max(right + wrong, 1)
        measured[f"{group}.values"] = number(r"values agree .*  ([\d.]+)", said)[0]
    return measured


def apart(rows):
    """Files in as few runs as it takes, no two of one story in the same: what was seen before comes back compact."""
    story, runs = {}, []
    for row in rows:
        for file in (row["a"], row["b"]):
            story.setdefault(file, {file})
        joined = story[row["a"]] | story[row["b"]]
        story |= dict.fromkeys(joined, joined)
    for files in {id(files): sorted(files) for files in story.values()}.values():
        for number_, file in enumerate(files):
            runs += [[]] * (number_ == len(runs))
            runs[number_] = runs[number_] + [file]
    return runs


def by_input(path):
    """Events by the file that they came from, those of one file in order."""
    found = {}
    for event in lines(path):
        for alt in event.get("altIds") or []:
            if alt.get("role") == "input":
                found.setdefault(re.sub(r"#\d+$", "", alt["value"]), []).append(event)
    return found


def format_pairs(desk):
    """One story in two formats: the same words, language, dates and names, and one cluster."""
    data = need(DATA / "formats")
    rows = [r for r in lines(data / "PAIRS.jsonl") if (data / r["a"]).is_file() and (data / r["b"]).is_file()]
    events = {}
    for number_, files in enumerate(apart(rows)):
        events |= by_input(desk.taste(f"format_pairs.{number_}", files, cwd=data))
    # each pair with a memory of its own: other stories of the corpus are not asked
    clusters = [by_input(desk.taste(f"format_pairs.c{n}", [row["a"], row["b"]], cwd=data)) for n, row in enumerate(rows)]

    def first(texts):
        return next((text.get("value") for text in texts or []), None)

    def begins(one, other):
        # some of the pairs were cut after their first paragraph
        shorter, longer = sorted((one or "", other or ""), key=len)
        return shorter == longer or bool(shorter) and longer.startswith(shorter + "\n")

    def names(event):
        alts = [alt["value"] for alt in event.get("altIds") or [] if alt.get("role") != "input"]
        return {event.get("uri"), *alts}

    def dates(a, b):
        told = [(a.get(key), b.get(key)) for key in ("versionCreated", "firstCreated")]
        return all(x == y for x, y in told if x and y)

    right = dict.fromkeys(("headline", "body", "language", "dates", "identity", "cluster"), 0)
    for row, judged in zip(rows, clusters):
        a, b = (events.get(row[side], [{}])[0] for side in "ab")
        one, other = ({e["wire"]["cluster"]["id"] for e in judged.get(row[side], []) if "cluster" in e["wire"]} for side in "ab")
        checks = {
            "headline": first(a.get("headlines")) == first(b.get("headlines")),
            "body": begins(first(a.get("bodies")), first(b.get("bodies"))),
            "language": a.get("language") == b.get("language"),
            "dates": dates(a, b),
            "identity": bool(names(a) & names(b)),
            "cluster": bool(one & other),
        }
        if os.environ.get("SHOW") and not all(checks.values()):
            print("format_pairs:", row["a"], row["b"], [key for key, ok in checks.items() if not ok], file=sys.stderr)
        for key, ok in checks.items():
            right[key] += ok
    return {f"format_pairs.{key}": right[key] / max(len(rows), 1) for key in right}


def hostile(desk):
    """Every hostile input ends in at least one accounted outcome."""
    data = need(DATA / "formats")
    files = [row["file"] for row in lines(data / "HOSTILE.jsonl") if (data / row["file"]).is_file()]
    files = [f for f in files if not f.endswith(".sh")]
    events = lines(desk.taste("hostile", files, cwd=data))
    seen = {re.sub(r"#\d+$", "", alt["value"]) for e in events for alt in e.get("altIds") or [] if alt.get("role") == "input"}
    return {"hostile.accounted": len(seen & set(files)) / max(len(files), 1)}


def fold(text):
    return " ".join(str(text).casefold().split())


def datelines(desk):
    """Feeds each dateline with the rest of a lead; far apart in time, so that none repeats another."""
    gold = lines(DATA / "formats" / "plain-text" / "DATELINES.jsonl")
    day, rows = datetime.datetime(2023, 11, 20, 12), []
    for number_, row in enumerate(gold):
        when = day + datetime.timedelta(days=4 * number_)
        rows.append(json.dumps({"id": str(number_), "text": row["full"], "date": f"{when:%Y-%m-%dT%H:%M:%SZ}"}))
    found = {}
    for event in lines(desk.taste("datelines", ["--jsonl", "-"], stdin="\n".join(rows).encode())):
        for alt in event.get("altIds") or []:
            if alt.get("role") == "input":
                found[alt["value"]] = ((event.get("wire") or {}).get("dateline")) or {}
    right = {"places": 0, "agencies": 0, "date": 0, "country": 0}
    of = dict.fromkeys(right, 0)
    for number_, row in enumerate(gold):
        line = found.get(str(number_), {})
        date = line.get("date")
        date = [int(n) for n in date.split("-")[1:]] if date else [None, None]
        checks = {
            "places": [fold(p) for p in line.get("places") or []] == [fold(c) for c in row["cities"]],
            "agencies": {fold(a) for a in line.get("agencies") or []} == {fold(a) for a in row["agency"] or []},
            "date": date == [row["month"], row["day"]],
        }
        if row.get("country_iso"):
            checks["country"] = line.get("country") == row["country_iso"]
        for key, ok in checks.items():
            of[key] += 1
            right[key] += ok
    return {f"datelines.{key}": right[key] / max(of[key], 1) for key in right} | false_datelines(desk)


def paragraphs(most):
    """Paragraphs from within the bodies of the corpora: none of them begins a story."""
    seen = set()
    for path in sorted(DATA.glob("region/*.jsonl")) + sorted(DATA.glob("actor/*.jsonl")) + sorted(DATA.glob("dedup/wiretest.jsonl")):
        for row in lines(path):
            text = row.get("text") or row.get("body") or ""
            for paragraph in text.split("\n")[3:] if isinstance(text, str) else []:
                # a paragraph that stands twice is a duplicate, and tells nothing
                if len(paragraph) >= 40 and paragraph not in seen:
                    seen.add(paragraph)
                    yield paragraph
                    if len(seen) == most:
                        return


def false_datelines(desk):
    """Of 10,000 paragraphs from within stories, the share in which no dateline is found."""
    rows = [json.dumps({"id": str(n), "text": text}) for n, text in enumerate(paragraphs(10_000))]
    if not rows:
        raise Missing("no paragraphs")
    events = lines(desk.taste("false_datelines", ["--jsonl", "-"], stdin="\n".join(rows).encode()))
    found = [event["wire"]["dateline"]["text"] for event in events if (event.get("wire") or {}).get("dateline")]
    if os.environ.get("SHOW"):
        print("\n".join(found), file=sys.stderr)
    return {"datelines.none_in_bodies": 1 - len(found) / len(rows)}


def dedup(desk):
    gold = need(DATA / "dedup" / "wiretest.jsonl")
    said = scorer("score_dedup.py", gold, desk.taste("dedup", ["--jsonl", gold]), "--by", "op")
    precision, recall, f1, ari = number(r"precision ([\d.]+)  recall ([\d.]+)  F1 ([\d.]+)  ARI (-?[\d.]+)", said)
    measured = {"dedup.precision": precision, "dedup.recall": recall, "dedup.f1": f1, "dedup.ari": ari}
    # pairs of kinds (`ocr+trunc`) are in the sums above
    for kind, share in re.findall(r"^  (\w+) +recall ([\d.]+) of", said, re.M):
        measured[f"dedup.recall_of.{kind}"] = float(share)
    return measured


def pairs(desk):
    gold = need(DATA / "dedup" / "reuters_pairs.jsonl")
    stories = scorer("score_pairs.py", "stories", gold)
    said = scorer("score_pairs.py", "score", gold, desk.taste("pairs", ["--jsonl", "-"], stdin=stories.encode()))
    precision, recall, f1 = number(r"precision ([\d.]+)  recall ([\d.]+)  F1 ([\d.]+)", said)
    return {"pairs.precision": precision, "pairs.recall": recall, "pairs.f1": f1}


def predictions(desk, kind, corpus):
    gold = need(DATA / kind / f"{corpus}.jsonl")
    events = desk.taste(f"{kind}.{corpus}", ["--jsonl", gold])
    out = desk.folder / f"{kind}.{corpus}.predictions.jsonl"
    out.write_text(scorer("predictions.py", kind, gold, events), encoding="utf-8")
    return json.loads(scorer(f"score_{kind}.py", gold, out, "--json"))


def region(corpus):
    def job(desk):
        score = predictions(desk, "region", corpus)
        measured = {f"region.{corpus}.countries_f1": score["country_micro_F1"]}
        for name, key in (("focus", "focus_accuracy"), ("places_f1", "det_overlap_F1"),
                          ("within_161_km", "acc161_end_to_end_recall")):
            if score.get(key) is not None and not (key == "focus_accuracy" and not score["focus_docs"]):
                measured[f"region.{corpus}.{name}"] = score[key]
        return measured
    return job


def actor(corpus):
    def job(desk):
        score = predictions(desk, "actor", corpus)
        return {f"actor.{corpus}.full_f1": score["full"]["F1"], f"actor.{corpus}.full_recall": score["full"]["R"],
                f"actor.{corpus}.lenient_f1": score["full_lenient"]["F1"], f"actor.{corpus}.country_f1": score["country"]["F1"]}
    return job


def aliases(desk):
    gold = need(DATA / "actor" / "efe_wires_es.jsonl")
    said = scorer("score_aliases.py", gold, desk.taste("aliases", ["--jsonl", gold]))
    found, bound, names = number(r"found ([\d.]+) of \d+  bound ([\d.]+) of \d+  names P [\d.]+ R [\d.]+ F1 ([\d.]+)", said)
    return {"actor.aliases.found": found, "actor.aliases.bound": bound, "actor.names_f1": names}


def seed(desk):
    text = need(DATA / "formats" / "plain-text" / "seed_efe.txt").read_text(encoding="utf-8")
    row = json.dumps({"id": "seed", "text": text, "date": "2023-11-06T12:00:00Z"})
    said = scorer("check_seed.py", desk.taste("seed", ["--jsonl", "-"], stdin=row.encode())).strip()
    if said != "every fact holds":
        print(f"seed: {said or 'no event'}", file=sys.stderr)
    return {"seed.every_fact_holds": float(said == "every fact holds")}


# the long ones first, so that no core waits at the end
JOBS = {"region.reuters21578_places": region("reuters21578_places"), "dedup": dedup, "formats": formats, "format_pairs": format_pairs,
        "aliases": aliases, "hostile": hostile, "datelines": datelines, "pairs": pairs, "seed": seed}
JOBS |= {f"region.{c}": region(c) for c in REGIONS if f"region.{c}" not in JOBS}
JOBS |= {f"actor.{c}": actor(c) for c in ACTORS}


# This scorer matches greedily along sets that hold None, whose hash is an address: its figure moves by so much between runs.
SLACK = {"lenient_f1": 0.02}


def slack(name):
    return SLACK.get(name.rsplit(".", 1)[-1], 0.0)


def floors():
    if not FLOORS.exists():
        return {}
    rows = re.findall(r'^"([^"]+)" *= *([\d.]+)$', FLOORS.read_text(encoding="utf-8"), re.M)
    return {name: float(value) for name, value in rows}


def write_floors(values):
    head = ("# What `make test` holds: no figure of `make evaluate` may fall below its floor.\n"
            "# Raised by `make floors`, never lowered without a reason in the commit. Names and numbers only.\n\n[floors]\n")
    body = "".join(f'"{name}" = {value:.4f}\n' for name, value in sorted(values.items()))
    FLOORS.write_text(head + body, encoding="utf-8")


def measure(binary, names):
    measured, faults = {}, []
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        desk = Desk(binary, folder)
        jobs = {pool.submit(JOBS[name], desk): name for name in names}
        for job in concurrent.futures.as_completed(jobs):
            try:
                measured |= job.result()
            except Missing as missing:
                print(f"{jobs[job]}: {missing} is not in the corpora, passed over", file=sys.stderr)
            except (RuntimeError, subprocess.SubprocessError, OSError, ValueError, KeyError) as error:
                faults.append(f"{jobs[job]}: {error!r}")
    return measured, faults


def main():
    parser = argparse.ArgumentParser(description="one table of quality from the corpora")
    parser.add_argument("--binary", type=Path, default=ROOT / "target" / "release" / "copytaster")
    parser.add_argument("--only", help="groups, parted by commas: " + " ".join(JOBS))
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="exit 1 when a figure is below its floor")
    how.add_argument("--raise", dest="lift", action="store_true", help="floors go up to what was measured")
    said = parser.parse_args()
    if not DATA.is_dir() or not SCORERS.is_dir():
        print("evaluate: no corpora (COPYTASTER_CORPUS), passed over")
        return 0
    names = [n for n in JOBS if not said.only or any(n == o or n.startswith(o + ".") for o in said.only.split(","))]
    begun = time.monotonic()
    measured, faults = measure(said.binary.resolve(), names)
    held, below = floors(), 0
    print(f"{'figure':44}{'measured':>9}{'floor':>9}  verdict")
    for name, value in sorted(measured.items()):
        value, floor = round(value, 4), held.get(name)
        verdict = "no floor" if floor is None else "below" if value < floor - slack(name) else "above" if value > floor + slack(name) else "held"
        below += verdict == "below"
        print(f"{name:44}{value:9.4f}{'' if floor is None else f'{floor:.4f}':>9}  {verdict}")
    print(f"evaluate: {len(measured)} figures in {time.monotonic() - begun:.0f} s, {below} below their floor")
    for fault in faults:
        print(f"evaluate: {fault}", file=sys.stderr)
    if said.lift:
        write_floors(held | {n: max(round(v, 4), held.get(n, 0.0)) for n, v in measured.items()})
    return 1 if faults or (said.check and below) else 0


if __name__ == "__main__":
    sys.exit(main())
