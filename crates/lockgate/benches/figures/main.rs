//! Measures the figures that Lockgate promises: `make bench`, or `cargo bench -p lockgate --bench figures [NAME...]`.
//!
//! Names are `start-up`, `size`, `init`, `detect`, `audit`, `promotion`, `fetch`, `networks`; without one, all. A missed target is
//! reported but is not an error: other load on the machine is not a bug in Lockgate.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark fails by panicking, and prints a table"
)]

mod alone;
mod audit;
mod detect;
mod elf;
mod fetch;
mod networks;
mod program;
mod promotion;
mod repository;
mod setup;
mod start;
mod table;

use table::Table;

/// A name, and the function that measures it.
type Figure = (&'static str, fn(&mut Table));

const FIGURES: [Figure; 8] = [
    ("start-up", start::up),
    ("size", start::size),
    ("init", setup::figures),
    ("detect", detect::figures),
    ("audit", audit::figures),
    ("promotion", promotion::figures),
    ("fetch", fetch::figures),
    ("networks", networks::figures),
];

fn main() {
    // cargo passes `--bench`.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let mut table = Table::default();
    for (name, measure) in FIGURES {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            eprintln!("measuring {name} ...");
            measure(&mut table);
        }
    }
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!(
        "{cores} cores, load {}",
        load.split(' ').next().unwrap_or("unknown")
    );
    print!("{table}");
}
