//! A name as written → the agency. Who sent this?

use std::sync::OnceLock;

/// An agency as the desk knows it.
#[derive(Debug)]
pub struct Agency {
    pub name: &'static str,
    /// Spellings in datelines, sign-offs, metadata and subjects; compared without case beyond three letters.
    pub aliases: &'static [&'static str],
}

const fn row(name: &'static str, aliases: &'static [&'static str]) -> Agency {
    Agency { name, aliases }
}

/// Agencies whose marks are known from their copy.
pub static AGENCIES: &[Agency] = &[
    row(
        "EFE",
        &["EFECOM", "EFEAGRO", "EFEverde", "EFE Agro", "Agencia EFE"],
    ),
    row("AP", &["Associated Press", "The Associated Press"]),
    row(
        "Reuters",
        &["Reuter", "رويترز", "Рейтер", "路透社", "Thomson Reuters"],
    ),
    row(
        "AFP",
        &[
            "أ ف ب",
            "ا ف ب",
            "اف ب",
            "أف ب",
            "АФП",
            "法新社",
            "Agence France-Presse",
        ],
    ),
    row(
        "Xinhua",
        &[
            "新华社",
            "新華社",
            "شينخوا",
            "Синьхуа",
            "Xinhua News Agency",
        ],
    ),
    row("TASS", &["ТАСС", "ITAR-TASS", "ИТАР-ТАСС", "Itar-Tass"]),
    row(
        "dpa",
        &[
            "Deutsche Presse-Agentur",
            "Deutsche Presse-Agentur GmbH",
            "dpa-AFX",
            "د ب أ",
            "د ب ا",
            "dpa-infocom",
        ],
    ),
    row("ANSA", &["ANSAmed"]),
    row("Kyodo", &["共同通信", "Kyodo News"]),
    row("PA", &["PA Media", "Press Association"]),
    row("AA", &["Anadolu", "Anadolu Agency", "Anadolu Ajansı"]),
    row("PTI", &["Press Trust of India"]),
    row("IANS", &[]),
    row("UNI", &[]),
    row("ANI", &[]),
    row("Lusa", &["Agência Lusa"]),
    row("Europa Press", &["EuropaPress", "EP"]),
    row("ats", &["Keystone-ATS", "SDA", "Keystone-SDA"]),
    row("Belga", &[]),
    row("Ritzau", &[]),
    row("STT", &["STT-Lehtikuva"]),
    row("NTB", &[]),
    row("TT", &["TT Nyhetsbyrån", "Tidningarnas Telegrambyrå"]),
    row(
        "APA",
        &["Austria Presse Agentur", "APA - Austria Presse Agentur"],
    ),
    row("KNA", &[]),
    row("AAP", &["Australian Associated Press"]),
    row("Adnkronos", &["ADNKRONOS"]),
    row("Interfax", &["Интерфакс"]),
    row("RIA Novosti", &["РИА Новости", "RIA"]),
    row("Yonhap", &["연합뉴스"]),
    row("Jiji", &["時事", "Jiji Press"]),
    row("Bernama", &[]),
    row("SPA", &["واس"]),
    row("WAM", &["وام"]),
    row("TAP", &["وات"]),
    row("SANA", &["سانا"]),
    row("Petra", &["بترا"]),
    row("KUNA", &["كونا"]),
    row("QNA", &["قنا"]),
    row("MENA", &["أ ش أ", "ا ش ا"]),
    row("UPI", &["United Press International"]),
    row(
        "CP",
        &[
            "The Canadian Press",
            "Canadian Press",
            "La Presse Canadienne",
        ],
    ),
    row("Notimex", &[]),
    row("Télam", &["Telam"]),
    row("NA", &["Noticias Argentinas"]),
    row("Agência Brasil", &["Agencia Brasil"]),
    row("Ukrinform", &["Укринформ", "Укрінформ"]),
    row("MTI", &[]),
    row("ČTK", &["CTK"]),
    row("PAP", &[]),
    row("Tanjug", &[]),
    row("Hina", &[]),
    row("BNS", &[]),
    row("ANP", &[]),
    row("IPS", &[]),
    row("China News Service", &["中新社", "CNS"]),
    row(
        "PRNewswire",
        &[
            "PR Newswire",
            "PRN",
            "PRNewswire-AsiaNet",
            "PRNewswire-FirstCall",
        ],
    ),
    row("ots", &["news aktuell"]),
    row("EQS", &["EQS-News", "DGAP"]),
    row("ACCESSWIRE", &["Accesswire"]),
    row("Marketwired", &["Marketwire", "MARKETWIRE"]),
    row("Business Wire", &["BUSINESSWIRE"]),
    row("GlobeNewswire", &["GLOBE NEWSWIRE"]),
    row("CNW", &["CNW Group"]),
];

/// A name is no longer than this, in bytes.
const LONGEST: usize = 40;

/// The agency that `written` names, whatever the case of its Latin letters (`dpa`, `afp` in `(ats afp)` are how those
/// agencies write themselves).
pub fn find(written: &str) -> Option<&'static Agency> {
    let written = written.trim();
    let first = *written.as_bytes().first()?;
    let (_, agency) = names().get(written.len())?.iter().find(|(name, _)| {
        name.as_bytes()[0].eq_ignore_ascii_case(&first) && name.eq_ignore_ascii_case(written)
    })?;
    Some(agency)
}

/// Names and aliases by their length in bytes: nearly no word of a text is as long as one and begins like it.
fn names() -> &'static [Vec<(&'static str, &'static Agency)>] {
    static NAMES: OnceLock<Vec<Vec<(&str, &Agency)>>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let mut names = vec![Vec::new(); LONGEST + 1];
        for agency in AGENCIES {
            for name in [agency.name].iter().chain(agency.aliases) {
                names[name.len()].push((*name, agency));
            }
        }
        names
    })
}

/// Whether the agency of this display name sends what others pay for.
pub fn is_release_service(name: &str) -> bool {
    [
        "PRNewswire",
        "Business Wire",
        "GlobeNewswire",
        "CNW",
        "ots",
        "EQS",
        "ACCESSWIRE",
        "Marketwired",
    ]
    .contains(&name)
}

/// The display name for `written`: the agency's own where it is known, else as written.
pub fn display(written: &str) -> String {
    find(written).map_or_else(
        || written.trim().to_owned(),
        |agency| agency.name.to_owned(),
    )
}

/// The agency of a subject token (`efe`, `europa-press`).
pub fn of_token(token: &str) -> String {
    find(token)
        .or_else(|| {
            AGENCIES
                .iter()
                .find(|agency| crate::story::slug(agency.name).as_deref() == Some(token))
        })
        .map_or_else(|| token.to_owned(), |agency| agency.name.to_owned())
}
