//! Builds small ELF executables of any class and byte order from values that a test can change.
//!
//! One PT_LOAD maps the whole file. It contains, in this order: header, program headers, interpreter, strings,
//! versions, dynamic section.

/// The address at which the file is loaded.
pub(crate) const BASE: u64 = 0x40_0000;

#[derive(Debug, Clone)]
pub(crate) struct Elf {
    pub(crate) wide: bool,
    pub(crate) little: bool,
    pub(crate) machine: u16,
    pub(crate) e_type: u16,
    pub(crate) os_abi: u8,
    pub(crate) interpreter: Option<Vec<u8>>,
    pub(crate) needed: Vec<Vec<u8>>,
    /// Tag and text: DT_RPATH and DT_RUNPATH.
    pub(crate) paths: Vec<(u64, Vec<u8>)>,
    /// Library and its versions.
    pub(crate) versions: Vec<(&'static str, Vec<&'static str>)>,
    /// Tags and values that are put into the dynamic section unchanged.
    pub(crate) tags: Vec<(u64, u64)>,
    pub(crate) has_dynamic: bool,
    /// Flags of PT_GNU_STACK.
    pub(crate) stack: Option<u32>,
    /// Type, offset, address, size in the file, size in memory.
    pub(crate) segments: Vec<[u64; 5]>,
    /// Zeros before the interpreter, before the strings, before the dynamic section, and at the end.
    pub(crate) gaps: [usize; 4],
    /// Zeros before the program headers.
    pub(crate) table_gap: usize,
}

/// A file, and the positions of its parts.
pub(crate) struct Built {
    pub(crate) bytes: Vec<u8>,
    pub(crate) versions: usize,
    pub(crate) dynamic: usize,
}

impl Elf {
    /// A dynamic, position-independent executable for glibc on amd64.
    pub(crate) fn glibc() -> Self {
        Self {
            wide: true,
            little: true,
            machine: 62,
            e_type: 3,
            os_abi: 0,
            interpreter: Some(b"/lib64/ld-linux-x86-64.so.2\0".to_vec()),
            needed: vec![b"libm.so.6".to_vec(), b"libc.so.6".to_vec()],
            paths: vec![],
            versions: vec![
                ("libm.so.6", vec!["GLIBC_2.29"]),
                ("libc.so.6", vec!["GLIBC_2.2.5", "GLIBC_2.31", "GLIBC_2.4"]),
            ],
            tags: vec![],
            has_dynamic: true,
            stack: Some(6),
            segments: vec![],
            gaps: [0; 4],
            table_gap: 0,
        }
    }

    /// The same for another architecture.
    pub(crate) fn of(machine: u16, wide: bool, little: bool, loader: &str) -> Self {
        Self {
            machine,
            wide,
            little,
            interpreter: Some(format!("{loader}\0").into_bytes()),
            ..Self::glibc()
        }
    }

    /// A static executable at a fixed address.
    pub(crate) fn fixed() -> Self {
        Self {
            e_type: 2,
            interpreter: None,
            needed: vec![],
            versions: vec![],
            has_dynamic: false,
            ..Self::glibc()
        }
    }

    /// A static executable that relocates itself.
    pub(crate) fn static_pie() -> Self {
        Self {
            e_type: 3,
            has_dynamic: true,
            tags: vec![(0x6fff_fffb, 0x0800_0000)],
            ..Self::fixed()
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.build().bytes
    }

    pub(crate) fn build(&self) -> Built {
        let (header, each) = if self.wide { (64, 56) } else { (52, 32) };
        let count = 1
            + usize::from(self.interpreter.is_some())
            + usize::from(self.has_dynamic)
            + usize::from(self.stack.is_some())
            + self.segments.len();

        let rows_at = header + self.table_gap;
        let mut out = vec![0; rows_at + each * count + self.gaps[0]];
        let interpreter = out.len();
        out.extend(self.interpreter.iter().flatten());
        out.resize(out.len() + self.gaps[1], 0);

        let strings = out.len();
        let mut table = vec![0];
        let mut string = |text: &[u8]| {
            let at = table.len() as u64;
            table.extend_from_slice(text);
            table.push(0);
            at
        };
        let mut tags: Vec<_> = self.needed.iter().map(|name| (1, string(name))).collect();
        tags.extend(self.paths.iter().map(|(tag, path)| (*tag, string(path))));
        let mut records = Vec::new();
        for (n, (library, versions)) in self.versions.iter().enumerate() {
            let next = if n + 1 == self.versions.len() {
                0
            } else {
                16 + 16 * versions.len()
            };
            self.put16(&mut records, 1);
            self.put16(&mut records, versions.len() as u16);
            self.put32(&mut records, string(library.as_bytes()) as u32);
            self.put32(&mut records, 16);
            self.put32(&mut records, next as u32);
            for (n, version) in versions.iter().enumerate() {
                let next = if n + 1 == versions.len() { 0 } else { 16 };
                self.put32(&mut records, 0);
                self.put32(&mut records, 0);
                self.put32(&mut records, string(version.as_bytes()) as u32);
                self.put32(&mut records, next);
            }
        }
        out.extend(&table);
        let versions = out.len();
        out.extend(records);
        out.resize(out.len() + self.gaps[2], 0);

        let dynamic = out.len();
        if self.has_dynamic {
            if table.len() > 1 {
                tags.extend([(5, BASE + strings as u64), (10, table.len() as u64)]);
            }
            if !self.versions.is_empty() {
                let (at, count) = (BASE + versions as u64, self.versions.len() as u64);
                tags.extend([(0x6fff_fffe, at), (0x6fff_ffff, count)]);
            }
            tags.extend(&self.tags);
            tags.push((0, 0));
            for (tag, value) in tags {
                self.put_word(&mut out, tag);
                self.put_word(&mut out, value);
            }
        }
        let dynamic_size = out.len() - dynamic;
        out.resize(out.len() + self.gaps[3], 0);

        let place = |kind, at: usize, size: usize| {
            let (at, size) = (at as u64, size as u64);
            (kind, 4, [at, BASE + at, size, size])
        };
        let mut segments = vec![place(1, 0, out.len())];
        if let Some(path) = &self.interpreter {
            segments.push(place(3, interpreter, path.len()));
        }
        if self.has_dynamic {
            segments.push(place(2, dynamic, dynamic_size));
        }
        if let Some(flags) = self.stack {
            segments.push((0x6474_e551, flags, [0; 4]));
        }
        for [kind, rest @ ..] in &self.segments {
            segments.push((*kind as u32, 4, *rest));
        }
        let head = self.header(header, each, segments.len());
        out[..head.len()].copy_from_slice(&head);
        let mut rows = Vec::new();
        for (kind, flags, [offset, address, file_size, memory_size]) in segments {
            self.put32(&mut rows, kind);
            if self.wide {
                self.put32(&mut rows, flags);
            }
            for word in [offset, address, address, file_size, memory_size] {
                self.put_word(&mut rows, word);
            }
            if !self.wide {
                self.put32(&mut rows, flags);
            }
            self.put_word(&mut rows, 1);
        }
        out[rows_at..rows_at + rows.len()].copy_from_slice(&rows);
        Built {
            bytes: out,
            versions,
            dynamic,
        }
    }

    fn header(&self, header: usize, each: usize, count: usize) -> Vec<u8> {
        let mut out = b"\x7fELF".to_vec();
        out.push(1 + u8::from(self.wide));
        out.push(2 - u8::from(self.little));
        out.extend([1, self.os_abi]);
        out.extend([0; 8]);
        self.put16(&mut out, self.e_type);
        self.put16(&mut out, self.machine);
        self.put32(&mut out, 1);
        for word in [BASE + 0x40, (header + self.table_gap) as u64, 0] {
            self.put_word(&mut out, word);
        }
        self.put32(&mut out, 0);
        for half in [header, each, count, 0, 0, 0] {
            self.put16(&mut out, half as u16);
        }
        out
    }

    pub(crate) fn put16(&self, out: &mut Vec<u8>, value: u16) {
        out.extend(if self.little {
            value.to_le_bytes()
        } else {
            value.to_be_bytes()
        });
    }

    pub(crate) fn put32(&self, out: &mut Vec<u8>, value: u32) {
        out.extend(if self.little {
            value.to_le_bytes()
        } else {
            value.to_be_bytes()
        });
    }

    fn put_word(&self, out: &mut Vec<u8>, value: u64) {
        match (self.wide, self.little) {
            (false, _) => self.put32(out, value as u32),
            (true, true) => out.extend(value.to_le_bytes()),
            (true, false) => out.extend(value.to_be_bytes()),
        }
    }
}
