//! Real programs: a proxy and a static web server, as a distribution packages them. `scripts/setup.sh test` installs
//! them.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lockgate_client::{Client, Digest, Event, Options, Origin, Proxy};

use crate::release::*;
use crate::server::{Answer, nobody};
use crate::tls::{Authority, fetch};

/// A program that listens on a port of this machine, until it is dropped.
struct Running {
    child: Child,
    port: u16,
}

impl Running {
    /// Starts a program. These programs cannot choose a free port themselves, and another process may take the chosen
    /// one first, so it is tried several times.
    fn start(command: impl Fn(u16) -> Command) -> Self {
        for _ in 0..10 {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = free.local_addr().unwrap().port();
            drop(free);
            let mut command = command(port);
            let spawned = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
            let child = spawned.expect("`scripts/setup.sh test` installs it");
            let mut running = Self { child, port };
            let retry_budget = Instant::now() + Duration::from_secs(20);
            while Instant::now() < retry_budget && running.child.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return running;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        panic!("no port was free");
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn proxy(folder: &Path, more: &str) -> Running {
    Running::start(|port| {
        let file = folder.join(format!("{port}.conf"));
        let log = folder.join("log");
        let text = format!(
            "Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nLogLevel Connect\nLogFile \"{}\"\n{more}",
            log.display()
        );
        fs::write(&file, text).unwrap();
        let mut command = Command::new("tinyproxy");
        command.arg("-d").arg("-c").arg(file);
        command
    })
}

#[test]
fn through_a_real_proxy_in_the_open_and_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = proxy(folder.path(), "");
    let release = Release::published();
    let options = Options {
        proxy: Proxy::Through(proxy.url()),
        ..release.options()
    };
    let client = Client::new(options).unwrap();
    let fetched = client.fetch(&release.request(by_receipt())).unwrap();
    assert_eq!(fs::read(&fetched.path).unwrap(), bytes(ASSET));
    assert_eq!(release.server.asked().len(), 2);
    // Proxies refuse a tunnel to another port than 443 by default.
    let plain = format!("GET {}", release.server.url());

    let (release, authority) = (Release::published(), Authority::new());
    let server = authority.honest();
    let through = Proxy::Through(proxy.url());
    let fetched = fetch(&release, &server, vec![authority.file()], through).unwrap();
    assert_eq!(fs::read(&fetched.path).unwrap(), bytes(ASSET));
    assert_eq!(server.asked().len(), 1);
    let encrypted = format!("CONNECT {}", server.address());
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    let through = |what: &str| log.lines().filter(|line| line.contains(what)).count();
    assert_eq!((through(&plain), through(&encrypted)), (2, 1), "{log}");
}

#[test]
fn a_proxy_that_refuses_or_is_gone_is_network_trouble() {
    let folder = tempfile::tempdir().unwrap();
    // It allows port 1 only.
    let proxy = proxy(folder.path(), "ConnectPort 1\n");
    let (release, authority) = (Release::published(), Authority::new());
    let server = authority.honest();
    for through in [proxy.url(), nobody()] {
        let through = Proxy::Through(through);
        let error = fetch(&release, &server, vec![authority.file()], through).unwrap_err();
        assert_eq!(error.code(), "fetch.network", "{error}");
    }
    assert!(server.asked().is_empty());
}

#[test]
fn a_real_web_server_is_a_mirror_and_sends_the_rest_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(TAG)).unwrap();
    fs::write(folder.path().join(TAG).join(ASSET), bytes(ASSET)).unwrap();
    let server = Running::start(|port| {
        let mut command = Command::new("busybox");
        command.args(["httpd", "-f", "-p", &format!("127.0.0.1:{port}"), "-h"]);
        command.arg(folder.path());
        command
    });
    let release = Release::published();
    release.set(ASSET, Answer::Status(500));
    let reported: Arc<Mutex<Vec<String>>> = Arc::default();
    let into = Arc::clone(&reported);
    let options = Options {
        mirrors: vec![server.url()],
        listener: Some(Arc::new(move |event| {
            if let Event::Resuming { .. } = event {
                into.lock().unwrap().push(event.to_string());
            }
        })),
        ..release.options()
    };
    let client = Client::new(options).unwrap();
    let at = Origin::Mirror(format!("{}/{TAG}/{ASSET}", server.url()));
    assert_eq!(client.fetch(&release.request(pins())).unwrap().origin, at);
    // Again, with half of the file already here.
    let half = bytes(ASSET).len() / 2;
    let name = format!("{}.dead.part", Digest::of(&bytes(ASSET)));
    fs::remove_file(release.entry()).unwrap();
    let beginning = release.cache.path().join("incomplete").join(name);
    fs::write(beginning, &bytes(ASSET)[..half]).unwrap();
    assert_eq!(client.fetch(&release.request(pins())).unwrap().origin, at);
    let expected = format!("resuming {ASSET} after {half} bytes");
    assert_eq!(*reported.lock().unwrap(), [expected]);
    // An absent file is a "not published" error.
    let error = client.fetch(&lockgate_client::Request {
        asset: OTHER.parse().unwrap(),
        ..release.request(pins())
    });
    assert!(error.is_ok(), "the release has it");
}
