//! `cargo run --release -p lockgate-simulator`: runs schedules, and stops at the first that breaks a promise.
//!
//! `--count N` sets the number of schedules, `--from SEED` the first one, `--seed N` runs one and prints its steps,
//! `--liveness` stops the faults after a while, `--broken NAME` runs a deliberately broken variant of the code,
//! `--table` runs all of those.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use lockgate_simulator::{Mode, Mutant, Template, mutant, play};

fn main() -> io::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| args.iter().any(|arg| arg == name);
    let value = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1).cloned()
    };
    let number = |name: &str| value(name)?.parse::<u64>().ok();
    let mode = if has("--liveness") {
        Mode::Liveness
    } else {
        Mode::Safety
    };
    let broken = value("--broken");
    let named = |name: &String| {
        mutant::ALL
            .iter()
            .find(|(_, known, _)| *known == name.as_str())
    };
    let broken = broken
        .as_ref()
        .and_then(named)
        .map(|(variant, _, _)| *variant);
    let mut out = io::stdout().lock();
    let Some(template) = Template::new() else {
        writeln!(out, "the repository of the schedules could not be made")?;
        return Ok(ExitCode::FAILURE);
    };
    if has("--table") {
        return table(&mut out, &template);
    }
    if let Some(seed) = number("--seed") {
        let outcome = play(&template, seed, mode, broken, true);
        for line in &outcome.trace {
            writeln!(out, "{line}")?;
        }
        return Ok(code(outcome.broken.is_none()));
    }
    let (from, count) = (
        number("--from").unwrap_or(0),
        number("--count").unwrap_or(20_000),
    );
    let begun = Instant::now();
    let (mut steps, mut published, mut merged) = (0, 0_u64, 0_u64);
    for seed in from..from + count {
        let outcome = play(&template, seed, mode, broken, false);
        steps += outcome.steps;
        published += u64::from(outcome.published);
        merged += u64::from(outcome.merged);
        if let Some(promise) = outcome.broken {
            writeln!(out, "seed {seed}: broken: {promise}")?;
            return Ok(ExitCode::FAILURE);
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let rate = count as f64 / seconds.max(0.001);
    writeln!(
        out,
        "{mode:?}: {count} schedules, {steps} steps, {published} with a release, {merged} with a merge, {seconds:.1} s, {rate:.0} a second"
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Prints for each broken variant the first schedule that catches it, and how many of the given number do.
fn table(out: &mut impl Write, template: &Template) -> io::Result<ExitCode> {
    let mut all = true;
    for (variant, name, within) in mutant::ALL {
        let caught = caught(template, variant, within);
        all &= !caught.is_empty();
        match caught.first() {
            Some((seed, promise)) => writeln!(
                out,
                "{name}: {} of {within}, first by seed {seed}: {promise}",
                caught.len()
            )?,
            None => writeln!(out, "{name}: not caught in {within}")?,
        }
    }
    Ok(code(all))
}

fn caught(template: &Template, variant: Mutant, within: u64) -> Vec<(u64, &'static str)> {
    let broken = |seed| play(template, seed, Mode::Safety, Some(variant), false).broken;
    (0..within)
        .filter_map(|seed| Some((seed, broken(seed)?)))
        .collect()
}

fn code(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
