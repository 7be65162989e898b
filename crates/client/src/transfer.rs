//! One asset from one address into one place: hashed on the way, bounded, tried again where the trouble may pass.
//!
//! Does not know what the digest should be.

use std::fs::File;
use std::io::{self, Seek, Write};

use crate::address::Address;
use crate::digest::{PumpError, Pumped, pump};
use crate::http::{Again, Net, Trouble, broken, later};
use crate::options::Retry;

/// Where bytes go; an attempt that breaks off is followed by one that starts anew.
pub(crate) trait Sink: Write {
    /// Forgets what was written.
    fn restart(&mut self) -> io::Result<()>;
}

impl Sink for Vec<u8> {
    fn restart(&mut self) -> io::Result<()> {
        self.clear();
        Ok(())
    }
}

impl Sink for io::Sink {
    fn restart(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for File {
    fn restart(&mut self) -> io::Result<()> {
        self.set_len(0)?;
        self.rewind()
    }
}

/// Which bytes are acceptable, before anybody has looked at them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Their number, if it is known.
    pub(crate) size: Option<u64>,
    /// The most there may be, where the number is not known.
    pub(crate) most: u64,
}

impl Bounds {
    /// How many bytes are read at most.
    pub(crate) fn limit(&self) -> u64 {
        self.size.unwrap_or(self.most)
    }
}

/// Why an asset did not arrive.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// The address gives nothing.
    Trouble(Trouble),
    /// There is more than the bounds allow.
    Longer,
    /// It could not be written.
    Disk(io::Error),
}

/// Reads an asset into a sink; `progress` hears how many bytes are here, and how many there will be.
pub(crate) fn receive(
    net: &Net,
    retry: &Retry,
    address: &Address,
    bounds: Bounds,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<Pumped, Stopped> {
    let mut attempt = 1;
    loop {
        match once(net, address, bounds, sink, progress) {
            Err(Stopped::Trouble(Trouble::Network {
                again: Again::After(wait),
                ..
            })) if attempt < retry.attempts => {
                (retry.pause)(Retry::wait(attempt, wait));
                sink.restart().map_err(Stopped::Disk)?;
                attempt += 1;
            }
            end => return end,
        }
    }
}

fn once(
    net: &Net,
    address: &Address,
    bounds: Bounds,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<Pumped, Stopped> {
    let mut arriving = net.get(address).map_err(Stopped::Trouble)?;
    if arriving.size.is_some_and(|size| size > bounds.limit()) {
        return Err(Stopped::Longer);
    }
    let size = arriving.size.or(bounds.size);
    let pumped = pump(&mut arriving.body, sink, bounds.limit(), &mut |received| {
        progress(received, size)
    });
    match pumped {
        // Without a length and without chunks, a connection that breaks looks like the end.
        Ok(pumped) if !arriving.framed && bounds.size.is_some_and(|size| pumped.size < size) => {
            Err(Stopped::Trouble(later(
                "the connection was closed before the end".to_owned(),
            )))
        }
        Ok(pumped) => Ok(pumped),
        Err(PumpError::Read(error)) => Err(Stopped::Trouble(broken(&error))),
        Err(PumpError::Write(error)) => Err(Stopped::Disk(error)),
        Err(PumpError::Longer) => Err(Stopped::Longer),
    }
}
