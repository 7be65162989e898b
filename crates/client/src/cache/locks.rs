//! The system's advisory locks; in tests also a file system that grants every lock, as some network file systems do.

use std::fs::{File, TryLockError};

/// The kind of locks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locks {
    System,
    /// Grants every lock.
    #[cfg(test)]
    Nothing,
}

#[cfg(test)]
thread_local! {
    static BEFORE_LOCK: std::cell::RefCell<Option<Box<dyn FnOnce()>>> = const { std::cell::RefCell::new(None) };
}

/// Runs a closure between the opening of a file and this thread's next lock on it, as another process might.
#[cfg(test)]
pub(super) fn before_next_lock(act: impl FnOnce() + 'static) {
    BEFORE_LOCK.set(Some(Box::new(act)));
}

#[cfg(test)]
fn happen() {
    if let Some(act) = BEFORE_LOCK.take() {
        act();
    }
}

impl Locks {
    pub(crate) fn try_lock(self, file: &File) -> Result<(), TryLockError> {
        #[cfg(test)]
        happen();
        match self {
            Self::System => file.try_lock(),
            #[cfg(test)]
            Self::Nothing => file.metadata().map(drop).map_err(TryLockError::Error),
        }
    }

    pub(crate) fn try_lock_shared(self, file: &File) -> Result<(), TryLockError> {
        #[cfg(test)]
        happen();
        match self {
            Self::System => file.try_lock_shared(),
            #[cfg(test)]
            Self::Nothing => file.metadata().map(drop).map_err(TryLockError::Error),
        }
    }
}
