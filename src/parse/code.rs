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

/// What a code says after its scheme: `sig:update` is `update`.
pub fn local(code: &str) -> &str {
    code.rsplit([':', '/', '#']).next().unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;

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
