//! An agency → what its wire takes for granted. Which language, clock, charset and urgency does copy of this agency have?
//!
//! Used where neither settings, metadata nor the text say otherwise.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::story::{FeedProfile, slug};

/// The habits of one agency.
#[derive(Debug)]
pub struct Home {
    /// Display name, as in the table of agencies.
    name: &'static str,
    /// BCP 47, of copy in Latin letters whose own words do not tell.
    pub language: &'static str,
    /// Where its head desk is: IANA zone of an hour that copy names without one.
    pub zone: &'static str,
    /// WHATWG label of its old wires, tried before the detector; empty for none.
    charset: &'static str,
    /// The wire's urgency → IPTC urgency.
    urgency: &'static [(&'static str, u8)],
}

/// ANPA's letters, as agencies print them in other formats.
const LETTERS: &[(&str, u8)] = &[("F", 1), ("B", 2), ("U", 3), ("R", 5), ("D", 6), ("A", 7)];

const fn home(
    name: &'static str,
    language: &'static str,
    zone: &'static str,
    charset: &'static str,
) -> Home {
    Home {
        name,
        language,
        zone,
        charset,
        urgency: LETTERS,
    }
}

const HOMES: &[Home] = &[
    home("EFE", "es", "Europe/Madrid", ""),
    home("AP", "en", "America/New_York", ""),
    home("Reuters", "en", "Europe/London", ""),
    home("AFP", "fr", "Europe/Paris", ""),
    home("Xinhua", "en", "Asia/Shanghai", "gb18030"),
    home("TASS", "en", "Europe/Moscow", "windows-1251"),
    home("dpa", "de", "Europe/Berlin", ""),
    home("ANSA", "it", "Europe/Rome", ""),
    home("Kyodo", "en", "Asia/Tokyo", "shift_jis"),
    home("PA", "en", "Europe/London", ""),
    home("AA", "en", "Europe/Istanbul", "windows-1254"),
    home("PTI", "en", "Asia/Kolkata", ""),
    home("IANS", "en", "Asia/Kolkata", ""),
    home("ANI", "en", "Asia/Kolkata", ""),
    home("UNI", "en", "Asia/Kolkata", ""),
    home("Lusa", "pt", "Europe/Lisbon", ""),
    home("Europa Press", "es", "Europe/Madrid", ""),
    home("ats", "fr", "Europe/Zurich", ""),
    home("Belga", "fr", "Europe/Brussels", ""),
    home("Ritzau", "da", "Europe/Copenhagen", ""),
    home("STT", "fi", "Europe/Helsinki", ""),
    home("NTB", "nb", "Europe/Oslo", ""),
    home("TT", "sv", "Europe/Stockholm", ""),
    home("APA", "de", "Europe/Vienna", ""),
    home("KNA", "de", "Europe/Berlin", ""),
    home("ANP", "nl", "Europe/Amsterdam", ""),
    home("PAP", "pl", "Europe/Warsaw", "windows-1250"),
    home("ČTK", "cs", "Europe/Prague", "windows-1250"),
    home("AAP", "en", "Australia/Sydney", ""),
    home("Interfax", "en", "Europe/Moscow", "windows-1251"),
    home("RIA Novosti", "en", "Europe/Moscow", "windows-1251"),
    home("Ukrinform", "en", "Europe/Kyiv", "windows-1251"),
    home("Yonhap", "en", "Asia/Seoul", "euc-kr"),
    home("Jiji", "en", "Asia/Tokyo", "shift_jis"),
    home("Bernama", "en", "Asia/Kuala_Lumpur", ""),
    home("UPI", "en", "America/New_York", ""),
    home("CP", "en", "America/Toronto", ""),
    home("Notimex", "es", "America/Mexico_City", ""),
    home("Télam", "es", "America/Argentina/Buenos_Aires", ""),
    home("NA", "es", "America/Argentina/Buenos_Aires", ""),
    home("Agência Brasil", "pt", "America/Sao_Paulo", ""),
];

/// The habits of the agency with this display name.
pub fn of(name: &str) -> Option<&'static Home> {
    HOMES.iter().find(|home| home.name == name)
}

/// The profile of an agency by its subject token; `None` for one that is not in the table.
pub fn profile(token: &str) -> Option<&'static FeedProfile> {
    static PROFILES: OnceLock<BTreeMap<String, FeedProfile>> = OnceLock::new();
    let profiles = PROFILES.get_or_init(|| {
        let row = |home: &Home| Some((slug(home.name)?, home.profile()));
        HOMES.iter().filter_map(row).collect()
    });
    profiles.get(token)
}

impl Home {
    fn profile(&self) -> FeedProfile {
        let urgency = self.urgency.iter();
        FeedProfile {
            agency: Some(self.name.to_owned()),
            // a feed's own name and the words of its copy know better than the agency's home
            language: None,
            // a machine's time without a zone is UTC unless the operator knows better
            zone: None,
            charset: Some(self.charset.to_owned()).filter(|label| !label.is_empty()),
            urgency: urgency
                .map(|(raw, iptc)| ((*raw).to_owned(), *iptc))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_home_is_an_agency_with_a_zone_and_a_charset() {
        for home in HOMES {
            let known = super::super::agency::find(home.name).map(|agency| agency.name);
            assert_eq!(known, Some(home.name));
            assert!(jiff::tz::TimeZone::get(home.zone).is_ok(), "{}", home.zone);
            let label = encoding_rs::Encoding::for_label(home.charset.as_bytes());
            assert!(
                home.charset.is_empty() || label.is_some(),
                "{}",
                home.charset
            );
        }
        assert!(HOMES.len() >= 25);
        let efe = profile("efe").expect("a profile");
        assert_eq!(efe.agency.as_deref(), Some("EFE"));
        assert!(profile("europa-press").is_some() && profile("nobody").is_none());
    }
}
