//! The only way to a host that has no address: a proxy that takes tunnels, and a server behind it that has a certificate of a
//! private authority and forwards each request to the fake GitHub.

use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use crate::message::Message;
use crate::relay::forward;

/// The host; the domain is reserved for tests (RFC 2606).
const HOST: &str = "github.test";

/// A gateway that listens until it is dropped.
pub(crate) struct Gateway {
    address: SocketAddr,
    folder: TempDir,
    shared: Arc<Shared>,
}

struct Shared {
    forge: SocketAddr,
    tls: Arc<ServerConfig>,
    tunnels: Mutex<Vec<String>>,
    asked: Mutex<Vec<Message>>,
    closed: AtomicBool,
}

impl Gateway {
    pub(crate) fn start(forge: SocketAddr) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            forge,
            tls: Arc::new(tls(&issuer)),
            tunnels: Mutex::default(),
            asked: Mutex::default(),
            closed: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if serving.closed.load(Ordering::Relaxed) {
                    break;
                }
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || drop(shared.serve(client)));
            }
        });
        Self {
            address,
            folder,
            shared,
        }
    }

    /// Returns the address of the server behind the proxy.
    pub(crate) fn forge(&self) -> String {
        format!("https://{HOST}")
    }

    /// Returns the address of the proxy.
    pub(crate) fn proxy(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the file with the authority's certificate.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Returns how often the proxy was asked for a tunnel to the server, and forgets it.
    pub(crate) fn tunnels(&self) -> usize {
        let tunnels = std::mem::take(&mut *self.shared.tunnels.lock().unwrap());
        let line = format!("CONNECT {HOST}:443 HTTP/1.1");
        assert!(tunnels.iter().all(|it| *it == line), "{tunnels:?}");
        tunnels.len()
    }

    /// Returns the requests so far, and forgets them.
    pub(crate) fn asked(&self) -> Vec<Message> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        // Wakes the listener.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    /// Serves one connection to its end. An error is a client that does not trust us, or has disconnected.
    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        // Byte by byte: what follows the head is for TLS.
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte)?;
            head.extend(byte);
        }
        let head = Message::head(&mut &head[..])?;
        let line = head.ok_or(io::ErrorKind::UnexpectedEof)?.first;
        self.tunnels.lock().unwrap().push(line);
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
        let connection = ServerConnection::new(Arc::clone(&self.tls)).unwrap();
        let mut reader = BufReader::new(StreamOwned::new(connection, client));
        while let Some(mut request) = Message::head(&mut reader)? {
            if request.header("expect").is_some() {
                reader
                    .get_mut()
                    .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
                reader.get_mut().flush()?;
                request.set("expect", None);
            }
            request.read_body(&mut reader)?;
            self.asked.lock().unwrap().push(request.clone());
            let mut answer = forward(self.forge, &mut request)?;
            // The fake GitHub does not know that it is reached through TLS.
            answer.replace(&format!("http://{HOST}"), &format!("https://{HOST}"));
            reader.get_mut().write_all(&answer.bytes())?;
            reader.get_mut().flush()?;
        }
        Ok(())
    }
}

fn tls(issuer: &CertifiedIssuer<'static, KeyPair>) -> ServerConfig {
    let params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap()
}
