//! Connects to the first of a host's addresses that answers (Happy Eyeballs, RFC 8305).
//!
//! The addresses alternate by family. If an attempt fails, or has not ended after a quarter of a second, the next one
//! starts in parallel, so that a dead address costs that quarter and not a whole time-out. The family that answered is
//! remembered and comes first the next time. Does not know what a connection is for.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long an attempt runs before the next one starts (RFC 8305, 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to one address, within this time.
pub(crate) type Attempt<T> = dyn Fn(SocketAddr, Option<Duration>) -> io::Result<T> + Send + Sync;

/// Connects, and remembers the address family that answered.
#[derive(Debug)]
pub(crate) struct Dialer {
    head_start: Duration,
    /// 4 or 6; 0 at first.
    family: AtomicU8,
}

impl Default for Dialer {
    fn default() -> Self {
        Self {
            head_start: HEAD_START,
            family: AtomicU8::new(0),
        }
    }
}

impl Dialer {
    /// Returns the first connection that is made within `limit`, or the last error.
    pub(crate) fn dial<T: Send + 'static>(
        &self,
        addresses: &[SocketAddr],
        limit: Option<Duration>,
        attempt: &Arc<Attempt<T>>,
    ) -> io::Result<T> {
        let begun = Instant::now();
        let left = || limit.map(|limit| limit.saturating_sub(begun.elapsed()));
        let ordered = self.ordered(addresses);
        // A single address needs no thread.
        if let [only] = ordered.as_slice() {
            return attempt(*only, left());
        }
        let (send, results) = channel();
        let (mut waiting, mut running) = (ordered.into_iter(), 0_usize);
        let mut last = io::Error::from(io::ErrorKind::HostUnreachable);
        loop {
            if left().is_some_and(|left| left.is_zero()) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if let Some(address) = waiting.next() {
                let (send, attempt, left) = (send.clone(), Arc::clone(attempt), left());
                // An attempt that loses the race ends by its own time limit, and its connection is closed.
                let task = move || drop(send.send((address, attempt(address, left))));
                start(task)?;
                running += 1;
            } else if running == 0 {
                return Err(last);
            }
            let long = left().unwrap_or(Duration::from_secs(1 << 30));
            let wait = match waiting.len() {
                0 => long,
                _ => long.min(self.head_start),
            };
            match results.recv_timeout(wait) {
                Ok((address, Ok(connection))) => {
                    self.family.store(family(address), Ordering::Relaxed);
                    return Ok(connection);
                }
                Ok((_, Err(error))) => {
                    running -= 1;
                    last = error;
                }
                // The next address, or the end.
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
    }

    /// Alternates the families (RFC 8305, 4), beginning with the one that answered last, else with that of the first
    /// address.
    fn ordered(&self, addresses: &[SocketAddr]) -> Vec<SocketAddr> {
        let first = match self.family.load(Ordering::Relaxed) {
            0 => addresses.first().map_or(0, |address| family(*address)),
            known => known,
        };
        let of = |wanted: bool| {
            let all = addresses.iter().copied();
            all.filter(move |address| (family(*address) == first) == wanted)
        };
        let (mut ours, mut others) = (of(true), of(false));
        let mut ordered = Vec::with_capacity(addresses.len());
        loop {
            let before = ordered.len();
            ordered.extend(ours.next());
            ordered.extend(others.next());
            if ordered.len() == before {
                return ordered;
            }
        }
    }
}

fn start(task: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = std::thread::Builder::new().name("lockgate-connect".to_owned());
    thread.spawn(task).map(drop)
}

fn family(address: SocketAddr) -> u8 {
    if address.is_ipv6() { 6 } else { 4 }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, Sender};

    use super::*;

    type Tried = Arc<Mutex<Vec<SocketAddr>>>;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn dialer(head_start: Duration) -> Dialer {
        Dialer {
            head_start,
            ..Dialer::default()
        }
    }

    /// Addresses of the network 10.0.0.0/8 are dead: an attempt ends with the test. The others answer.
    fn attempts() -> (Arc<Attempt<SocketAddr>>, Tried, Sender<()>) {
        let (end, ended): (Sender<()>, Receiver<()>) = channel();
        let (ended, tried) = (Mutex::new(ended), Tried::default());
        let seen = Arc::clone(&tried);
        let attempt = move |address: SocketAddr, _| {
            seen.lock().unwrap().push(address);
            if address.ip().to_string().starts_with("10.") {
                let _ = ended.lock().unwrap().recv();
                return Err(io::ErrorKind::TimedOut.into());
            }
            Ok(address)
        };
        (Arc::new(attempt), tried, end)
    }

    #[test]
    fn a_dead_address_does_not_hold_up_the_next_one() {
        let (attempt, tried, end) = attempts();
        let all = [at("10.0.0.1:1"), at("[::1]:1")];
        let impatient = dialer(Duration::from_millis(1));
        // The first attempt is still running, as nothing has ended it.
        assert_eq!(impatient.dial(&all, None, &attempt).unwrap(), all[1]);
        // The next time the family that answered comes first, and the other is not tried.
        let patient = Dialer {
            family: impatient.family,
            ..dialer(Duration::from_secs(1 << 40))
        };
        tried.lock().unwrap().clear();
        assert_eq!(patient.dial(&all, None, &attempt).unwrap(), all[1]);
        assert!(tried.lock().unwrap().contains(&all[1]));
        drop(end);
    }

    #[test]
    fn a_failure_is_followed_at_once_and_the_last_one_is_told() {
        // A head start that would never end in practice.
        let dialer = dialer(Duration::from_secs(1 << 40));
        let all = [at("127.0.0.1:1"), at("127.0.0.1:2"), at("127.0.0.1:3")];
        let refuse = |good: u16| -> Arc<Attempt<u16>> {
            Arc::new(move |address: SocketAddr, _| {
                let port = address.port();
                let refused = || io::Error::other(port.to_string());
                (port == good).then_some(port).ok_or_else(refused)
            })
        };
        assert_eq!(dialer.dial(&all, None, &refuse(3)).unwrap(), 3);
        let error = dialer.dial(&all, None, &refuse(9)).unwrap_err();
        assert_eq!(error.to_string(), "3");
        let error = dialer.dial(&[], None, &refuse(9)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::HostUnreachable);
    }

    #[test]
    fn the_time_limit_holds_even_if_every_address_is_dead() {
        let (attempt, _, end) = attempts();
        let all = [at("10.0.0.1:1"), at("10.0.0.2:1")];
        let limit = Some(Duration::from_millis(30));
        let dialer = dialer(Duration::from_millis(1));
        let error = dialer.dial(&all, limit, &attempt).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(end);
    }

    #[test]
    fn families_take_turns() {
        let all = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "1.1.1.2:1"].map(at);
        let dialer = Dialer::default();
        let order = ["[::1]:1", "1.1.1.1:1", "[::2]:1", "1.1.1.2:1", "[::3]:1"].map(at);
        assert_eq!(dialer.ordered(&all), order);
        dialer.family.store(4, Ordering::Relaxed);
        let order = ["1.1.1.1:1", "[::1]:1", "1.1.1.2:1", "[::2]:1", "[::3]:1"].map(at);
        assert_eq!(dialer.ordered(&all), order);
    }
}
