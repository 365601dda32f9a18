//! The words before an agency → places, region or desk. Which words of a dateline name a place?

/// `EFE - Cantabria Fráncfort`, `EFE rgl/m Estambul`: a label and initials that agencies put before the place.
pub fn without_source(place: &str) -> &str {
    let Some(rest) = place
        .strip_prefix("EFE")
        .filter(|rest| rest.starts_with([' ', '-']))
    else {
        return place;
    };
    let labelled = rest.trim_start_matches(' ').strip_prefix('-');
    let mut rest = labelled.unwrap_or(rest).trim_start();
    if labelled.is_some() {
        rest = rest.split_once(' ').map_or(rest, |(_, after)| after);
    }
    while let Some((word, after)) = rest.split_once(' ') {
        if !word.starts_with(char::is_lowercase) {
            break;
        }
        rest = after;
    }
    rest
}

pub fn is_desk(place: &str) -> bool {
    const DESKS: &[&str] = &[
        "Redacción",
        "Redaccion",
        "Newsroom",
        "Redaktion",
        "Rédaction",
        "Redação",
        "Redazione",
        "Desk",
        "REDACCIÓN",
    ];
    place.split(' ').any(|word| DESKS.contains(&word))
}

/// `ABOARD AIR FORCE ONE`: written somewhere, but at no place.
pub fn is_no_place(place: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "aboard ",
        "on the ",
        "near the ",
        "at the ",
        "off the ",
        "along the ",
        "a bordo ",
        "à bord ",
        "an bord ",
        "en el ",
        "en la ",
        "in the ",
    ];
    let lower = place
        .get(..place.floor_char_boundary(12))
        .unwrap_or(place)
        .to_lowercase();
    BEGINNINGS
        .iter()
        .any(|beginning| lower.starts_with(beginning))
}

/// `CHATHAM, Mass.` · `Rafah (Territoires palestiniens)` · `NEW DELHI [India]`
pub fn split_region(place: &str) -> (&str, Option<&str>) {
    for (open, close) in [('(', ')'), ('[', ']')] {
        if let Some((name, region)) = place
            .strip_suffix(close)
            .and_then(|inside| inside.split_once(open))
        {
            return (name.trim(), Some(region.trim()));
        }
    }
    match place.split_once(", ") {
        Some((name, region)) => (name.trim(), Some(region.trim())),
        None => (place, None),
    }
}

/// Places that are written together: `Berlin/München`, but `Frankfurt/Main` is one.
pub fn split_places(places: &str) -> Vec<&str> {
    const SINGLE: &[&str] = &[
        "Frankfurt/Main",
        "Frankfurt/M.",
        "Frankfurt/Oder",
        "Halle/Saale",
        "Marburg/Lahn",
        "Limburg/Lahn",
        "Rothenburg/Tauber",
        "Freiburg/Breisgau",
        "Washington/D.C.",
        "Landsberg/Lech",
        "Hann. Münden",
        "Neustadt/Weinstraße",
        "Offenbach/Main",
        "Biel/Bienne",
    ];
    if SINGLE
        .iter()
        .any(|single| single.eq_ignore_ascii_case(places))
    {
        return vec![places];
    }
    let mut out = Vec::new();
    for place in places.split('/') {
        let joint = [" and ", " y ", " et ", " und ", " AND ", " Y "];
        match joint.iter().find_map(|joint| place.split_once(joint)) {
            Some((first, second)) => out.extend([first.trim(), second.trim()]),
            None => out.push(place.trim()),
        }
    }
    out
}

/// A state or country: words that begin with a capital, in any case after it (`Territoires palestiniens`).
pub fn is_region(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_alphabetic() && !c.is_lowercase());
    let letters = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '\'' | '’' | ',');
    begins && name.len() <= 60 && name.split(' ').count() <= 5 && name.chars().all(letters)
}

/// A name of at most `words` words, each with a capital or in a script without case; small words between.
pub fn is_name(name: &str, words: usize) -> bool {
    const SMALL: &[&str] = &[
        "de", "del", "la", "las", "los", "el", "do", "da", "dos", "das", "di", "du", "des", "der",
        "den", "am", "an", "a", "le", "les", "upon", "of", "on", "the", "al", "sur", "en", "im",
        "bei", "in", "y", "and", "ob", "van", "sul", "los",
    ];
    // words of a sentence in capitals, or of a headline
    const NEVER: &[&str] = &[
        "to", "be", "is", "was", "said", "by", "with", "for", "from", "after", "that", "who", "has",
    ];
    let apart = name.split(' ').any(|word| word == "-");
    if apart || name.is_empty() || name.len() > 60 || name.split(' ').count() > words {
        return false;
    }
    let mut capitals = 0;
    for word in name.split([' ', '-', '/']).filter(|word| !word.is_empty()) {
        let Some(first) = word.chars().find(|c| c.is_alphabetic()) else {
            return false;
        };
        if NEVER.iter().any(|never| never.eq_ignore_ascii_case(word)) {
            return false;
        }
        if word.chars().any(|c| {
            !c.is_alphabetic() && !matches!(c, '.' | '\'' | '’' | '‘' | '`' | '\u{300}'..='\u{36F}')
        }) {
            return false;
        }
        let cased = first.is_uppercase() || first.is_lowercase();
        let small =
            SMALL.contains(&word) || word.contains(['\'', '’', '‘']) || word.starts_with("al");
        if cased && !first.is_uppercase() && !small {
            return false;
        }
        capitals += u32::from(!first.is_lowercase());
    }
    capitals > 0
}

/// `NEW YORK, N.Y.`: the name before a comma is in capitals, four letters at least.
pub fn is_upper_place(place: &str) -> bool {
    let name = place.split([',', '(', '[']).next().unwrap_or(place);
    let letters = || name.chars().filter(|c| c.is_alphabetic());
    letters().count() >= 4 && letters().all(|c| c.is_uppercase())
}

/// `NEW YORK` → `New York`; names that are not all capitals stay as they are.
pub fn title_case(place: &str) -> String {
    if place.chars().any(char::is_lowercase) || !place.chars().any(char::is_uppercase) {
        return place.to_owned();
    }
    const SMALL: &[&str] = &[
        "DE", "DEL", "LA", "DO", "DA", "DOS", "DU", "OF", "UPON", "THE", "AM", "SUR", "AU", "AUX",
        "LE", "LES", "EN", "SOUS",
    ];
    let mut out = String::with_capacity(place.len());
    let initials =
        |word: &str| word.len() >= 4 && word.ends_with('.') && word[..word.len() - 1].contains('.');
    for (n, word) in place.split_inclusive([' ', '-']).enumerate() {
        let (name, mark) = match word.strip_suffix([' ', '-']) {
            Some(name) => (name, &word[name.len()..]),
            None => (word, ""),
        };
        // a last word is a name: MAR DEL PLATA, but LA
        if n > 0 && !mark.is_empty() && SMALL.contains(&name) {
            out.push_str(&name.to_lowercase());
        } else if initials(name) {
            out.push_str(name);
        } else {
            let mut begins = true;
            for c in name.chars() {
                if begins {
                    out.push(c);
                } else {
                    out.extend(c.to_lowercase());
                }
                begins = !c.is_alphabetic() && c != '’' && c != '\'';
            }
        }
        out.push_str(mark);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_capitals_are_written_as_an_editor_would() {
        for (written, want) in [
            ("PORT-AU-PRINCE", "Port-au-Prince"),
            ("NEW YORK", "New York"),
            ("RIO DE JANEIRO", "Rio de Janeiro"),
            ("ST. PAUL", "St. Paul"),
            ("WASHINGTON D.C.", "Washington D.C."),
            ("Bogotá", "Bogotá"),
            ("LA PAZ", "La Paz"),
        ] {
            assert_eq!(title_case(written), want);
        }
    }
}
