//! The border at which a panic of the HTTP library becomes an error: a bug of its own must not end the program.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::escape::plain;

/// Runs work in the HTTP library; a panic is an error with its message.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        let text = text.unwrap_or_default();
        format!("the HTTP library failed: {}", plain(&text))
    })
}

/// A body whose panics are errors.
pub(crate) struct Guarded<R>(pub(crate) R);

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        guarded(|| self.0.read(buffer)).unwrap_or_else(|panic| Err(io::Error::other(panic)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_library_is_an_error() {
        struct Panics;
        impl Read for Panics {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                std::panic::resume_unwind(Box::new("a bug".to_owned()))
            }
        }
        let error = Guarded(Panics).read(&mut [0]).unwrap_err();
        assert_eq!(error.to_string(), "the HTTP library failed: a bug");
        assert_eq!(guarded(|| 1), Ok(1));
    }
}
