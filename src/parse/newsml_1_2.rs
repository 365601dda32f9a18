//! NewsML 1.0 to 1.2 → dispatches, one a NewsItem. Which component is the text, and what do the others say of it?
//!
//! Source: the NewsML 1.2 DTD and guidelines of the IPTC (RFC 3085 for identifiers). Components nest and
//! repeat: what an outer one says holds for those inside, so the outermost word stands and inner ones add.

mod component;

use crate::story::{Dispatch, Format, Reason};

use super::code::{agency_of_domain, version_word};
use super::xml::{self, Document, Element};
use super::{Error, Item, Payload, set};

pub fn read(payload: &Payload) -> Result<Vec<Item>, Error> {
    let document = xml::read(payload.text)?;
    let root = &document.root;
    let mut items: Vec<Item> = Vec::new();
    for element in root.all("NewsItem") {
        let read = match document.is_cut(element) {
            true => Err(document.cut(element)),
            false => Ok(item(root, element, items.len(), &document, payload)),
        };
        items.push(read);
    }
    match items.len() {
        0 if document.truncated => Err(document.cut(root)),
        0 => Err(Error::new(
            Reason::Empty,
            "a NewsML document without a NewsItem: nothing to publish",
        )),
        _ => Ok(items),
    }
}

fn item(
    root: &Element<'_>,
    element: &Element<'_>,
    number: usize,
    document: &Document<'_>,
    payload: &Payload,
) -> Dispatch {
    let mut dispatch = payload.dispatch(number, Format::Newsml12);
    let repairs = document.repairs.iter().map(|repair| (*repair).to_owned());
    dispatch.repairs.extend(repairs);
    if let Some(identification) = element.child("Identification") {
        identify(identification, &mut dispatch);
    }
    dispatch.language = element.value("lang");
    if let Some(management) = element.child("NewsManagement") {
        manage(management, &mut dispatch);
    }
    component::fill(element, &mut dispatch);
    if let Some(label) = element.words_at("Identification/NameLabel") {
        set(&mut dispatch.labels.slugline, Some(label));
    }
    if let Some(envelope) = root.child("NewsEnvelope") {
        set_envelope(envelope, &mut dispatch);
    }
    let provider = element.words_at("Identification/NewsIdentifier/ProviderId");
    set(
        &mut dispatch.agency,
        provider.map(|id| agency_of_domain(&id)),
    );
    dispatch
}

/// The public identifier, else one of the same form from its parts.
fn identify(identification: &Element<'_>, dispatch: &mut Dispatch) {
    let Some(identifier) = identification.child("NewsIdentifier") else {
        return;
    };
    let part = |name: &str| identifier.words_at(name);
    dispatch.version = part("RevisionId");
    let item = part("NewsItemId");
    let public = part("PublicIdentifier");
    // some send one identifier for all they ever wrote: it holds the provider's part alone
    let names_item =
        |public: &String| !public.starts_with("urn:newsml:") || public.matches(':').count() >= 4;
    dispatch.guid = public.filter(names_item).or_else(|| {
        let (provider, date, item) = (part("ProviderId")?, part("DateId")?, item.clone()?);
        let revision = dispatch.version.as_deref().unwrap_or("1");
        Some(format!("urn:newsml:{provider}:{date}:{item}:{revision}"))
    });
    if dispatch.guid.is_none() {
        dispatch.guid = item;
    } else if let Some(item) = item {
        dispatch.alt_ids.push(("item".to_owned(), item));
    }
}

fn manage(management: &Element<'_>, dispatch: &mut Dispatch) {
    dispatch.first_created = management.words_at("FirstCreated");
    dispatch.version_created = management.words_at("ThisRevisionCreated");
    dispatch.pub_status = management.child("Status").and_then(formal);
    // `DEFAULT` and the like say nothing
    let urgency = management.child("Urgency").and_then(formal);
    dispatch.urgency = urgency.filter(|urgency| urgency.len() == 1);
    let will_change = management.child("StatusWillChange");
    if dispatch
        .pub_status
        .as_deref()
        .is_some_and(|s| s.eq_ignore_ascii_case("embargoed"))
    {
        dispatch.embargoed_until = will_change.and_then(|change| change.words_at("DateAndTime"));
    }
    let kind = management
        .child("NewsItemType")
        .and_then(formal)
        .unwrap_or_default();
    let word = version_word(&kind);
    set(&mut dispatch.version_text, word.map(str::to_owned));
    if let Some(instruction) = management.child("Instruction").and_then(formal)
        && matches!(
            instruction.to_ascii_lowercase().as_str(),
            "kill" | "delete" | "withdraw"
        )
    {
        dispatch.version_text = Some("KILL".to_owned());
    }
}

fn set_envelope(envelope: &Element<'_>, dispatch: &mut Dispatch) {
    set(
        &mut dispatch.version_created,
        envelope.words_at("DateAndTime"),
    );
    set(
        &mut dispatch.labels.priority,
        envelope.child("Priority").and_then(formal),
    );
    if let Some(id) = envelope.words_at("TransmissionId") {
        dispatch.alt_ids.push(("transmission".to_owned(), id));
    }
    let sender = envelope.at("SentFrom/Party").and_then(formal);
    set(&mut dispatch.agency, sender);
}

/// The `FormalName` of an element, or the text that some send in its place.
fn formal(element: &Element<'_>) -> Option<String> {
    element.value("FormalName").or_else(|| element.words())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identifier_is_the_public_one_or_made_from_its_parts() {
        let parts = "<ProviderId>wire.example</ProviderId><DateId>20231106</DateId><NewsItemId>7</NewsItemId>";
        let revision = "<RevisionId>2</RevisionId>";
        let public = "<PublicIdentifier>urn:newsml:wire.example:20231106:7:2</PublicIdentifier>";
        let bare = "<PublicIdentifier>urn:newsml:wire.example</PublicIdentifier>";
        let made = "urn:newsml:wire.example:20231106:7:2";
        for (identifier, component, guid) in [
            (format!("{parts}{revision}{public}"), "", Some(made)),
            (format!("{parts}{revision}{bare}"), "", Some(made)),
            (
                format!("{parts}{revision}"),
                "Duid='03AE4325838900396A95'",
                Some(made),
            ),
            (
                parts.to_owned(),
                "",
                Some("urn:newsml:wire.example:20231106:7:1"),
            ),
            ("<NewsItemId>7</NewsItemId>".to_owned(), "", Some("7")),
            (
                "<ProviderId>wire.example</ProviderId>".to_owned(),
                "Duid='03AE4325838900396A95'",
                Some("03AE4325838900396A95"),
            ),
            (String::new(), "Duid='NC0001'", None),
        ] {
            let text = format!(
                "<NewsML><NewsItem><Identification><NewsIdentifier>{identifier}</NewsIdentifier></Identification>\
                 <NewsComponent {component}><ContentItem><DataContent>Text.</DataContent></ContentItem></NewsComponent>\
                 </NewsItem></NewsML>"
            );
            let payload = Payload::of(&text);
            let mut items = read(&payload).expect(&text);
            let dispatch = items.remove(0).expect(&text);
            assert_eq!(dispatch.guid.as_deref(), guid, "{text}");
            assert_eq!(
                dispatch.body.map(|body| body.text).as_deref(),
                Some("Text.")
            );
        }
    }
}
