//! `cargo run --release -p lockgate-model`: searches the protocol and the designs that must fail, and prints a table.
//!
//! `--faults N`, `--user_actions N`, `--three` (promoters), `--queue` (instead of up-to-date heads) and `--basic` (a writer
//! can create releases and tags) change what is searched; `--wrong` prints how each wrong design fails. `--cache` searches the
//! cache of the client instead, with `--processes N`, `--kills N`, `--children N` and `--prunes N`.

use std::io::{self, Write};
use std::process::ExitCode;

use lockgate_model::promises::AT_BASIC;
use lockgate_model::setup::Merging;
use lockgate_model::{Setup, cache, describe, search, search_for, shortest, wrong};

/// The longest sequence of actions that is searched for.
const LONGEST: usize = 20;

fn main() -> io::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| args.iter().any(|arg| arg == name);
    let number = |name: &str, default: u8| {
        let at = args.iter().position(|arg| arg == name);
        let given = at.and_then(|at| args.get(at + 1)?.parse().ok());
        given.unwrap_or(default)
    };
    let mut out = io::stdout().lock();
    if has("--wrong") {
        return tell_wrong(&mut out);
    }
    if has("--cache") {
        let setup = cache::Setup::rough(number("--processes", 2));
        let setup = cache::Setup {
            kills: number("--kills", setup.kills),
            forks: number("--children", setup.forks),
            prunes: number("--prunes", setup.prunes),
            ..setup
        };
        return tell_cache(&mut out, setup);
    }
    let mut setup = if has("--three") {
        Setup::large()
    } else {
        Setup::small()
    };
    setup.faults = number("--faults", setup.faults);
    setup.adversary = number("--actions", setup.adversary);
    let queues = has("--queue");
    if queues {
        setup.rules.merging = Merging::Queue;
    }
    let basic = has("--basic");
    setup.rules.tags_are_reserved = !basic;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (promoters, faults, user_actions) = (setup.promoters.len(), setup.faults, setup.adversary);
    if basic {
        let (states, broken) = search_for(setup, threads, &AT_BASIC);
        writeln!(
            out,
            "basic level, promoters {promoters}, faults {faults}, actions {user_actions}: {states} states, broken: {broken:?}"
        )?;
        let code = if broken.is_empty() { 0 } else { 1 };
        return Ok(ExitCode::from(code));
    }
    let found = search(setup, threads);
    writeln!(
        out,
        "promoters {promoters}, faults {faults}, actions {user_actions}{}: {} states, {:.0} s",
        if queues { ", merge queue" } else { "" },
        found.states,
        found.time.as_secs_f64()
    )?;
    for promise in &found.broken {
        writeln!(out, "  broken: {promise}")?;
    }
    for promise in &found.impossible {
        writeln!(out, "  never: {promise}")?;
    }
    let good = found.broken.is_empty() && (found.impossible.is_empty() || faults == 0);
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn tell_cache(out: &mut impl Write, setup: cache::Setup) -> io::Result<ExitCode> {
    use cache::{First, Locks};
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut code = ExitCode::SUCCESS;
    for locks in [Locks::Work, Locks::DoNothing] {
        for first in [First::Nothing, First::Old, First::Damaged] {
            let setup = cache::Setup {
                first,
                locks,
                ..setup
            };
            let found = cache::search(setup, threads);
            writeln!(
                out,
                "cache, processes {}, kills {}, children {}, prunes {}, locks {locks:?}, at first {first:?}: {} states, {:.0} s",
                setup.processes,
                setup.kills,
                setup.forks,
                setup.prunes,
                found.states,
                found.time.as_secs_f64()
            )?;
            for promise in &found.broken {
                writeln!(out, "  broken: {promise}, after {:?}", found.way)?;
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

fn tell_wrong(out: &mut impl Write) -> io::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for wrong in wrong::all() {
        writeln!(out, "{}: {}", wrong.name, wrong.promise)?;
        match shortest(&wrong.setup, wrong.promise, LONGEST) {
            Some((way, _)) => {
                for (at, line) in describe::trace(&wrong.setup, &way).iter().enumerate() {
                    writeln!(out, "  {}. {line}", at + 1)?;
                }
            }
            None => {
                writeln!(out, "  not found")?;
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}
