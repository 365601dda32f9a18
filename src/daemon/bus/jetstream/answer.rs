//! The server's answer to a commit: stored, fenced, or refused?

use serde::Deserialize;

use crate::daemon::bus::Unstored;

/// "wrong last sequence": somebody else wrote the checkpoint.
const WRONG_LAST_SEQUENCE: u64 = 10071;

#[derive(Deserialize)]
struct Answer {
    error: Option<Refusal>,
    #[serde(default)]
    seq: u64,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

/// The sequence of the last record, or why there is none.
pub(super) fn of_commit(payload: &[u8], fence: u64) -> Result<u64, Unstored> {
    let answer: Answer = serde_json::from_slice(payload).map_err(|error| {
        Unstored::NoAnswer(format!("an answer to a commit that is none: {error}"))
    })?;
    match answer.error {
        None if answer.seq > 0 => Ok(answer.seq),
        None => Err(Unstored::NoAnswer(
            "an answer to a commit without a sequence".to_owned(),
        )),
        Some(refusal) if refusal.err_code == WRONG_LAST_SEQUENCE => Err(Unstored::Fenced(fence)),
        Some(Refusal {
            err_code,
            description,
        }) => Err(Unstored::Refused(format!(
            "the server refused a commit: {description} ({err_code})"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_stored_fenced_refused_or_none() {
        let of = |text: &str| of_commit(text.as_bytes(), 7);
        assert_eq!(
            of(r#"{"stream":"WIRE","seq":42,"batch":"b","count":3}"#),
            Ok(42)
        );
        let fenced =
            r#"{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 9"}}"#;
        assert_eq!(of(fenced), Err(Unstored::Fenced(7)));
        let full =
            r#"{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"}}"#;
        assert!(
            matches!(of(full), Err(Unstored::Refused(said)) if said.contains("maximum bytes exceeded (10077)"))
        );
        for none in ["", "{}", "no"] {
            assert!(matches!(of(none), Err(Unstored::NoAnswer(_))), "{none}");
        }
    }
}
