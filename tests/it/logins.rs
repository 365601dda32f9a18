//! Every way to log in, and TLS with and without a certificate of ours, at a real server; and what is said where it fails.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nkeys::KeyPair;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa};

use crate::support::server::{Scratch, Server};

/// `check --live` with these settings.
fn live(sets: &[String]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copytaster"));
    command.args(["check", "--live", "--set", "nats.request_timeout=1s"]);
    for set in sets {
        command.args(["--set", set]);
    }
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn sound(sets: &[String]) {
    let output = live(sets);
    assert!(output.status.success(), "{sets:?}: {}", said(&output));
}

fn refused(sets: &[String], part: &str) {
    let output = live(sets);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(64), "{sets:?}: {said}");
    assert!(said.contains(part), "{part:?} is missing in {said}");
}

fn written(folder: &Scratch, name: &str, text: &str) -> PathBuf {
    let path = folder.0.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn set(key: &str, value: impl AsRef<Path>) -> String {
    format!("nats.{key}={}", value.as_ref().display())
}

#[test]
fn a_token_and_a_password_are_given_or_in_a_file() {
    let folder = Scratch::new("logins");
    let file = written(&folder, "secret", "s3cret\n");
    let server = Server::start("authorization { token: s3cret }");
    let url = set("servers", server.url());
    sound(&[url.clone(), set("token", "s3cret")]);
    sound(&[url.clone(), set("token_file", &file)]);
    sound(&[set("servers", server.url().replace("//", "//s3cret@"))]);
    refused(&[url, set("token", "wrong")], "check user, password, token");
    let server = Server::start("authorization { user: desk, password: s3cret }");
    let url = set("servers", server.url());
    sound(&[url, set("user", "desk"), set("password_file", &file)]);
}

#[test]
fn an_nkey_is_given_or_in_a_file() {
    let folder = Scratch::new("logins");
    let (own, other) = (KeyPair::new_user(), KeyPair::new_user());
    let seed = own.seed().unwrap();
    let server = Server::start(&format!(
        "authorization {{ users: [ {{ nkey: {} }} ] }}",
        own.public_key()
    ));
    let url = set("servers", server.url());
    sound(&[url.clone(), set("nkey", &seed)]);
    let file = written(&folder, "seed", &format!("{seed}\n"));
    sound(&[url.clone(), set("nkey_file", file)]);
    let other = other.seed().unwrap();
    refused(
        &[url.clone(), set("nkey", &other)],
        "authorization violation",
    );
    let cut = written(&folder, "cut", &seed[..20]);
    refused(
        &[url, set("nkey_file", cut)],
        "nats.nkey_file: the first line of",
    );
}

#[test]
fn credentials_are_read_before_anything_connects() {
    let folder = Scratch::new("logins");
    let seed = KeyPair::new_user().seed().unwrap();
    let creds = |seed: &str| {
        format!(
            "-----BEGIN NATS USER JWT-----\neyJ0.eyJq.c2ln\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        )
    };
    let whole = written(&folder, "whole.creds", &creds(&seed));
    let check = |file: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_copytaster"));
        let file = set("creds_file", file);
        command.args(["check", "--set", &file]).output().unwrap()
    };
    assert!(check(&whole).status.success());
    let cut = written(&folder, "cut.creds", &creds(&seed[..20]));
    let output = check(&cut);
    assert_eq!(output.status.code(), Some(64));
    let fault = "nats.creds_file: ";
    assert!(said(&output).starts_with(fault) && !said(&output).contains(&seed[..20]));
}

/// Certificates of one authority, and the files they are in.
struct Authority {
    issuer: CertifiedIssuer<'static, rcgen::KeyPair>,
    folder: Scratch,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let folder = Scratch::new("tls");
        let ca = pem("CERTIFICATE", issuer.der());
        written(&folder, "ca", &ca);
        Authority { issuer, folder }
    }

    /// Files `<name>.pem` and `<name>.key` of a certificate for `host`.
    fn sign(&self, name: &str, host: &str) {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = rcgen::KeyPair::generate().unwrap();
        let signed = params.signed_by(&key, &self.issuer).unwrap();
        let certificate = pem("CERTIFICATE", signed.der());
        written(&self.folder, &format!("{name}.pem"), &certificate);
        let key = pem("PRIVATE KEY", &key.serialize_der());
        written(&self.folder, &format!("{name}.key"), &key);
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    fn server(&self, more: &str) -> Server {
        let files = ["server.pem", "server.key", "ca"].map(|name| self.file(name));
        let [cert, key, ca] = files.map(|file| format!("{:?}", file.display().to_string()));
        Server::start(&format!(
            "tls {{ cert_file: {cert}, key_file: {key}, ca_file: {ca}, {more} }}"
        ))
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

#[test]
fn tls_is_spoken_and_what_is_wrong_with_it_is_named() {
    let (own, other) = (Authority::new(), Authority::new());
    own.sign("server", "127.0.0.1");
    own.sign("client", "desk.test");
    other.sign("client", "desk.test");
    let ca = set("tls.ca_file", own.file("ca"));

    let server = own.server("timeout: 5");
    let url = set("servers", server.url().replace("nats:", "tls:"));
    sound(&[url.clone(), ca.clone()]);
    let foreign = set("tls.ca_file", other.file("ca"));
    refused(&[url, foreign], "in nats.tls.ca_file");
    let named = server.url().replace("nats://127.0.0.1", "tls://localhost");
    let named = [set("servers", named), ca.clone()];
    refused(
        &named,
        "name the server in nats.servers as its certificate does",
    );

    let server = own.server("timeout: 5, handshake_first: true");
    let url = set("servers", server.url());
    sound(&[url.clone(), ca.clone(), set("tls.first", "true")]);
    refused(&[url, ca.clone()], "nats.tls.first");

    let server = own.server("timeout: 5, verify: true");
    let url = set("servers", server.url());
    let pair = |authority: &Authority| {
        let cert = set("tls.cert_file", authority.file("client.pem"));
        [cert, set("tls.key_file", authority.file("client.key"))]
    };
    let with = |more: &[String]| [&[url.clone(), ca.clone()], more].concat();
    sound(&with(&pair(&own)));
    refused(&with(&[]), "nats.tls.cert_file and nats.tls.key_file");
    refused(
        &with(&pair(&other)),
        "nats.tls.cert_file and nats.tls.key_file",
    );
    let [cert, _] = pair(&own);
    let [_, key] = pair(&other);
    refused(&with(&[cert, key]), "is not the key of");

    let plain = Server::start("");
    let url = set("servers", plain.url());
    refused(
        &[url, ca, set("tls.require", "true")],
        "does the server speak TLS",
    );
}
