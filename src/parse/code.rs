//! Codes and names that several formats share → what they mean to the desk.

/// A code or name of a signal, a genre or an item type → its version word, as headlines have it.
pub fn version_word(code: &str) -> Option<&'static str> {
    Some(match code.to_lowercase().as_str() {
        "update" | "updates" => "UPDATE",
        "correction" | "corrective" | "korrektur" | "berichtigung" | "korrektion" => "CORRECTION",
        "flash" | "blitz" => "FLASH",
        "alert" | "newsalert" | "eil" | "eilmeldung" => "ALERT",
        "bulletin" => "BULLETIN",
        "urgent" | "urgente" => "URGENT",
        "kill" | "cancel" | "cancellation" | "withdraw" | "withdrawal" | "withdrawn"
        | "retract" | "elimination" | "annuleret" => "KILL",
        "refile" | "repeat" | "wiederholung" => "REFILE",
        "advisory" | "vorschau" | "terminvorschau" | "tagesvorschau" => "ADVISORY",
        _ => return None,
    })
}

/// `www.reuters.com` is Reuters; any other name is itself.
pub fn agency_of_domain(name: &str) -> String {
    let host = name.trim().trim_start_matches("www.");
    match host.split_once('.') {
        Some((agency, rest)) if !rest.is_empty() && !host.contains(' ') => agency.to_owned(),
        _ => name.trim().to_owned(),
    }
}

/// A line without the marks that a wire puts before the leads of its day: `>>>ANSA/Rome …`.
pub fn unmarked(line: &str) -> &str {
    let Some(rest) = line.trim_start().strip_prefix(">>") else {
        return line;
    };
    let rest = rest.trim_start_matches('>').trim_start();
    match rest.split_once('/') {
        Some((agency, told))
            if (2..=10).contains(&agency.len())
                && agency.bytes().all(|b| b.is_ascii_uppercase())
                && !told.trim().is_empty() =>
        {
            told.trim_start()
        }
        _ => rest,
    }
}

/// A byline without the word that begins it in print.
pub fn author(by: &str) -> &str {
    let by = by.trim();
    let word = by.get(..3).filter(|word| word.eq_ignore_ascii_case("by "));
    let name = word.map(|word| by[word.len()..].trim_start());
    name.filter(|name| name.starts_with(char::is_uppercase))
        .unwrap_or(by)
}

/// What a code says after its scheme: `sig:update` is `update`.
pub fn local(code: &str) -> &str {
    code.rsplit([':', '/', '#']).next().unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_before_a_headline_and_a_byline_are_no_part_of_them() {
        for (written, line) in [
            (">>>ABC/Two berths closed", "Two berths closed"),
            (">> Two berths closed", "Two berths closed"),
            (">>>Port/Harbour closed", "Port/Harbour closed"),
            ("> Two berths closed", "> Two berths closed"),
            ("ABC/Two berths closed", "ABC/Two berths closed"),
        ] {
            assert_eq!(unmarked(written), line);
        }
        for (written, by) in [
            ("By Ann Quay", "Ann Quay"),
            ("BY ANN QUAY", "ANN QUAY"),
            ("by the desk", "by the desk"),
            ("Byron Quay", "Byron Quay"),
        ] {
            assert_eq!(author(written), by);
        }
    }

    #[test]
    fn domains_and_codes_are_names() {
        for (written, agency) in [
            ("www.reuters.com", "reuters"),
            ("afp.com", "afp"),
            ("St. John Press", "St. John Press"),
            ("dpa", "dpa"),
        ] {
            assert_eq!(agency_of_domain(written), agency);
        }
        assert_eq!(version_word(local("sig:update")), Some("UPDATE"));
        assert_eq!(version_word("Eilmeldung"), Some("ALERT"));
        assert_eq!(version_word("sig:routing"), None);
    }
}
