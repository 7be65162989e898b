//! Writes executables of any size: real headers, then bytes that compress like code.

use std::io::{self, Write};

/// The bytes after the headers: half of it noise, half of it repeated, which deflates to a little over half.
struct Filling(u64);

impl Filling {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Writes a static ELF executable of `size` bytes; it would exit with 0 if its code were more than noise.
pub(crate) fn write(out: &mut impl Write, machine: u16, size: u64) -> io::Result<()> {
    const BASE: u64 = 0x40_0000;
    let mut head = b"\x7fELF\x02\x01\x01".to_vec();
    head.resize(16, 0);
    for half in [2, machine] {
        head.extend(u16::to_le_bytes(half));
    }
    head.extend(1_u32.to_le_bytes());
    for word in [BASE + 0xb0, 64, 0] {
        head.extend(u64::to_le_bytes(word));
    }
    head.extend([0; 4]);
    for half in [64, 56, 2, 0, 0, 0] {
        head.extend(u16::to_le_bytes(half));
    }
    // One PT_LOAD over the whole file, readable and executable; and PT_GNU_STACK: not executable.
    for (kind, flags, rest) in [
        (1, 5, [0, BASE, BASE, size, size, 0x1000]),
        (0x6474_e551, 6, [0; 6]),
    ] {
        head.extend([u32::to_le_bytes(kind), u32::to_le_bytes(flags)].concat());
        head.extend(rest.into_iter().flat_map(u64::to_le_bytes));
    }
    out.write_all(&head)?;

    let mut filling = Filling(0x9e37_79b9_7f4a_7c15 ^ u64::from(machine));
    let words: Vec<[u8; 8]> = (0..512).map(|_| filling.next().to_le_bytes()).collect();
    let mut left = size - head.len() as u64;
    let mut piece = Vec::with_capacity(1 << 16);
    while left > 0 {
        piece.clear();
        while piece.len() < 1 << 16 {
            let noise = filling.next();
            piece.extend(noise.to_le_bytes());
            for shift in [0, 9, 18] {
                piece.extend(words[(noise >> shift) as usize % words.len()]);
            }
        }
        let count = left.min(piece.len() as u64);
        out.write_all(&piece[..count as usize])?;
        left -= count;
    }
    Ok(())
}
