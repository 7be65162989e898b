//! A folder of files on Unix: names, files, open files and their locks, as far as the cache uses them.
//!
//! A lock belongs to an *open file* (`flock`), which a process and its child share: it ends with an unlock by either, or when the
//! last of them closes it. Does not know what the files are for.

/// How many processes there can be.
pub const PROCESSES: usize = 3;
/// The one that prunes.
pub const PRUNER: u8 = 7;
const FILES: usize = 12;
const OPEN: usize = 16;

/// The content of a file, against the digest that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Content {
    /// No bytes.
    Empty,
    /// The first half of the right bytes.
    Half,
    /// Other bytes.
    Wrong,
    /// The right bytes.
    Whole,
}

/// A file. It is kept while it has a name or is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct File {
    /// Its bytes.
    pub content: Content,
    /// Whether it was used lately, so that it is not pruned.
    pub fresh: bool,
}

/// What a file was opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// To lock the download.
    LockFile,
    /// To write the download.
    Writer,
    /// To read what the same process has written.
    Reader,
    /// To read an executable of the cache.
    Entry,
}

/// A lock on an open file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lock {
    /// For readers.
    Shared,
    /// For one alone.
    Exclusive,
}

/// An open file: what a descriptor, and its copy in a child, refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Open {
    /// The file.
    pub file: u8,
    /// What for.
    pub role: Role,
    /// The lock.
    pub lock: Option<Lock>,
    /// Which processes (bit 0 to 2), their children (bit 3 to 5) or the pruner (bit 7) have it open.
    pub holders: u8,
}

/// The names in the cache that belong to one digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Names {
    /// `incomplete/DIGEST.lock`
    pub lock: Option<u8>,
    /// `incomplete/DIGEST.UNIQUE.part`, one for each process.
    pub parts: [Option<u8>; PROCESSES],
    /// `sha256/DIGEST/ASSET`
    pub entry: Option<u8>,
}

/// Everything on the disk and in the system's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Files {
    files: [Option<File>; FILES],
    open: [Option<Open>; OPEN],
    /// The names.
    pub names: Names,
    /// Whether a table was too small. Not a state of the protocol.
    pub overflow: bool,
}

impl Files {
    /// A new file, without a name yet.
    pub fn create(&mut self, content: Content) -> u8 {
        let fresh = true;
        let file = File { content, fresh };
        match (0..).zip(&mut self.files).find(|(_, slot)| slot.is_none()) {
            Some((at, slot)) => {
                *slot = Some(file);
                at
            }
            None => {
                self.overflow = true;
                0
            }
        }
    }

    /// The bytes of a file.
    pub fn content(&self, file: u8) -> Content {
        self.file(file).map_or(Content::Empty, |file| file.content)
    }

    /// Whether a file was used lately.
    pub fn is_fresh(&self, file: u8) -> bool {
        self.file(file).is_some_and(|file| file.fresh)
    }

    /// Writes or truncates.
    pub fn set_content(&mut self, file: u8, content: Content) {
        if let Some(Some(file)) = self.files.get_mut(usize::from(file)) {
            file.content = content;
        }
    }

    /// Sets the time of the last use to now, or to long ago.
    pub fn set_fresh(&mut self, file: u8, fresh: bool) {
        if let Some(Some(file)) = self.files.get_mut(usize::from(file)) {
            file.fresh = fresh;
        }
    }

    /// Opens a file.
    pub fn open(&mut self, holder: u8, file: u8, role: Role) {
        let open = Open {
            file,
            role,
            lock: None,
            holders: 1 << holder,
        };
        match self.open.iter_mut().find(|slot| slot.is_none()) {
            Some(slot) => *slot = Some(open),
            None => self.overflow = true,
        }
    }

    /// What a process has open for a purpose.
    pub fn of(&self, holder: u8, role: Role) -> Option<Open> {
        let all = self.open.iter().flatten();
        all.copied()
            .find(|open| open.role == role && open.holders >> holder & 1 == 1)
    }

    /// Tries to lock what a process has open. `granted` is a file system that says yes to everybody, and locks nothing.
    pub fn try_lock(&mut self, holder: u8, role: Role, lock: Lock, granted: bool) -> bool {
        let Some(mine) = self.of(holder, role) else {
            return false;
        };
        if granted {
            return true;
        }
        let others = self.open.iter().flatten().filter(|open| **open != mine);
        let mut on_it = others.filter(|open| open.file == mine.file);
        let refused = on_it.any(|open| match open.lock {
            None => false,
            Some(Lock::Exclusive) => true,
            Some(Lock::Shared) => lock == Lock::Exclusive,
        });
        if !refused {
            self.change(holder, role, |open| open.lock = Some(lock));
        }
        !refused
    }

    /// Whether anything that is open has an exclusive lock on a file.
    pub fn is_locked(&self, file: u8) -> bool {
        let mut all = self.open.iter().flatten();
        all.any(|open| open.file == file && open.lock == Some(Lock::Exclusive))
    }

    /// Whether the pruner has an exclusive lock on a file.
    pub fn is_locked_by_pruner(&self, file: u8) -> bool {
        let mine = self.of(PRUNER, Role::Entry);
        mine.is_some_and(|open| open.file == file && open.lock == Some(Lock::Exclusive))
    }

    /// Whether anybody has a file open for writing.
    pub fn is_written(&self, file: u8) -> bool {
        let mut all = self.open.iter().flatten();
        all.any(|open| open.file == file && open.role == Role::Writer)
    }

    /// Ends a lock, for a child that has the same open file as well.
    pub fn unlock(&mut self, holder: u8, role: Role) {
        self.change(holder, role, |open| open.lock = None);
    }

    /// Closes what a process has open for a purpose.
    pub fn close(&mut self, holder: u8, role: Role) {
        self.change(holder, role, |open| open.holders &= !(1 << holder));
    }

    /// Closes everything that a process, or a child, has open.
    pub fn close_all(&mut self, holder: u8) {
        for open in self.open.iter_mut().flatten() {
            open.holders &= !(1 << holder);
        }
    }

    /// Starts a child, which gets a copy of every descriptor.
    pub fn fork(&mut self, process: u8) {
        for open in self.open.iter_mut().flatten() {
            if open.holders >> process & 1 == 1 {
                open.holders |= 1 << (usize::from(process) + PROCESSES);
            }
        }
    }

    /// Whether a process has a child.
    pub fn has_child(&self, process: u8) -> bool {
        let child = usize::from(process) + PROCESSES;
        let mut all = self.open.iter().flatten();
        all.any(|open| open.holders >> child & 1 == 1)
    }

    /// Forgets what is closed, and the files that are left without a name. Equal tables get one order.
    pub fn tidy(&mut self) {
        for slot in &mut self.open {
            *slot = slot.filter(|open| open.holders != 0);
        }
        let Names { lock, parts, entry } = self.names;
        let named = [lock, entry].into_iter().chain(parts).flatten();
        let opened = self.open.iter().flatten().map(|open| open.file);
        let used = named
            .chain(opened)
            .fold(0_u16, |used, file| used | 1 << file);
        for (at, slot) in self.files.iter_mut().enumerate() {
            *slot = slot.filter(|_| used >> at & 1 == 1);
        }
        self.open
            .sort_by_key(|slot| slot.map_or((1, 0, 0), |open| (0, open.file, open.holders)));
    }

    fn file(&self, file: u8) -> Option<&File> {
        self.files.get(usize::from(file))?.as_ref()
    }

    fn change(&mut self, holder: u8, role: Role, change: impl Fn(&mut Open)) {
        for open in self.open.iter_mut().flatten() {
            if open.role == role && open.holders >> holder & 1 == 1 {
                change(open);
            }
        }
    }
}
