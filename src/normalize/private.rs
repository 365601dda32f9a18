//! A line → whether what stands behind it is for nobody but the desk. A leak is worse than a lost line, so the line is
//! known in any case, markup and language of a desk.

use std::sync::OnceLock;

use crate::story::fold;

/// A line longer than this, in bytes, is text.
pub const LONGEST: usize = 220;
/// A line that says no more than "not for publication" is no longer than this, in bytes.
const LONGEST_OPENING: usize = 90;

/// "For publication".
const PURPOSE: &[&str] = &[
    "for publication",
    "to be published",
    "veröffentlichung",
    "veroeffentlichung",
    "veröffentlicht werden",
    "la publicación",
    "para publicación",
    "para publicar",
    "su publicación",
    "publicarse",
    "ser publicad",
    "publicar",
    "a publicação",
    "à publicação",
    "para publicação",
    "la publicació",
    "la publication",
    "pour publication",
    "être publié",
    "pubblicazione",
    "publicării",
    "publicare",
    "публикации",
    "публікації",
    "publikacji",
    "opublikowani",
    "publikování",
    "zveřejnění",
    "voor publicatie",
    "offentliggørelse",
    "offentliggjøring",
    "offentliggörande",
    "publicering",
    "publisering",
    "julkaistavaksi",
    "julkaisu",
    "yayımlan",
    "yayınlan",
    "yayın için",
    "untuk publikasi",
    "dipublikasikan",
    "disiarkan",
    "δημοσίευση",
    "للنشر",
    "النشر",
    "نشرها",
    "انتشار",
    "לפרסום",
];

/// "Not", as a word.
const NOT: &[&str] = &[
    "not",
    "never",
    "nicht",
    "keinesfalls",
    "no",
    "pas",
    "non",
    "não",
    "nu",
    "не",
    "nie",
    "není",
    "nejsou",
    "niet",
    "ikke",
    "inte",
    "ei",
    "eivät",
    "değil",
    "değildir",
    "tidak",
    "bukan",
    "δεν",
    "μη",
    "ليست",
    "ليس",
    "غير",
    "لا",
    "نیست",
    "نیستند",
    "نباید",
    "לא",
    "אינו",
    "אינה",
    "אינם",
];

/// "Following" or "below".
const FOLLOWING: &[&str] = &[
    "following",
    "below",
    "folgende",
    "nachstehend",
    "siguiente",
    "que sigue",
    "a continuación",
    "suivant",
    "ci-dessous",
    "ci-après",
    "seguent",
    "di seguito",
    "seguint",
    "a seguir",
    "abaixo",
    "următoar",
    "следующ",
    "ниже",
    "наступн",
    "нижче",
    "poniższ",
    "następuj",
    "následující",
    "volgende",
    "onderstaande",
    "følgende",
    "nedenstående",
    "följande",
    "seuraav",
    "aşağıdaki",
    "berikut",
    "ακόλουθ",
    "παρακάτω",
    "التالية",
    "التالي",
    "أدناه",
    "زیر",
    "הבא",
    "להלן",
];

/// How a line begins that says no more.
const OPENINGS: &[&str] = &[
    "not for publication",
    "not intended for publication",
    "nicht zur ver",
    "nicht für die ver",
    "nicht fuer die ver",
    "keine ver",
    "no publicar",
    "no publicable",
    "no apto para publica",
    "no destinad",
    "ne pas publier",
    "non destin",
    "non pubblicare",
    "não publicar",
    "não publicável",
    "не для публикации",
    "не для друку",
    "nie do publikacji",
    "niet voor publicatie",
    "ikke til offentliggørelse",
    "ikke for publisering",
    "ej för publicering",
    "yayımlanmaz",
    "غير مخصص",
    "ليس للنشر",
    "ليست للنشر",
    "لا للنشر",
    "غير صالح للنشر",
    "不供发表",
    "不供發表",
    "请勿发布",
    "請勿發布",
    "掲載不可",
];

/// "Before" and "until": the line orders to hold the story, and hides nothing.
const BEFORE: &[&str] = &[
    " before ", " until ", " vor ", " antes ", " avant ", " prima ", " até ", " до ", " قبل ",
];

/// Scripts without spaces: the line begins with one of the first, and holds one of the second and one of the third.
const UNSPACED: [&[&str]; 3] = [
    &["以下", "下列", "下述", "下記", "다음", "아래"],
    &[
        "发表", "发布", "公开", "刊登", "刊发", "發表", "發布", "公開", "刊登", "掲載", "配信",
        "게재", "보도", "공개", "배포",
    ],
    &[
        "不",
        "勿",
        "非",
        "禁",
        "ません",
        "ない",
        "아닙",
        "아니",
        "않",
        "마십",
        "금지",
    ],
];

/// The tables above, folded as the lines are.
struct Words {
    purpose: Vec<String>,
    not: Vec<String>,
    following: Vec<String>,
    openings: Vec<String>,
    before: Vec<String>,
}

fn words() -> &'static Words {
    static WORDS: OnceLock<Words> = OnceLock::new();
    let folded = |words: &[&str]| {
        let folded = |word: &&str| {
            let mut out = String::with_capacity(word.len());
            fold(word, &mut out);
            out
        };
        words.iter().map(folded).collect()
    };
    WORDS.get_or_init(|| Words {
        purpose: folded(PURPOSE),
        not: folded(NOT),
        following: folded(FOLLOWING),
        openings: folded(OPENINGS),
        before: folded(BEFORE),
    })
}

fn any(words: &[String], line: &str) -> bool {
    words.iter().any(|word| line.contains(word.as_str()))
}

/// Whether a folded line points at what comes behind it.
pub fn points_behind(line: &str) -> bool {
    any(&words().following, line)
}

/// Whether a folded line says `The following information is not (intended) for publication`.
pub fn hides(line: &str) -> bool {
    if line.len() > LONGEST {
        return false;
    }
    let [first, purpose, not] = UNSPACED;
    let holds = |words: &[&str]| words.iter().any(|word| line.contains(word));
    if first.iter().any(|word| line.starts_with(word)) {
        return line.len() <= 120 && holds(purpose) && holds(not);
    }
    let words = words();
    if any(&words.before, line) {
        return false;
    }
    let opens = words
        .openings
        .iter()
        .any(|open| line.starts_with(open.as_str()));
    if opens && line.len() <= LONGEST_OPENING {
        return true;
    }
    any(&words.purpose, line)
        && points_behind(line)
        && line
            .split([' ', ','])
            .any(|word| words.not.iter().any(|not| not == word))
}

/// Whether the stem of a word for publication may be in a line: nearly no line has one.
pub fn may_hide(text: &str) -> bool {
    const STEMS: [[u8; 3]; 6] = [*b"ubl", *b"ubb", *b"fen", *b"yay", *b"ulk", *b"iar"];
    const OTHERS: &[&str] = &[
        "убл",
        "УБЛ",
        "نشر",
        "انتشار",
        "发",
        "發",
        "公",
        "刊",
        "掲",
        "配",
        "배포",
        "게재",
        "보도",
        "공개",
        "פרסום",
        "ημοσ",
        "ΗΜΟΣ",
        "veřejn",
        "друку",
    ];
    holds_stem(text.as_bytes(), STEMS)
        || !text.is_ascii() && OTHERS.iter().any(|stem| text.contains(stem))
}

/// Whether three letters of any of `stems` (small ones) stand in a text, in any case. All places are looked at, without
/// a way out in between: many bytes in one step.
#[inline(always)]
pub fn holds_stem<const N: usize>(text: &[u8], stems: [[u8; 3]; N]) -> bool {
    let twos = text.iter().zip(text.iter().skip(1));
    let threes = twos.zip(text.iter().skip(2));
    let any = threes.fold(0u8, |any, ((a, b), c)| {
        stems.iter().fold(any, |any, [x, y, z]| {
            any | (u8::from(*a | 0x20 == *x)
                & u8::from(*b | 0x20 == *y)
                & u8::from(*c | 0x20 == *z))
        })
    });
    any != 0
}
