//! A relay between a client and the fake GitHub that injects a network fault into one of the calls.
//!
//! It knows no rules of GitHub. It records requests and responses in order.

use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socket2::SockRef;

use crate::message::Message;

/// The effect on a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    // The server never receives the request:
    /// The connection is reset after its head.
    ResetAtOnce,
    /// The connection is reset after all of it.
    ResetUnsent,
    /// Half of its body reaches the server; then both connections are reset.
    Torn,
    /// It is accepted, but there is no response.
    StalledUnsent,
    /// A login page is returned, with status 200.
    Portal,

    // The server has executed the request:
    /// The connection is reset instead of a response.
    Reset,
    /// The connection is reset in the middle of the response.
    ResetMidway,
    /// The response never arrives.
    Stalled,
    /// The responding half of the connection is closed; the other half stays open.
    HalfClosed,
    /// The same in the middle of the response.
    HalfClosedMidway,
    /// The response arrives byte by byte.
    Dripped,
    /// Each byte arrives in time, but all of them together take too long.
    Trickled,
    /// The response is not HTTP.
    Noise,
    /// The response is JSON of another kind.
    OtherJson,
    /// The response is longer than announced; the excess stays in the connection.
    Understated,
    /// The response is shorter than announced, and the connection ends.
    Overstated,
}

/// A hook that is called before a request is forwarded and after its response: its name, and the response.
pub(crate) type Watch = Box<dyn Fn(&str, Option<&Message>) + Send + Sync>;

/// A relay that listens until it is dropped.
pub(crate) struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    forge: SocketAddr,
    /// The fault, and the call it applies to: the nth with that name, from 1.
    strike: Mutex<Option<(String, usize, Fault)>>,
    asked: Mutex<Vec<Message>>,
    closed: AtomicBool,
    watch: Watch,
}

impl Relay {
    pub(crate) fn start(forge: SocketAddr, watch: Watch) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            forge,
            strike: Mutex::default(),
            asked: Mutex::default(),
            closed: AtomicBool::new(false),
            watch,
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
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets the fault for the nth call with a name, from 1.
    pub(crate) fn arm(&self, name: &str, nth: usize, fault: Fault) {
        *self.shared.strike.lock().unwrap() = Some((name.to_owned(), nth, fault));
    }

    /// Removes the fault; returns whether it has occurred.
    pub(crate) fn disarm(&self) -> bool {
        self.shared.strike.lock().unwrap().take().is_none()
    }

    /// Returns the requests so far, without bodies.
    pub(crate) fn asked(&self) -> Vec<Message> {
        self.shared.asked.lock().unwrap().clone()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        // Wakes the listener.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    /// Serves one connection to its end. An error is a client or a server that has disconnected.
    fn serve(&self, client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let mut reader = BufReader::new(client.try_clone()?);
        let mut link = Link { client };
        while let Some(mut request) = Message::head(&mut reader)? {
            let fault = self.note(&request);
            (self.watch)(&request.name(), None);
            if fault == Some(Fault::ResetAtOnce) {
                return link.reset();
            }
            if request.header("expect").is_some() {
                link.send(b"HTTP/1.1 100 Continue\r\n\r\n")?;
                request.set("expect", None);
            }
            request.read_body(&mut reader)?;
            match fault {
                Some(Fault::ResetUnsent) => return link.reset(),
                Some(Fault::Torn) => {
                    let mut forge = Link::to(self.forge)?;
                    let bytes = request.bytes();
                    forge.send(&bytes[..bytes.len() - request.body.len() / 2])?;
                    forge.reset()?;
                    return link.reset();
                }
                Some(Fault::StalledUnsent) => return gone(&mut reader),
                Some(Fault::Portal) => {
                    let page = "<!DOCTYPE html><title>Sign in</title>";
                    link.send(&Message::answer("text/html", page).bytes())?;
                    continue;
                }
                _ => {}
            }
            let mut answer = forward(self.forge, &mut request)?;
            (self.watch)(&request.name(), Some(&answer));
            let bytes = answer.bytes();
            let half = bytes.len() - answer.body.len().div_ceil(2).max(1);
            match fault {
                Some(Fault::Reset) => return link.reset(),
                Some(Fault::ResetMidway) => {
                    link.send(&bytes[..half])?;
                    return link.reset();
                }
                Some(Fault::Stalled) => return gone(&mut reader),
                Some(Fault::HalfClosed) => {
                    link.client.shutdown(Shutdown::Write)?;
                    return gone(&mut reader);
                }
                Some(Fault::HalfClosedMidway) => {
                    link.send(&bytes[..half])?;
                    link.client.shutdown(Shutdown::Write)?;
                    return gone(&mut reader);
                }
                Some(Fault::Dripped) => link.drip(&bytes)?,
                Some(Fault::Trickled) => link.trickle(&answer)?,
                Some(Fault::Noise) => {
                    return link.send(b"\x15\x03\x01\0\x02\x02\x0a\r\n\r\nwhat?\r\n\r\n");
                }
                Some(Fault::OtherJson) => {
                    let other = Message::answer("application/json", "{\"id\": [\"what?\"]}");
                    link.send(&other.bytes())?;
                }
                Some(Fault::Understated) => {
                    let length = (answer.body.len() / 2).to_string();
                    answer.set("content-length", Some(&length));
                    link.send(&answer.bytes())?;
                }
                Some(Fault::Overstated) => {
                    let length = (answer.body.len() + 10).to_string();
                    answer.set("content-length", Some(&length));
                    return link.send(&answer.bytes());
                }
                None => link.send(&bytes)?,
                // Handled above, before forwarding.
                Some(
                    Fault::ResetAtOnce
                    | Fault::ResetUnsent
                    | Fault::Torn
                    | Fault::StalledUnsent
                    | Fault::Portal,
                ) => {}
            }
        }
        Ok(())
    }

    /// Records a request, and returns its fault.
    fn note(&self, request: &Message) -> Option<Fault> {
        let name = request.name();
        self.asked.lock().unwrap().push(request.clone());
        let mut strike = self.strike.lock().unwrap();
        let (struck, left, fault) = strike.as_mut()?;
        if *struck != name {
            return None;
        }
        *left -= 1;
        let fault = *fault;
        strike.take_if(|(_, left, _)| *left == 0).map(|_| fault)
    }
}

/// Forwards a request on a connection of its own, and reads the response to its end.
pub(crate) fn forward(forge: SocketAddr, request: &mut Message) -> io::Result<Message> {
    let mut forge = Link::to(forge)?;
    request.set("connection", Some("close"));
    forge.send(&request.bytes())?;
    let mut reader = BufReader::new(forge.client);
    let answer = Message::head(&mut reader)?;
    let mut answer = answer.ok_or(io::ErrorKind::UnexpectedEof)?;
    answer.set("connection", None);
    answer.read_body(&mut reader)?;
    Ok(answer)
}

/// Waits for the client to disconnect.
fn gone(reader: &mut impl Read) -> io::Result<()> {
    io::copy(reader, &mut io::sink()).map(drop)
}

struct Link {
    client: TcpStream,
}

impl Link {
    fn to(address: SocketAddr) -> io::Result<Self> {
        let client = TcpStream::connect(address)?;
        client.set_nodelay(true)?;
        Ok(Self { client })
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.client.write_all(bytes)
    }

    /// Closing without lingering sends a reset.
    fn reset(&self) -> io::Result<()> {
        SockRef::from(&self.client).set_linger(Some(Duration::ZERO))
    }

    /// Sends byte by byte; for a large file, the end in larger pieces.
    fn drip(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (first, rest) = bytes.split_at(bytes.len().min(3000));
        let pieces = first.chunks(1).chain(rest.chunks(1000));
        pieces
            .into_iter()
            .try_for_each(|piece| self.client.write_all(piece))
    }

    fn trickle(&mut self, answer: &Message) -> io::Result<()> {
        let bytes = answer.bytes();
        let (head, body) = bytes.split_at(bytes.len() - answer.body.len());
        self.client.write_all(head)?;
        body.chunks(1).try_for_each(|byte| {
            std::thread::sleep(Duration::from_millis(20));
            self.client.write_all(byte)
        })
    }
}
