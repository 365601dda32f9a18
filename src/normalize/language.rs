//! Declared language and tokens → BCP 47. In which language is this written?
//!
//! Script first; then the small words that only one language has, counted over the hashes of the first
//! tokens, so nothing is folded twice; then whatlang over the languages that news desks read.

use std::sync::OnceLock;

use whatlang::{Detector, Lang};
use xxhash_rust::xxh3::xxh3_64;

use crate::story::Token;

/// Words that are looked at.
const SAMPLE: usize = 80;
/// Bytes that whatlang reads, where the words did not tell.
const LEAD: usize = 400;
/// Bytes of a text that one sentence may have: for a longer one few words are too few.
const ONE_SENTENCE: usize = 240;

/// Small words by language, folded; a word may belong to several.
const WORDS: &[(&str, &str)] = &[
    (
        "en",
        "the of and to in that for on with was is has said by from at it as be have its after were which their will an would been \
            who he his they not but this or had are about more over into up against told could she her says no than when \
            a out off down been being him them before under new people killed",
    ),
    (
        "es",
        "el la de que en los del las por con para una un se su es al lo como mas fue ha sus entre este esta tras segun hoy sobre son \
            desde pero informo y o no dijo anos tambien hasta donde muy han sin sera le ser este dos tres menos hoy personas gobierno murieron",
    ),
    (
        "pt",
        "o a de que do da em os no na dos das por com para uma um se ao foi pelo pela mais sao tem seu sua nao segundo disse nesta neste \
            apos entre e as nos nas como ser ate esta ja ou quando tambem ele ela informou dois duas pessoas governo hoje menos",
    ),
    (
        "fr",
        "le la les de des du et en un une que qui dans pour par sur au aux est a ont ete son ses avec ce cette plus selon il elle pas apres \
            contre se ne d l sont mais leur ou etait lors dont deux entre fait",
    ),
    (
        "de",
        "der die das und in den von zu mit dem des im auf fur ist nicht ein eine einer einem einen sich auch als an nach wie aus bei hat \
            wurde sind wird zum zur uber vor am es er sie dass haben sagte bis noch mehr gegen seit oder aber war werden \
            zuruck beim hatte nach neue neuer ihre",
    ),
    (
        "it",
        "il di che la e in un del della per una con non dei sono al alla da delle nel nella gli i lo le piu si ha anche come dal dalla ai \
            degli su stato ieri oggi sulla ma questo dopo tra suo essere due",
    ),
    (
        "nl",
        "de het een van en in is dat op te met voor zijn aan er niet door om bij ook naar uit tot werd als maar heeft wordt zich die over \
            worden deze hij na nog meer dan volgens tegen was ze",
    ),
    (
        "ca",
        "el la els les de del dels que i en amb per una un es al ha aquest aquesta mes pel tambe seva seu van son com ser sobre entre fins \
            no ahir avui segons va ho",
    ),
    (
        "sv",
        "och att det i en som pa ar av for den med till ett har inte om de sig fran var han kan efter vid eller men ska enligt sager hon \
            under mot vi ocksa nar skulle varit ut",
    ),
    (
        "da",
        "og at det i en som pa er af for den med til et har ikke om de sig fra var han kan efter ved eller men skal ifolge siger hun under \
            mod vi ogsa nar ville vaeret ud blev bliver",
    ),
    (
        "nb",
        "og at det i en som pa er av for den med til et har ikke om de seg fra var han kan etter ved eller men skal ifolge sier hun under \
            mot vi ogsa nar ville vaert ut ble blir opplyser",
    ),
    (
        "pl",
        "w i z na do sie ze nie to jest o jak po przez od za dla oraz tym ktory ktore roku ma jego tego byl byc przed poinformowal ale juz \
            bedzie ich moze podczas",
    ),
    (
        "tr",
        "ve bir bu da de ile icin olarak olan dedi kadar daha sonra en ise gibi oldugu cok turkiye ya ne var iki icinde karsi gore tarafindan",
    ),
    (
        "ro",
        "de si in la a cu pe din care sa nu un o au este pentru mai fost ca prin al ale dupa sunt fi sau dar ce lui romania potrivit",
    ),
    (
        "id",
        "yang dan di dari untuk dengan ini itu pada ke dalam tidak akan juga oleh telah sebagai adalah bahwa mengatakan ada para tersebut kata",
    ),
    (
        "cs",
        "a v se na je ze s z do o to pro i za by po jako jeho uvedl podle ktery ktere jsou byl bude od ale roku pri",
    ),
    (
        "hu",
        "a az es hogy nem is egy de meg volt mar csak mint ez azt szerint mondta lesz kell vagy van ki magyar",
    ),
    (
        "fi",
        "ja on ei etta se oli mukaan kun han myos ovat mutta joka kuin tai olisi sen ole jo sanoo jossa vuoden viime",
    ),
];

/// Languages that whatlang may name.
const ALLOWED: &[(Lang, &str)] = &[
    (Lang::Eng, "en"),
    (Lang::Spa, "es"),
    (Lang::Por, "pt"),
    (Lang::Fra, "fr"),
    (Lang::Deu, "de"),
    (Lang::Ita, "it"),
    (Lang::Nld, "nl"),
    (Lang::Cat, "ca"),
    (Lang::Swe, "sv"),
    (Lang::Dan, "da"),
    (Lang::Nob, "nb"),
    (Lang::Pol, "pl"),
    (Lang::Tur, "tr"),
    (Lang::Ron, "ro"),
    (Lang::Ind, "id"),
    (Lang::Ces, "cs"),
    (Lang::Hun, "hu"),
    (Lang::Fin, "fi"),
    (Lang::Vie, "vi"),
    (Lang::Hrv, "hr"),
];

/// Weight of a word that one language has, two have, more have.
const WEIGHTS: [u32; 3] = [4, 2, 1];

/// What the words of a text told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Detected {
    language: &'static str,
    /// Whether it outweighs what the sender declared.
    sure: bool,
}

/// The language of a text that its tokens and its characters leave no doubt of, else `None`: letters alone, which
/// take longest to look at, never do.
pub fn sure<'t>(tokens: impl Iterator<Item = &'t Token>, text: &str) -> Option<&'static str> {
    let lead = &text[..text.floor_char_boundary(LEAD)];
    by_script(lead).or_else(|| {
        let strong = Counted::of(tokens).strong().filter(|told| told.sure);
        strong.map(|told| told.language)
    })
}

/// The language of a text from its tokens and its characters; `None` when it cannot be told.
pub fn detect<'t>(tokens: impl Iterator<Item = &'t Token>, text: &str) -> Option<&'static str> {
    let lead = &text[..text.floor_char_boundary(LEAD)];
    if let Some(language) = by_script(lead) {
        return Some(language);
    }
    let counted = Counted::of(tokens);
    counted
        .strong()
        .map(|told| told.language)
        .or_else(|| by_trigrams(lead))
        .or_else(|| counted.weak(lead))
}

/// Whether two languages share a script and are told apart by few letters or words: then the sender knows better.
pub fn akin(a: &str, b: &str) -> bool {
    const KIN: &[&[&str]] = &[
        &["ru", "uk", "be", "bg", "sr", "mk", "kk"],
        &["ar", "fa", "ur", "ps", "ku"],
        &["zh", "ja", "yue"],
        &["hi", "mr", "ne"],
        &["sv", "da", "nb"],
        &["es", "ca", "gl", "pt"],
    ];
    let primary = |tag: &str| tag.split('-').next().unwrap_or(tag).to_owned();
    let (a, b) = (primary(a), primary(b));
    KIN.iter()
        .any(|kin| kin.contains(&a.as_str()) && kin.contains(&b.as_str()))
}

/// The language that a token of a feed's name is (`wire.raw.efe.es`).
pub fn of_token(token: &str) -> Option<&'static str> {
    const OTHERS: &[&str] = &["ar", "ru", "zh", "ja", "ko", "uk", "fa", "he", "el", "hi"];
    let known = WORDS
        .iter()
        .map(|(language, _)| *language)
        .chain(OTHERS.iter().copied());
    known
        .into_iter()
        .find(|language| language.eq_ignore_ascii_case(token))
}

/// Hash of a word → the languages that have it, one bit each.
fn table() -> &'static [(u64, u32)] {
    static TABLE: OnceLock<Vec<(u64, u32)>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut slots = vec![(0u64, 0u32); 2048];
        for (bit, (_, words)) in WORDS.iter().enumerate() {
            for word in words.split_whitespace() {
                let hash = xxh3_64(word.as_bytes());
                let mut at = hash as usize % slots.len();
                while slots[at].0 != 0 && slots[at].0 != hash {
                    at = (at + 1) % slots.len();
                }
                slots[at].0 = hash;
                slots[at].1 |= 1 << bit;
            }
        }
        slots
    })
}

/// How much each language's small words weigh in a text.
struct Counted {
    scores: [u32; WORDS.len()],
    hits: [u32; WORDS.len()],
}

impl Counted {
    fn of<'t>(tokens: impl Iterator<Item = &'t Token>) -> Counted {
        let table = table();
        let (mut scores, mut hits) = ([0u32; WORDS.len()], [0u32; WORDS.len()]);
        for token in tokens.take(SAMPLE) {
            let mut at = token.hash as usize % table.len();
            while table[at].0 != 0 {
                if table[at].0 == token.hash {
                    let mut languages = table[at].1;
                    let weight = WEIGHTS[(languages.count_ones() as usize - 1).min(2)];
                    while languages != 0 {
                        let language = languages.trailing_zeros() as usize;
                        scores[language] += weight;
                        hits[language] += 1;
                        languages &= languages - 1;
                    }
                    break;
                }
                at = (at + 1) % table.len();
            }
        }
        Counted { scores, hits }
    }

    /// The heaviest language, and the weight of the next.
    fn best(&self) -> (usize, u32) {
        let scores = &self.scores;
        let best = (0..scores.len())
            .max_by_key(|at| (scores[*at], std::cmp::Reverse(*at)))
            .unwrap_or(0);
        let others = (0..scores.len()).filter(|at| *at != best);
        (best, others.map(|at| scores[at]).max().unwrap_or(0))
    }

    /// One small word may be a name; a lead of a quarter tells languages that share most of their words apart.
    fn strong(&self) -> Option<Detected> {
        let (best, second) = self.best();
        let score = self.scores[best];
        (self.hits[best] >= 3 && score >= 6 && score * 4 >= second * 5).then_some(Detected {
            language: WORDS[best].0,
            sure: score >= 40 && score >= second * 3,
        })
    }

    /// The language of a headline or one sentence: letters and small words name the same one, or the words are
    /// of one language alone.
    fn weak(&self, lead: &str) -> Option<&'static str> {
        let (best, second) = self.best();
        let score = self.scores[best];
        // symbols and names of three letters are words of some language
        let letters = lead.chars().filter(|c| c.is_alphabetic()).take(10).count();
        if letters < 10 || self.hits[best] == 0 || lead.len() > ONE_SENTENCE {
            return None;
        }
        let guess =
            guess(lead).and_then(|name| WORDS.iter().position(|(language, _)| *language == name));
        if self.hits[best] == 1 {
            // a headline of few words: its one small word and its letters must agree
            return guess.filter(|at| self.hits[*at] == 1).map(|at| WORDS[at].0);
        }
        match guess {
            Some(guess) if self.scores[guess] >= 2 && self.scores[guess] * 2 >= score => {
                Some(WORDS[guess].0)
            }
            _ => (score >= 4 && score >= second * 2).then_some(WORDS[best].0),
        }
    }
}

/// What the letters of a short text look like, sure or not.
fn guess(lead: &str) -> Option<&'static str> {
    let detector = Detector::with_allowlist(ALLOWED.iter().map(|(lang, _)| *lang).collect());
    let lang = detector.detect_lang(lead)?;
    ALLOWED
        .iter()
        .find(|(known, _)| *known == lang)
        .map(|(_, name)| *name)
}

fn by_trigrams(lead: &str) -> Option<&'static str> {
    if lead.chars().filter(|c| c.is_alphabetic()).count() < 24 {
        return None;
    }
    let detector = Detector::with_allowlist(ALLOWED.iter().map(|(lang, _)| *lang).collect());
    let info = detector.detect(lead).filter(whatlang::Info::is_reliable)?;
    ALLOWED
        .iter()
        .find(|(lang, _)| *lang == info.lang())
        .map(|(_, name)| *name)
}

/// The language of a text that is mostly not in Latin letters.
fn by_script(lead: &str) -> Option<&'static str> {
    if lead.is_ascii() {
        return None;
    }
    const NONE: usize = 0;
    const NAMES: &[&str] = &[
        "", "ar", "ru", "zh", "ja", "ko", "el", "he", "th", "hi", "bn", "ta", "ka", "hy", "am",
        "my", "km", "lo", "te", "gu", "pa", "ml", "kn",
    ];
    let mut counts = [0u32; 23];
    for c in lead.chars() {
        let script = match c {
            'a'..='z' | 'A'..='Z' | '\u{C0}'..='\u{24F}' => NONE,
            '\u{600}'..='\u{6FF}'
            | '\u{750}'..='\u{77F}'
            | '\u{FB50}'..='\u{FDFF}'
            | '\u{FE70}'..='\u{FEFC}' => 1,
            '\u{400}'..='\u{52F}' => 2,
            '\u{4E00}'..='\u{9FFF}' => 3,
            '\u{3041}'..='\u{30FF}' => 4,
            '\u{AC00}'..='\u{D7A3}' => 5,
            '\u{370}'..='\u{3FF}' => 6,
            '\u{590}'..='\u{5FF}' => 7,
            '\u{E01}'..='\u{E7F}' => 8,
            '\u{900}'..='\u{97F}' => 9,
            '\u{980}'..='\u{9FF}' => 10,
            '\u{B80}'..='\u{BFF}' => 11,
            '\u{10A0}'..='\u{10FF}' => 12,
            '\u{530}'..='\u{58F}' => 13,
            '\u{1200}'..='\u{137F}' => 14,
            '\u{1000}'..='\u{109F}' => 15,
            '\u{1780}'..='\u{17FF}' => 16,
            '\u{E80}'..='\u{EFF}' => 17,
            '\u{C00}'..='\u{C7F}' => 18,
            '\u{A80}'..='\u{AFF}' => 19,
            '\u{A00}'..='\u{A7F}' => 20,
            '\u{D00}'..='\u{D7F}' => 21,
            '\u{C80}'..='\u{CFF}' => 22,
            _ => continue,
        };
        counts[script] += 1;
    }
    let letters: u32 = counts.iter().sum();
    let best = (1..counts.len()).max_by_key(|at| (counts[*at], std::cmp::Reverse(*at)))?;
    // ideographs say more than letters do, and kana settle it
    let weight = if best == 3 || best == 4 { 3 } else { 1 };
    if counts[best] * weight * 2 <= letters || counts[best] < 2 {
        return None;
    }
    let has = |letters: &[char]| lead.contains(letters);
    Some(match NAMES[best] {
        "zh" if counts[4] * 10 > counts[3] => "ja",
        "ru" if has(&['ў', 'Ў']) => "be",
        "ru" if has(&['і', 'ї', 'є', 'І', 'Ї', 'Є']) => "uk",
        "ru" if has(&['ј', 'љ', 'њ', 'ћ', 'ђ']) => "sr",
        "ru" if has(&['қ', 'ң', 'ү', 'ұ', 'ә']) => "kk",
        "ru" if !has(&['ы', 'э', 'ё', 'Э']) && lead.matches('ъ').count() >= 2 => "bg",
        "ar" if has(&['ٹ', 'ڈ', 'ڑ', 'ے', 'ں']) => "ur",
        "ar" if has(&['پ', 'چ', 'ژ', 'گ', 'ی']) => "fa",
        name => name,
    })
}

/// The tag for a declared language: `EN_us` → `en-US`, `eng` → `en`, `Spanish` → `es`; `None` for what is no language.
pub fn declared(written: &str) -> Option<String> {
    const NAMES: &[(&str, &str)] = &[
        ("eng", "en"),
        ("english", "en"),
        ("spa", "es"),
        ("spanish", "es"),
        ("español", "es"),
        ("por", "pt"),
        ("portuguese", "pt"),
        ("fra", "fr"),
        ("fre", "fr"),
        ("french", "fr"),
        ("français", "fr"),
        ("deu", "de"),
        ("ger", "de"),
        ("german", "de"),
        ("deutsch", "de"),
        ("ita", "it"),
        ("italian", "it"),
        ("nld", "nl"),
        ("dut", "nl"),
        ("dutch", "nl"),
        ("ara", "ar"),
        ("arabic", "ar"),
        ("rus", "ru"),
        ("russian", "ru"),
        ("zho", "zh"),
        ("chi", "zh"),
        ("chinese", "zh"),
        ("jpn", "ja"),
        ("cat", "ca"),
        ("tur", "tr"),
        ("pol", "pl"),
        ("swe", "sv"),
        ("dan", "da"),
        ("nor", "nb"),
        ("no", "nb"),
        ("fin", "fi"),
    ];
    let lower = written.trim().replace('_', "-").to_lowercase();
    if let Some((_, tag)) = NAMES.iter().find(|(name, _)| *name == lower) {
        return Some((*tag).to_owned());
    }
    let mut parts = lower.split('-');
    let first = parts
        .next()
        .filter(|p| matches!(p.len(), 2 | 3) && p.bytes().all(|b| b.is_ascii_lowercase()))?;
    if matches!(first, "und" | "mul" | "zxx" | "xx") {
        return None;
    }
    let mut tag = first.to_owned();
    for part in parts {
        if part.is_empty() || part.len() > 8 || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        tag.push('-');
        match part.len() {
            2 => tag.push_str(&part.to_uppercase()),
            4 if part.bytes().all(|b| b.is_ascii_lowercase()) => {
                tag.push_str(&part[..1].to_uppercase());
                tag.push_str(&part[1..]);
            }
            _ => tag.push_str(part),
        }
    }
    Some(tag)
}

/// Whether two tags name the same language, whatever the region.
pub fn same(a: &str, b: &str) -> bool {
    let primary = |tag: &str| match tag.split('-').next().unwrap_or(tag) {
        "nn" | "no" => "nb".to_owned(),
        other => other.to_owned(),
    };
    primary(a) == primary(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::tokenize;

    fn told(text: &str) -> Option<&'static str> {
        let mut tokens = Vec::new();
        tokenize(text, |token| tokens.push(token));
        detect(tokens.iter(), text)
    }

    #[test]
    fn one_sentence_is_enough() {
        for (text, want) in [
            (
                "The harbour board said on Friday that two berths would be closed.",
                "en",
            ),
            (
                "El puerto cerrará dos muelles por las obras, según informó hoy la autoridad.",
                "es",
            ),
            (
                "O porto vai fechar dois cais por causa das obras, segundo a administração.",
                "pt",
            ),
            (
                "Le port fermera deux quais pour des travaux, selon la direction.",
                "fr",
            ),
            (
                "Der Hafen schließt zwei Kais wegen Bauarbeiten, wie die Behörde am Freitag sagte.",
                "de",
            ),
            (
                "Il porto chiude due moli per i lavori, ha detto la direzione della società.",
                "it",
            ),
            (
                "De haven sluit twee kades vanwege werkzaamheden, zegt het bestuur van de haven.",
                "nl",
            ),
            ("Порт закроет два причала, сообщили в администрации.", "ru"),
            (
                "Порт закриє два причали, повідомили в адміністрації міста.",
                "uk",
            ),
            ("أعلنت إدارة الميناء إغلاق رصيفين بسبب أعمال الصيانة", "ar"),
            ("港口管理局周五表示，两个泊位将关闭。", "zh"),
            ("港湾局は金曜日に二つの岸壁を閉鎖すると発表した。", "ja"),
        ] {
            assert_eq!(told(text), Some(want), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_not_guessed() {
        for text in ["", "Ag 12.5 Au 1,900 Cu 8", "Ipswich 2 Leeds 1"] {
            assert_eq!(told(text), None, "{text}");
        }
    }

    #[test]
    fn declared_languages_become_tags() {
        for (written, want) in [
            ("en", Some("en")),
            ("EN_us", Some("en-US")),
            ("Spanish", Some("es")),
            ("zh-hant-TW", Some("zh-Hant-TW")),
            ("eng", Some("en")),
            ("und", None),
            ("Language: en", None),
            ("", None),
            ("nb-NO", Some("nb-NO")),
        ] {
            assert_eq!(declared(written).as_deref(), want, "{written}");
        }
    }
}
