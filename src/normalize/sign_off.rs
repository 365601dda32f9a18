//! The last lines of a story → its end mark. Who wrote it, and where does the text end?

use crate::story::SignOff;

use super::agency;
use super::copy::{Part, Pieces};

/// What stood after the text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ended<'t> {
    pub sign_off: Option<SignOff>,
    /// Another take follows.
    pub more: bool,
    /// A trailer that tells when the story was sent, as written.
    pub sent: Option<&'t str>,
    /// Names from `Reporting by …`.
    pub by: Option<&'t str>,
}

impl Ended<'_> {
    fn agency(&mut self, name: &str) {
        self.sign_off
            .get_or_insert_default()
            .agency
            .get_or_insert_with(|| agency::display(name));
    }

    /// Initials stand before those of lines further down.
    fn initials(&mut self, line: &str, separators: &[char]) {
        let initials = &mut self.sign_off.get_or_insert_default().initials;
        let before: Vec<String> = line
            .split(separators)
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        initials.splice(0..0, before);
    }
}

/// Takes end marks off the last paragraphs until none is left; at least one paragraph stays unless all are marks.
pub fn take<'t>(paragraphs: &mut Vec<&'t str>, pieces: &mut Pieces<'t>) -> Ended<'t> {
    let mut ended = Ended::default();
    while let Some(last) = paragraphs.last().copied() {
        if let Some(part) = line(last, paragraphs.len(), &mut ended) {
            pieces.cut(part, last);
            paragraphs.pop();
        } else if let Some(rest) = glued(last, &mut ended) {
            pieces.cut(Part::SignOff, last[rest.len()..].trim_start());
            match rest {
                "" => drop(paragraphs.pop()),
                rest => *paragraphs.last_mut().expect("there is a last one") = rest,
            }
        } else {
            break;
        }
    }
    ended
}

/// What the whole paragraph is, if it is an end mark.
fn line<'t>(last: &'t str, paragraphs: usize, ended: &mut Ended<'t>) -> Option<Part> {
    if last.len() > 300 {
        return None;
    }
    if super::furniture::is_rule(last) {
        return Some(Part::Rule);
    }
    if is_end_word(last) {
        if let Some((name, _)) = last
            .split_once('/')
            .filter(|(name, _)| agency::find(name).is_some())
        {
            ended.agency(name);
        }
        return Some(Part::SignOff);
    }
    if is_more(last) {
        ended.more = true;
        return Some(Part::SignOff);
    }
    if is_lone_agency(last) && paragraphs > 1 {
        ended.agency(last.trim_matches(['.', ' ', '=', '(', ')', '/']));
        return Some(Part::SignOff);
    }
    if let Some(by) = reporting(last) {
        ended.by = Some(by);
        return Some(Part::Contact);
    }
    if is_trailer(last) {
        ended.sent = Some(last.trim_start_matches("AP-WF-"));
        return Some(Part::Id);
    }
    let numbered = (12..=24).contains(&last.len()) && last.bytes().all(|b| b.is_ascii_digit());
    if numbered && paragraphs > 1 {
        return Some(Part::Id);
    }
    if last.contains("Associated Press")
        && ["contributed to this report", "contribuyó", "contribuyeron"]
            .iter()
            .any(|words| last.contains(words))
    {
        return Some(Part::Contact);
    }
    initials(last, ended).then_some(Part::SignOff)
}

fn is_end_word(line: &str) -> bool {
    const WORDS: &[&str] = &[
        "-30-",
        "30",
        "ENDS",
        "Ends",
        "ends",
        "end",
        "-ends-",
        "- ends -",
        "-ENDS-",
        "END",
        "(END)",
        "(End)",
        "Enditem",
        "ENDITEM",
        "ENDIT",
        "NNNN",
        "FIN",
        "(FIN)",
        "*END*",
        "（完）",
        "(完)",
        "完",
        "انتهى",
        "(конец)",
        "AAP RTV",
        "Fim",
        "FIM",
        "Lusa/Fim",
        "Lusa/fim",
        "LUSA/FIM",
    ];
    WORDS.contains(&line)
}

/// `(more)` and its kin.
pub fn is_more(line: &str) -> bool {
    const WORDS: &[&str] = &[
        "(more)",
        "(MORE)",
        "MORE",
        "more",
        "-more-",
        "(sigue)",
        "(SIGUE)",
        "SIGUE",
        "(suite)",
        "(à suivre)",
        "à suivre",
        "(wird fortgesetzt)",
        "(Fortsetzung folgt)",
        "(segue)",
        "(continua)",
        "(continúa)",
        "(продолжение следует)",
        "(يتبع)",
        "（待续）",
        "(待续)",
        "mf",
        "MF",
    ];
    WORDS.contains(&line)
}

fn is_lone_agency(line: &str) -> bool {
    let name = line
        .trim_end_matches(['.', ' '])
        .trim_start_matches(['=', ' ']);
    matches!(
        name,
        "EFE"
            | "Kyodo"
            | "REUTER"
            | "Reuter"
            | "Reuters"
            | "REUTERS"
            | "AFP"
            | "Xinhua"
            | "ANSA"
            | "(ANSA)"
            | "dpa"
            | "EFECOM"
            | "TASS"
            | "/TASS/"
    )
}

/// `(Reporting by A. Name; Editing by B. Name)`: the reporters.
fn reporting(line: &str) -> Option<&str> {
    const ABROAD: &[&str] = &[
        "(Reporte de ",
        "(Reportaje de ",
        "(Editado por ",
        "(Reportagem de ",
        "(Edição de ",
        "(Reportage de ",
        "(Reportage ",
        "(Bericht von ",
        "(Geschrieben von ",
        "(Репортаж ",
        "(إعداد ",
        "(تغطية ",
    ];
    if let Some(opening) = ABROAD.iter().find(|opening| line.starts_with(**opening)) {
        let names = line[opening.len()..].trim_end_matches([')', '.']);
        let end = names.find([';', ',', '.', '-', '–']).unwrap_or(names.len());
        return line.ends_with([')', '.']).then(|| names[..end].trim());
    }
    let inside = line.trim_start_matches('(').trim_end_matches([')', '.']);
    let by = [
        "Reporting by ",
        "Additional reporting by ",
        "Writing by ",
        "Editing by ",
        "Compiled by ",
    ]
    .iter()
    .find_map(|opening| inside.strip_prefix(opening))?;
    (line.starts_with('(') || by.contains("diting by") || inside.starts_with("Editing by")).then(
        || {
            let names = by.split([';', ',']).next().unwrap_or(by);
            names.split(" in ").next().unwrap_or(names).trim()
        },
    )
}

/// `AP-WF-06-29-17 2350GMT`, `212322 GMT Nov 18`, `06/11/09-30/95`
fn is_trailer(line: &str) -> bool {
    if let Some(rest) = line.strip_prefix("AP-") {
        return rest.len() < 30 && rest.ends_with("GMT");
    }
    let mut words = line.split(' ');
    let group = words.next().is_some_and(|word| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        (word.len(), digits) == (6, 6) || (word.len(), digits) == (14, 10)
    });
    group && line.len() <= 24 && super::time::parse(line, &jiff::tz::TimeZone::UTC).is_some()
}

/// `gbm/tw`, `bur-abc/de/f`, `dpa al rmo hct`, `(SDA/sj)`, `هو/ماب/ب ق`
fn initials(line: &str, ended: &mut Ended) -> bool {
    if line.chars().count() > 36 {
        return false;
    }
    let inner = line
        .strip_prefix('(')
        .and_then(|rest| rest.trim_end_matches('.').strip_suffix(')'));
    if let Some((name, rest)) = inner.and_then(|inside| inside.split_once('/')) {
        let name = name.trim_end_matches('\\'); // a slash that was escaped on its way
        if agency::find(name).is_some() && rest.split('/').all(is_mark) {
            ended.initials(rest, &['/']);
            ended.agency(name);
            return true;
        }
        return false;
    }
    let named = ["dpa ", "AAP ", "EFE ", "AFP ", "PTI "];
    let marks = named.iter().find_map(|name| line.strip_prefix(name));
    let known = |mark: &str| is_mark(mark) || agency::find(mark).is_some();
    if let Some(marks) = marks.filter(|marks| marks.split([' ', '/']).all(known)) {
        ended.initials(marks, &[' ', '/']);
        ended.agency(&line[..3]);
        return true;
    }
    if !line.contains('/') {
        // one set of initials alone: only under an agency's mark, or with a hyphen as AFP has it
        let alone =
            line.len() <= 4 && line.len() >= 2 && line.bytes().all(|b| b.is_ascii_lowercase());
        if alone && ended.sign_off.is_some() {
            ended.initials(line, &['/']);
            return true;
        }
        return false;
    }
    let arabic = line
        .chars()
        .all(|c| matches!(c, '\u{621}'..='\u{64A}' | '/' | ' ' | '-'));
    // `RBF // VM` as Lusa has it
    if let Some((left, right)) = line.split_once(" // ")
        && [left, right]
            .iter()
            .all(|side| side.split(['/', ' ']).all(is_mark))
    {
        ended.initials(line, &['/', ' ']);
        return true;
    }
    let latin = || line.split(['/', '-']).all(is_mark);
    if arabic || latin() {
        ended.initials(line, &['/', '-']);
        return true;
    }
    false
}

/// Initials of a person or desk: two to five letters or digits, small or all capitals.
fn is_mark(mark: &str) -> bool {
    let upper = || {
        mark.bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    let lower = || {
        mark.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    (1..=5).contains(&mark.len()) && (lower() || upper())
}

/// An agency's name stuck to the last sentence: the paragraph without it.
fn glued<'t>(last: &'t str, ended: &mut Ended) -> Option<&'t str> {
    let last_line = last.trim_end();
    let bare = last_line.trim_end_matches(['.', ' ']);
    // `… said. (ANI)`: the agency of the dateline once more
    if let Some((text, name)) = bare
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once('('))
        && text.trim_end().ends_with(['.', '!', '?', '"', '”', '»'])
        && let Some(agency) = agency::find(name).filter(|_| name.len() <= 16)
    {
        ended.agency(agency.name);
        return Some(text.trim_end());
    }
    for mark in [
        "EFECOM",
        "EFE",
        "REUTERS",
        "Reuters",
        "REUTER",
        "Reuter",
        "AFP",
        "(ANSA)",
        "Enditem",
        "/TASS/",
        "(END)",
        " FIN",
        " Fin",
        " Fim",
        "(more)",
        "(sigue)",
        "(完)",
        "（完）",
    ] {
        let Some(rest) = bare
            .strip_suffix(mark)
            .or_else(|| last_line.strip_suffix(mark))
        else {
            continue;
        };
        let text = rest.trim_end();
        if !text.is_empty()
            && !text.ends_with(['.', '!', '?', '"', '”', '»', ')', '。', '…', '\'', '’', '“'])
        {
            return None;
        }
        match mark {
            "Enditem" | "(END)" | " FIN" | " Fin" | " Fim" | "(完)" | "（完）" => {}
            "(more)" | "(sigue)" => ended.more = true,
            name => ended.agency(name.trim_matches(['(', ')', '/'])),
        }
        return Some(text);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_marks_are_taken_off_and_read() {
        let cases: &[(&str, &str, Option<&str>, &[&str])] = &[
            (
                "Two boats sank. EFE\ngbm/tw",
                "Two boats sank.",
                Some("EFE"),
                &["gbm", "tw"],
            ),
            (
                "Dos barcos.EFE\nmrc/PL",
                "Dos barcos.",
                Some("EFE"),
                &["mrc", "PL"],
            ),
            (
                "Zwei Boote.\ndpa al rmo hct",
                "Zwei Boote.",
                Some("dpa"),
                &["al", "rmo", "hct"],
            ),
            (
                "Deux bateaux.\n(ats/sj)",
                "Deux bateaux.",
                Some("ats"),
                &["sj"],
            ),
            (
                "Two boats.\nbur-abc/de/f",
                "Two boats.",
                None,
                &["bur", "abc", "de", "f"],
            ),
            ("Two boats.\n REUTER", "Two boats.", Some("Reuters"), &[]),
            ("Two boats. (ANSA).", "Two boats.", Some("ANSA"), &[]),
            ("قاربان\nهو/ماب/ب ق", "قاربان", None, &["هو", "ماب", "ب ق"]),
            ("Two boats. Enditem", "Two boats.", None, &[]),
            (
                "The union said yes and/or no",
                "The union said yes and/or no",
                None,
                &[],
            ),
            ("They told EFE", "They told EFE", None, &[]),
            (
                "Dois barcos.\nRBF // VM\nLusa/Fim",
                "Dois barcos.",
                Some("Lusa"),
                &["RBF", "VM"],
            ),
            ("Dos barcos. FIN", "Dos barcos.", None, &[]),
        ];
        for (text, body, agency, initials) in cases {
            let mut paragraphs: Vec<&str> = text.split('\n').map(str::trim).collect();
            let ended = take(&mut paragraphs, &mut Pieces::default());
            assert_eq!(paragraphs.join("\n"), *body);
            let sign_off = ended.sign_off.unwrap_or_default();
            assert_eq!(sign_off.agency.as_deref(), *agency, "{text}");
            assert_eq!(sign_off.initials, *initials, "{text}");
        }
    }

    #[test]
    fn reporters_trailers_and_takes_are_read() {
        let mut paragraphs = vec![
            "Two boats.",
            "(Reporting by A. Name in Lima; Editing by B. Name)",
            "(more)",
            "AP-WF-06-29-17 2350GMT",
        ];
        let ended = take(&mut paragraphs, &mut Pieces::default());
        assert_eq!(paragraphs, ["Two boats."]);
        assert_eq!(
            (ended.by, ended.more, ended.sent),
            (Some("A. Name"), true, Some("06-29-17 2350GMT"))
        );
    }
}
