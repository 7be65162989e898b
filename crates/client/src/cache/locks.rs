//! The system's advisory locks, or in tests a file system that says yes to everybody, as some network file systems do.

use std::fs::{File, TryLockError};

/// Which locks there are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locks {
    System,
    /// Every lock is granted to everybody.
    #[cfg(test)]
    Nothing,
}

impl Locks {
    pub(crate) fn try_lock(self, file: &File) -> Result<(), TryLockError> {
        match self {
            Self::System => file.try_lock(),
            #[cfg(test)]
            Self::Nothing => file.metadata().map(drop).map_err(TryLockError::Error),
        }
    }

    pub(crate) fn try_lock_shared(self, file: &File) -> Result<(), TryLockError> {
        match self {
            Self::System => file.try_lock_shared(),
            #[cfg(test)]
            Self::Nothing => file.metadata().map(drop).map_err(TryLockError::Error),
        }
    }
}
