//! Ends a wait for the network when the caller sets a flag, also while nothing arrives.
//!
//! The system's calls cannot be interrupted. A call with a time limit is split into slices; a call without one runs in a thread
//! that is abandoned and ends by its own limit.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How often the flag is checked.
const SLICE: Duration = Duration::from_millis(50);

/// The caller's flag, if any.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(pub(crate) Option<Arc<AtomicBool>>);

impl Stop {
    /// Fails if the flag is set.
    pub(crate) fn check(&self) -> io::Result<()> {
        match &self.0 {
            Some(flag) if flag.load(Ordering::Relaxed) => {
                Err(io::Error::other("the caller wants no more"))
            }
            _ => Ok(()),
        }
    }

    /// Returns how long to wait at a time, if so long is left.
    pub(crate) fn slice(&self, left: Option<Duration>) -> Option<Duration> {
        match &self.0 {
            Some(_) => Some(left.map_or(SLICE, |left| left.min(SLICE))),
            None => left,
        }
    }

    /// Runs work that can take long; fails when the flag is set.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        if self.0.is_none() {
            return Ok(work());
        }
        let (send, done) = channel();
        std::thread::Builder::new()
            .name("lockgate-network".to_owned())
            .spawn(move || drop(send.send(work())))?;
        loop {
            self.check()?;
            match done.recv_timeout(SLICE) {
                Ok(done) => return Ok(done),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::Error::other("the thread that waited has failed"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_for_ever_ends_with_the_flag_and_what_is_done_counts() {
        let flag = Arc::new(AtomicBool::new(false));
        let stop = Stop(Some(Arc::clone(&flag)));
        assert_eq!(stop.run(|| 7).unwrap(), 7);
        let failed: io::Result<()> = stop.run(|| panic!("on purpose"));
        assert!(failed.is_err());
        let (hold, held) = channel::<()>();
        let waits = stop.clone();
        let waiting = std::thread::spawn(move || waits.run(move || held.recv().is_err()));
        flag.store(true, Ordering::Relaxed);
        assert!(waiting.join().unwrap().is_err());
        assert!(stop.check().is_err());
        drop(hold);
        assert_eq!(Stop::default().run(|| 7).unwrap(), 7);
        assert!(Stop::default().check().is_ok());
    }

    #[test]
    fn a_wait_is_cut_into_slices_only_where_somebody_may_end_it() {
        let stop = Stop(Some(Arc::default()));
        let (short, long) = (SLICE / 2, SLICE * 2);
        assert_eq!(stop.slice(Some(short)), Some(short));
        assert_eq!(stop.slice(Some(long)), Some(SLICE));
        assert_eq!(stop.slice(None), Some(SLICE));
        assert_eq!(Stop::default().slice(Some(long)), Some(long));
        assert_eq!(Stop::default().slice(None), None);
    }
}
