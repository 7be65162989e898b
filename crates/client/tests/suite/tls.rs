//! TLS: which servers are trusted, and that no other server receives a request. Also the TLS server of the tests.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use lockgate_client::{Client, FetchError, Fetched, Options, Proxy, Request, Source};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::release::*;

/// A certificate authority of a test's own, and the file with its certificate.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

/// A server on 127.0.0.1 with one answer for every request.
pub(crate) struct TlsServer {
    at: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// The years in which a certificate is valid.
const GOOD: (i32, i32) = (2000, 4000);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Starts a server with a certificate for `name` and these years.
    pub(crate) fn server(&self, name: &str, years: (i32, i32), answer: Vec<u8>) -> TlsServer {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsServer::start(Arc::new(config), answer)
    }

    pub(crate) fn honest(&self) -> TlsServer {
        let bytes = bytes(ASSET);
        let head = format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            bytes.len()
        );
        self.server("127.0.0.1", GOOD, [head.into_bytes(), bytes].concat())
    }
}

impl TlsServer {
    fn start(config: Arc<ServerConfig>, answer: Vec<u8>) -> Self {
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
                while !head.ends_with("\r\n\r\n") {
                    // A client that does not trust this certificate disconnects.
                    match lines.read_line(&mut head) {
                        Ok(1..) => {}
                        _ => break,
                    }
                }
                if head.ends_with("\r\n\r\n") {
                    heard.lock().unwrap().push(head);
                    let mut stream = lines.into_inner();
                    drop(stream.write_all(&answer));
                    stream.conn.send_close_notify();
                    drop(stream.flush());
                }
            }
        });
        Self { at, asked }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.at
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Fetches from such a server, trusting these files.
pub(crate) fn fetch(
    release: &Release,
    server: &TlsServer,
    ca_files: Vec<PathBuf>,
    proxy: Proxy,
) -> Result<Fetched, FetchError> {
    let options = Options {
        ca_files,
        proxy,
        ..release.options()
    };
    let source = Source::new(&format!("https://{}", server.at), "o/n", TAG)?;
    Client::new(options)?.fetch(&Request {
        source,
        ..release.request(pins())
    })
}

#[test]
fn an_authority_that_was_named_is_believed() {
    let (release, authority) = (Release::published(), Authority::new());
    let server = authority.honest();
    let fetched = fetch(&release, &server, vec![authority.file()], Proxy::Direct).unwrap();
    assert_eq!(std::fs::read(fetched.path).unwrap(), bytes(ASSET));
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_server_that_is_not_who_it_should_be_is_asked_nothing() {
    let authority = Authority::new();
    let answer = b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n".to_vec();
    let other = Authority::new();
    let table = [
        (
            "another name",
            authority.server("other.example", GOOD, answer.clone()),
            &authority,
        ),
        (
            "expired",
            authority.server("127.0.0.1", (2000, 2001), answer.clone()),
            &authority,
        ),
        (
            "of the future",
            authority.server("127.0.0.1", (3000, 3001), answer.clone()),
            &authority,
        ),
        (
            "of an authority that is not trusted",
            authority.server("127.0.0.1", GOOD, answer),
            &other,
        ),
    ];
    for (how, server, trusted) in table {
        let release = Release::published();
        let error = fetch(&release, &server, vec![trusted.file()], Proxy::Direct).unwrap_err();
        assert_eq!(error.code(), "fetch.network", "{how}: {error}");
        assert!(error.to_string().contains("certificate"), "{how}: {error}");
        assert!(error.hint().contains("LOCKGATE_CA_FILE"), "{how}");
        assert!(server.asked().is_empty(), "{how}");
        assert!(
            release.waits.lock().unwrap().is_empty(),
            "{how} does not pass"
        );
    }
}

#[test]
fn a_file_that_holds_no_authority_is_named() {
    let (release, authority) = (Release::published(), Authority::new());
    let server = authority.honest();
    let (absent, empty) = (authority.file().with_file_name("x"), authority.file());
    std::fs::write(&empty, "no certificate").unwrap();
    for file in [absent, empty] {
        let shown = file.display().to_string();
        let error = fetch(&release, &server, vec![file], Proxy::Direct).unwrap_err();
        assert_eq!(error.code(), "fetch.network");
        assert!(error.to_string().contains(&shown), "{error}");
    }
    assert!(server.asked().is_empty());
}

#[test]
fn an_encrypted_server_does_not_lead_to_one_that_is_not() {
    let (release, authority) = (Release::published(), Authority::new());
    let open = format!("{}{}", release.server.url(), path_of(ASSET));
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: {open}\r\nContent-Length: 0\r\n\r\n");
    let server = authority.server("127.0.0.1", GOOD, answer.into_bytes());
    let error = fetch(&release, &server, vec![authority.file()], Proxy::Direct).unwrap_err();
    assert_eq!(error.code(), "fetch.network");
    assert!(
        error.to_string().ends_with("which is not encrypted"),
        "{error}"
    );
    assert!(release.server.asked().is_empty());
}
