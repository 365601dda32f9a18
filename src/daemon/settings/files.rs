//! Files that settings name → what is wrong with them, before anything connects. No secret is in what is said.

use std::path::Path;

use async_nats::ConnectOptions;
use async_nats::rustls::pki_types::pem::PemObject as _;
use async_nats::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use async_nats::rustls::{ClientConfig, RootCertStore};
use nkeys::KeyPair;
use secrecy::ExposeSecret as _;

use super::{Fault, Settings, Tls};

/// Every fault of a file, and of a key that is given without one.
pub(super) fn faults(settings: &Settings, faults: &mut Vec<Fault>) {
    let nats = &settings.nats;
    let mut check = |path: &str, end: Result<(), String>| {
        if let Err(message) = end {
            faults.push(Fault::new(path, message));
        }
    };
    if let Some(file) = &nats.creds_file {
        check("nats.creds_file", credentials(file));
    }
    if let Some(seed) = &nats.nkey {
        let end = seed_of(seed.expose_secret());
        check(
            "nats.nkey",
            end.map_err(|said| format!("what is given {said}")),
        );
    }
    if let Some(file) = &nats.nkey_file {
        let end = first_line(file).and_then(|seed| {
            seed_of(&seed).map_err(|said| format!("the first line of {} {said}", file.display()))
        });
        check("nats.nkey_file", end);
    }
    for (path, file) in [
        ("nats.token_file", &nats.token_file),
        ("nats.password_file", &nats.password_file),
    ] {
        if let Some(file) = file {
            check(path, first_line(file).map(|_| ()));
        }
    }
    tls(&nats.tls, &mut check);
    if let Some(folder) = &settings.lexicon.folder
        && !folder.is_dir()
    {
        let message = format!("{} is no folder", folder.display());
        check("lexicon.folder", Err(message));
    }
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}

fn first_line(file: &Path) -> Result<String, String> {
    let text = String::from_utf8_lossy(&read(file)?).into_owned();
    let line = text.lines().next().unwrap_or_default().trim();
    match line.is_empty() {
        true => Err(format!("the first line of {} is blank", file.display())),
        false => Ok(line.to_owned()),
    }
}

fn seed_of(text: &str) -> Result<(), String> {
    let pair = KeyPair::from_seed(text.trim());
    pair.map(|_| ())
        .map_err(|_| "is no seed of an nkey such as SUA…: it cannot be decoded".to_owned())
}

fn credentials(file: &Path) -> Result<(), String> {
    let text = String::from_utf8_lossy(&read(file)?).into_owned();
    // the client's own reader, so that both agree; nothing is connected
    let made = ConnectOptions::new().credentials(&text);
    made.map(|_| ()).map_err(|_| {
        format!(
            "{} is no credentials file: a user's JWT and its seed, each between lines of dashes",
            file.display()
        )
    })
}

fn tls(tls: &Tls, check: &mut impl FnMut(&str, Result<(), String>)) {
    let mut roots = RootCertStore::empty();
    if let Some(file) = &tls.ca_file {
        let end = certificates(file).and_then(|found| {
            found.into_iter().try_for_each(|one| {
                roots
                    .add(one)
                    .map_err(|error| format!("{} cannot be trusted: {error}", file.display()))
            })
        });
        check("nats.tls.ca_file", end);
    }
    let chain = tls.cert_file.as_ref().map(|file| certificates(file));
    let key = tls.key_file.as_ref().map(|file| private_key(file));
    if let (Some(Ok(chain)), Some(Ok(key)), Some(cert_file), Some(key_file)) =
        (&chain, &key, &tls.cert_file, &tls.key_file)
    {
        let client = ClientConfig::builder().with_root_certificates(roots);
        let made = client.with_client_auth_cert(chain.clone(), key.clone_key());
        let end = made.map(|_| ()).map_err(|error| {
            format!(
                "{} is not the key of {}: {error}",
                key_file.display(),
                cert_file.display()
            )
        });
        check("nats.tls.key_file", end);
    }
    check(
        "nats.tls.cert_file",
        chain.unwrap_or(Ok(Vec::new())).map(|_| ()),
    );
    if let Some(Err(message)) = key {
        check("nats.tls.key_file", Err(message));
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(file)?).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(format!("{} holds no certificate (PEM)", file.display())),
    }
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(&read(file)?)
        .map_err(|_| format!("{} holds no private key (PEM)", file.display()))
}
