//! JSON text → items: one document, a list of items, or several documents, one a line. Also the
//! record `{"id","text","title"?,"date"?,"lang"?}`, the plain text of a table.

use crate::story::{Dispatch, Format, Marked, Markup, Reason};

use super::json::{self, Fault, Json, Mended};
use super::{Error, Item, JSON_FORMATS, Payload, Reads};

/// Members under which vendors wrap a list of items.
const WRAPPERS: &[&str] = &[
    "item",
    "items",
    "data",
    "entries",
    "results",
    "result",
    "response",
    "apiresponse",
    "renderresult",
    "documents",
    "docs",
    "hits",
    "stories",
    "articles",
    "news",
    "images",
];

/// All items of all documents in the payload.
pub fn documents(payload: &Payload) -> Result<Vec<Item>, Error> {
    let text = payload.text;
    let mut items: Vec<Item> = Vec::new();
    let mut documents = 0;
    let mut at = 0;
    let mut is_lines = false;
    while let Some(start) = next_document(text, at) {
        if documents > 0 && !text[start..].starts_with(['{', '[']) {
            if is_lines && text[at..start].contains('\n') {
                // in a list of documents, one a line, this line is a document too, and a broken one
                items.push(Err(broken(text, Fault::Syntax(start))));
            } else if let Some(Ok(last)) = items.last_mut() {
                last.repairs.push("json:trailing-bytes".to_owned());
            }
            let line_end = memchr::memchr(b'\n', &text.as_bytes()[start..]);
            let next = match is_lines {
                true => line_end.map(|end| start + end),
                false => next_line(text, start),
            };
            let Some(next) = next else {
                break;
            };
            at = next;
            continue;
        }
        match json::read(text, start) {
            Ok((document, end, mended)) => {
                add(payload, &document, mended, &mut items);
                // documents one a line: the first is one line, and another follows
                is_lines |= documents == 0
                    && !text[start..end].contains('\n')
                    && next_line(text, end).is_some();
                at = end;
            }
            Err(fault) => {
                let error = broken(text, fault);
                // one bad line does not spoil the lines after it
                let next =
                    next_line(text, start).filter(|next| documents > 0 || is_line(text, *next));
                let Some(next) = next else {
                    if documents == 0 {
                        return Err(error);
                    }
                    items.push(Err(error));
                    break;
                };
                items.push(Err(error));
                at = next;
            }
        }
        documents += 1;
    }
    match items.len() {
        0 => Err(Error::new(
            Reason::Empty,
            "JSON without an item: look at what the feed sends",
        )),
        1 => items.pop().expect("one item").map(|item| vec![Ok(item)]),
        _ => Ok(items),
    }
}

fn next_document(text: &str, at: usize) -> Option<usize> {
    // controls before the first document are noise, after it they are trailing bytes
    let found = text[at..].find(|c: char| !c.is_whitespace() && (at > 0 || !c.is_control()))?;
    Some(at + found)
}

/// Where the next line begins that opens an object.
fn next_line(text: &str, from: usize) -> Option<usize> {
    memchr::memmem::find(&text.as_bytes()[from..], b"\n{").map(|found| from + found + 1)
}

/// Whether the line at `at` is a whole document by itself.
fn is_line(text: &str, at: usize) -> bool {
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    json::read(&text[..end], at).is_ok()
}

fn broken(text: &str, fault: Fault) -> Error {
    let place = |at: usize| {
        let before = &text.as_bytes()[..at.min(text.len())];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = at - memchr::memrchr(b'\n', before).map_or(0, |n| n + 1) + 1;
        format!("line {line}, byte {column}")
    };
    match fault {
        Fault::Truncated(at) => Error::new(
            Reason::Truncated,
            format!(
                "JSON cut short at {}: ask the sender for the whole item",
                place(at)
            ),
        ),
        Fault::Depth(at) => Error::new(
            Reason::Depth,
            format!(
                "JSON nested deeper than {} levels at {}",
                json::MAX_DEPTH,
                place(at)
            ),
        ),
        Fault::Syntax(at) => Error::new(Reason::Syntax, format!("no JSON at {}", place(at))),
    }
}

/// Adds the items of one document: itself, the elements of a list, or what a wrapper holds.
fn add(payload: &Payload, document: &Json, mended: Mended, items: &mut Vec<Item>) {
    let elements = match document {
        Json::List(elements) => Some(&elements[..]),
        object if row(object).is_none() => wrapped(object, 0),
        _ => None,
    };
    for object in elements.unwrap_or(std::slice::from_ref(document)) {
        add_object(payload, object, mended, items);
    }
}

/// The list that a vendor wrapped into an object of its own, as in the answers of search services.
fn wrapped<'j, 't>(object: &'j Json<'t>, depth: usize) -> Option<&'j [Json<'t>]> {
    let is_wrapper = |key: &str| WRAPPERS.iter().any(|name| name.eq_ignore_ascii_case(key));
    let mut members = object.members().iter();
    members.find_map(|(key, value)| match value {
        Json::List(list) => {
            let holds = matches!(list.first(), Some(Json::Object(_)));
            (is_wrapper(key) && holds).then_some(&list[..])
        }
        Json::Object(_) if depth < 2 && is_wrapper(key) => wrapped(value, depth + 1),
        _ => None,
    })
}

fn row(object: &Json) -> Option<&'static (Format, super::OfObject, Reads)> {
    JSON_FORMATS
        .iter()
        .find(|(_, recognises, _)| recognises(object))
}

fn add_object(payload: &Payload, object: &Json, mended: Mended, items: &mut Vec<Item>) {
    let dispatch = |place: usize, format: Format| {
        let mut dispatch = payload.dispatch(place, format);
        dispatch.repairs.extend(mended.names().map(str::to_owned));
        dispatch
    };
    let refused = |reason: Reason, what: &str| Err(Error::new(reason, what));
    match row(object) {
        Some((format, _, Reads::Item(map))) => {
            let mut dispatch = dispatch(items.len(), *format);
            map(object, &mut dispatch);
            items.push(Ok(dispatch));
        }
        Some((format, _, Reads::List(parts, map))) => {
            let parts = parts(object);
            if parts.is_empty() {
                let what = format!(
                    "a list ({}) without an item: nothing new was sent",
                    format.name()
                );
                items.push(refused(Reason::Empty, &what));
            }
            for part in parts {
                let mut dispatch = dispatch(items.len(), *format);
                map(part, object, &mut dispatch);
                items.push(Ok(dispatch));
            }
        }
        None if matches!(object, Json::Object(_)) => {
            items.push(refused(Reason::Unsupported, NO_STORY));
        }
        None => items.push(refused(Reason::Syntax, NO_OBJECT)),
    }
}

const NO_STORY: &str =
    "JSON without a headline or a body that is known by name: send ninjs, or map the feed";
const NO_OBJECT: &str = "JSON that is no object: send an object an item";

/// A record of a table: a text, perhaps with an id.
pub fn recognises(item: &Json) -> bool {
    matches!(item.get("text"), Some(Json::Text(_)))
}

pub fn map(item: &Json, dispatch: &mut Dispatch) {
    let text = |key: &str| item.get(key).and_then(Json::str).map(str::to_owned);
    let marked = |text: String| Marked {
        text,
        markup: Markup::Plain,
    };
    if let Some(id) = text("id") {
        dispatch.alt_ids.push(("record".to_owned(), id));
    }
    dispatch.body = text("text").map(marked);
    dispatch.headline = text("title").map(marked);
    dispatch.language = text("lang");
    dispatch.version_created = text("date");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Item>, Error> {
        documents(&Payload::of(text))
    }

    #[test]
    fn a_broken_line_is_an_error_at_its_place() {
        let text = "{\"id\":\"1\",\"text\":\"one\"}\n{\"id\":\"2\",\"text\":\n{\"id\":\"3\",\"text\":\"three\"}\n";
        let items = read(text).expect("lines");
        assert_eq!(items.len(), 3);
        assert_eq!(items[0].as_ref().expect("first").format, Format::Jsonl);
        assert_eq!(
            items[1].as_ref().expect_err("second").reason,
            Reason::Truncated
        );
        let third = items[2].as_ref().expect("third");
        assert_eq!((third.item, third.alt_ids[0].1.as_str()), (2, "3"));
        let first_broken = read("{\"id\":\n{\"id\":\"3\",\"text\":\"three\"}\n").expect("lines");
        assert!(first_broken[0].is_err() && first_broken[1].is_ok());
    }

    #[test]
    fn documents_without_a_line_end_between_them_are_two_items() {
        let items = read(r#"{"uri":"urn:a:1","body_text":"x"}{"uri":"urn:a:2","body_text":"y"}"#);
        assert_eq!(items.expect("two").len(), 2);
    }

    #[test]
    fn bytes_after_the_document_are_passed_over_and_named() {
        let items = read(r#"{"uri":"urn:a:1","body_text":"x"} trailing"#).expect("one");
        assert_eq!(
            items[0].as_ref().expect("read").repairs,
            ["json:trailing-bytes"]
        );
    }

    #[test]
    fn a_line_that_is_no_object_is_a_broken_document() {
        let good = r#"{"uri":"urn:a:1","body_text":"x"}"#;
        for line in ["null", "\"text\"", "not json", "7", "[1]"] {
            let items = read(&format!("{good}\n{line}\n{good}\n")).expect(line);
            let reasons: Vec<Option<Reason>> = items
                .iter()
                .map(|item| item.as_ref().err().map(|error| error.reason))
                .collect();
            assert_eq!(reasons, [None, Some(Reason::Syntax), None], "{line}");
        }
        // after a document alone it is only noise
        for document in [good, "{\"uri\":\"urn:a:1\",\n\"body_text\":\"x\"}"] {
            let items = read(&format!("{document}\nnoise")).expect("one");
            let repairs = &items[0].as_ref().expect("a story").repairs;
            assert_eq!(
                (items.len(), &repairs[..]),
                (1, &["json:trailing-bytes".to_owned()][..])
            );
        }
    }

    #[test]
    fn items_are_found_inside_what_a_service_wraps_them_in() {
        for text in [
            r#"{"total":1,"items":[{"headline":"A","body":"x"}]}"#,
            r#"{"response":{"docs":[{"headLine":"A","body":"x"}]}}"#,
            r#"{"APIResponse":{"Items":[{"Title":"A","Caption":"x"}]}}"#,
            r#"{"entries":[{"format":"digitalwires@1.0","urn":"urn:a:1","headline":"A"}]}"#,
        ] {
            let items = read(text).expect(text);
            let headline = items[0].as_ref().expect(text).headline.clone();
            assert_eq!(
                headline.map(|marked| marked.text).as_deref(),
                Some("A"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_fault_is_named_with_its_place() {
        let error = read("{\"uri\": \"urn:a:1\",\n  oops}").expect_err("broken");
        assert_eq!(error.message, "no JSON at line 2, byte 3");
    }
}
