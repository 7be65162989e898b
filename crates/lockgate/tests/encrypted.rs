//! The adapter for GitHub over TLS, through the real command: which certificates it trusts, and that the token is not
//! leaked.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

type Issuer = CertifiedIssuer<'static, KeyPair>;

const TOKEN: &str = "planted-token";

fn authority() -> Issuer {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Starts a server that claims to be `name`, returns 404, and records the requests.
fn server(issuer: &Issuer, name: &str, last_year: i32) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(last_year, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (at, asked) = (
        listener.local_addr().unwrap(),
        Arc::<Mutex<Vec<_>>>::default(),
    );
    let heard = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut lines = BufReader::new(StreamOwned::new(connection, stream));
            let mut head = String::new();
            // A client that does not trust this server disconnects.
            while matches!(lines.read_line(&mut head), Ok(1..)) && !head.ends_with("\r\n\r\n") {}
            if head.ends_with("\r\n\r\n") {
                heard.lock().unwrap().push(head);
                let mut stream = lines.into_inner();
                let answer = "HTTP/1.1 404 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
                drop(stream.write_all(answer.as_bytes()));
                stream.conn.send_close_notify();
                drop(stream.flush());
            }
        }
    });
    (at, asked)
}

/// Requests a pull request's candidate, with a token.
fn ask(folder: &Path, at: SocketAddr) -> Output {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/minimal");
    std::fs::copy(sample.join("lockgate.toml"), folder.join("lockgate.toml")).unwrap();
    let forge = format!("https://{at}");
    let words = ["fetch", "hello", "--pr", "1", "--repo", "o/r", "--forge"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockgate"));
    command.args(words).arg(forge).args(["--variant", "amd64"]);
    command.current_dir(folder).env_clear().envs([
        ("GITHUB_TOKEN", TOKEN),
        ("LOCKGATE_PAUSE_MS", "1"),
        ("SSL_CERT_FILE", folder.join("ca.pem").to_str().unwrap()),
    ]);
    command.output().unwrap()
}

#[test]
fn the_forge_is_believed_where_its_authority_is_and_then_sees_the_token() {
    let (folder, issuer) = (tempfile::tempdir().unwrap(), authority());
    std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
    let (at, asked) = server(&issuer, "127.0.0.1", 4000);
    let output = ask(folder.path(), at);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("(forge.not-found)"), "{stderr}");
    let asked = asked.lock().unwrap();
    assert!(asked[0].contains(&format!("Bearer {TOKEN}")), "{asked:?}");
}

#[test]
fn a_forge_that_is_not_who_it_should_be_sees_no_request_and_no_token() {
    let (issuer, other) = (authority(), authority());
    let table = [
        ("another name", server(&issuer, "other.example", 4000)),
        ("expired", server(&issuer, "127.0.0.1", 2001)),
        ("unknown authority", server(&other, "127.0.0.1", 4000)),
    ];
    for (how, (at, asked)) in table {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        let output = ask(folder.path(), at);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{how}: {stderr}");
        assert!(stderr.contains("(forge.unavailable)"), "{how}: {stderr}");
        assert!(stderr.contains("certificate"), "{how}: {stderr}");
        assert!(asked.lock().unwrap().is_empty(), "{how}");
    }
}
