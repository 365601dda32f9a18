//! Nothing of a text is lost unseen: what a story is cut into holds every character of what was sent, once and in order.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use copytaster::normalize::{self, Part};
use copytaster::parse;
use copytaster::pipeline::Settings;
use copytaster::story::{Dispatch, FeedProfile, Format, Marked, Markup};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization as _;

use super::golden;
use super::pipeline::{message, pipeline};
use super::support::cases;

/// What a reader sees of a text: no blanks, nothing invisible, one spelling of each character.
fn visible(text: &str) -> String {
    let seen = |c: &char| {
        !c.is_whitespace()
            && !c.is_control()
            && !matches!(c, '\u{AD}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
    };
    text.nfc().filter(seen).collect()
}

/// Every character that is no blank lies in exactly one part.
fn check_parts(dispatch: Dispatch) -> normalize::Account {
    let account = normalize::account(dispatch);
    let mut from = 0;
    for (part, range) in &account.parts {
        assert!(
            from <= range.start,
            "{part:?} {range:?} lies in the part before: {account:#?}"
        );
        assert_eq!(
            account.text[from..range.start].trim(),
            "",
            "lost before {part:?}: {account:#?}"
        );
        from = range.end;
    }
    assert_eq!(
        account.text[from..].trim(),
        "",
        "lost at the end: {account:#?}"
    );
    account
}

fn plain(text: &str) -> Dispatch {
    let mut dispatch = Dispatch::new(0, Format::PlainText, "utf-8");
    dispatch.body = Some(Marked {
        text: text.to_owned(),
        markup: Markup::Plain,
    });
    dispatch
}

/// Lines of the wire of every kind, in several scripts.
const LINES: &[&str] = &[
    "Port shuts two berths",
    "UPDATE 2-Port shuts two berths",
    "(Actualización) El puerto cierra dos muelles",
    "URGENTE",
    "BC-US--Harbour, 1st Ld-Writethru",
    "By Ana Ruiz",
    "Por Ana Ruiz =",
    "LIMA, Nov 6 (Reuters) - The harbour board said on Monday that two berths would close.",
    "Lima, 6 nov (EFE).- El puerto cerrará dos muelles, informó la autoridad.",
    "Lima, 6 nov (EFE).-",
    "(ANSA) - ROMA, 6 NOV - Il porto chiude due moli, ha detto la direzione. (ANSA).",
    "MOSCOW, November 6. /TASS/. The port shuts two berths.",
    "新华社北京11月6日电（记者 王芳）港口管理局周一表示，两个泊位将关闭。",
    "القاهرة (أ ف ب) - أعلنت إدارة الميناء إغلاق رصيفين بسبب أعمال الصيانة",
    "МОСКВА, 6 ноября. /ТАСС/. Порт закроет два причала, сообщили в администрации.",
    "Berlin (dpa) - Der Hafen schließt zwei Kais wegen Bauarbeiten, sagte eine Sprecherin.",
    "Divers found the wall cracked in three places, she said.",
    "Los buzos hallaron grietas en la pared, dijo la directora.",
    "潜水员发现墙体有三处裂缝。",
    "وقال المدير إن الأعمال ستستمر شهرا.",
    "Rund 40 Schiffe müssen warten.",
    "Director Ana Ruiz (L) at the quay in Callao, Peru, 27 March 2021. EPA-EFE FILE/STRINGER",
    "El director (i) en el puerto. EFE/Juan Pérez",
    "Foto: Ana Ruiz/dpa",
    "(AP Photo/Ana Ruiz)",
    "Eds: With AP Photos.",
    "NOTA: amplía con reacciones",
    "# dpa-Notizblock",
    "## Internet",
    "- [Hafen](http://hafen.example)",
    "AP Photo XNP101",
    "EMBARGOED UNTIL 0001 GMT NOV 7",
    "-",
    "* * * *",
    "___",
    "=====",
    "The board meets again on Friday. EFE",
    "gbm/tw",
    "dpa al rmo hct",
    "(SDA/sj)",
    "(more)",
    "(sigue)",
    "Enditem",
    "(END)",
    "-30-",
    "(Reporting by Ana Ruiz in Lima; Editing by Tom Poe)",
    "Associated Press writers Ana Ruiz and Tom Poe contributed to this report.",
    "AP-WF-11-06-23 0745GMT",
    "062322 GMT Nov 23",
    "9615291038252416",
    "NNNN",
    "REUTER",
    "",
    "   indented lines of copy that was wrapped by hand begin a paragraph, and",
    "go on in the next line with a small letter until the sentence has its end.",
];

const PRIVATE: &[&str] = &[
    "The following information is not intended for publication",
    "**The following information is not for publication**",
    "Die folgenden Informationen sind nicht zur Veröffentlichung bestimmt",
    "La siguiente información no está destinada a la publicación",
    "As informações a seguir não são destinadas à publicação",
    "Les informations suivantes ne sont pas destinées à la publication",
    "المعلومات التالية ليست للنشر",
    "Следующая информация не предназначена для публикации",
    "以下信息不供发表",
    "## Editorial contacts",
];

fn copy() -> impl Strategy<Value = String> {
    let line = prop::sample::select(LINES);
    let end = prop::sample::select(&["\n", "\r\n", "\n\n", "\n\u{AD}", " \n\t"][..]);
    prop::collection::vec((line, end), 1..14).prop_map(|lines| {
        lines
            .into_iter()
            .flat_map(|(line, end)| [line, end])
            .collect()
    })
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn every_character_of_invented_copy_has_its_place(text in copy()) {
        let account = check_parts(plain(&text));
        prop_assert_eq!(visible(&account.text), visible(&text));
    }

    #[test]
    fn every_character_of_any_text_has_its_place(text in "(\\PC|[ \n.()/-]){0,120}") {
        // marks of markup become other characters
        let text = text.replace(['<', '&'], "x");
        let account = check_parts(plain(&text));
        // and so does what is mended, which the event says
        prop_assert!(!account.repairs.is_empty() || visible(&account.text) == visible(&text), "{:?}", account);
    }
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn what_is_behind_a_private_line_is_never_published(before in copy(), line in prop::sample::select(PRIVATE), behind in copy()) {
        let text = format!("{before}\n\nThe last paragraph of it.\n\n{line}\n\nquillfeather {behind}\nquillfeather@desk.example\n");
        for record in pipeline(Settings::default()).process(&[message(1, "wire.raw.any.private", text.clone())]) {
            for record in record.outbound {
                let body = String::from_utf8_lossy(&record.body);
                prop_assert!(!body.contains("quillfeather"), "{}\n{}", text, body);
            }
        }
    }
}

fn check_payload(message: &copytaster::story::RawMessage) -> usize {
    let items = parse::dispatches(message, &FeedProfile::default()).unwrap_or_default();
    items.into_iter().flatten().map(check_parts).count()
}

#[test]
fn every_character_of_the_golden_cases_has_its_place() {
    let mut kinds: Vec<Part> = Vec::new();
    for case in golden::cases() {
        let message = golden::message(&case, 1);
        for dispatch in parse::dispatches(&message, &FeedProfile::default())
            .unwrap_or_default()
            .into_iter()
            .flatten()
        {
            let account = check_parts(dispatch);
            kinds.extend(account.parts.iter().map(|(part, _)| *part));
        }
    }
    kinds.sort();
    kinds.dedup();
    assert_eq!(
        kinds.len(),
        11,
        "the cases show every kind of part: {kinds:?}"
    );
}

/// The files of a folder and of all within it.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => files(&path, found),
            path => found.push(path),
        }
    }
}

#[test]
fn every_character_of_the_corpora_has_its_place() {
    let root = super::support::corpus().join("data/formats");
    let mut paths = Vec::new();
    files(&root, &mut paths);
    if paths.is_empty() {
        // past the harness, which keeps what a passing test prints
        let _ = writeln!(
            std::io::stderr(),
            "no fixtures at {}: passed over",
            root.display()
        );
        return;
    }
    paths.sort();
    let read = |path: &PathBuf| std::fs::read(path).unwrap_or_default();
    let payloads = paths.iter().map(read).filter(|bytes| bytes.len() < 1 << 20);
    let items: usize = payloads
        .map(|bytes| check_payload(&message(1, "wire.raw.any.corpus", bytes)))
        .sum();
    assert!(items > 1000, "{items} items");
}
