//! Prints rows of figures, each with its target, if any.

use std::fmt;
use std::time::{Duration, Instant};

/// The figures so far.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<[String; 4]>,
}

impl Table {
    /// Adds a figure without a target.
    pub(crate) fn reported(&mut self, what: &str, figure: String) {
        self.rows
            .push([what.to_owned(), figure, String::new(), String::new()]);
    }

    /// Adds a figure with an upper limit; `show` formats both.
    pub(crate) fn at_most(
        &mut self,
        what: &str,
        figure: f64,
        target: f64,
        show: fn(f64) -> String,
    ) {
        let verdict = if figure <= target { "met" } else { "MISSED" };
        self.rows.push([
            what.to_owned(),
            show(figure),
            show(target),
            verdict.to_owned(),
        ]);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["figure", "measured", "at most", ""].map(ToOwned::to_owned);
        let all: Vec<_> = [&heads].into_iter().chain(&self.rows).collect();
        let width = |column: usize| {
            all.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or_default()
        };
        let (a, b, c) = (width(0), width(1), width(2));
        for [what, figure, target, verdict] in all {
            let line = format!("{what:a$}  {figure:>b$}  {target:>c$}  {verdict}");
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

pub(crate) fn milliseconds(seconds: f64) -> String {
    format!("{:.1} ms", seconds * 1e3)
}

pub(crate) fn seconds(seconds: f64) -> String {
    format!("{seconds:.2} s")
}

pub(crate) fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}

pub(crate) fn mebibytes(bytes: f64) -> String {
    format!("{:.1} MiB", bytes / f64::from(1 << 20))
}

pub(crate) fn ratio(ratio: f64) -> String {
    format!("{ratio:.2}")
}

/// Returns the median duration of an action in seconds, after one run that does not count.
pub(crate) fn median(times: usize, mut action: impl FnMut()) -> f64 {
    action();
    middle((0..times).map(|_| once(&mut action)).collect())
}

/// Returns the median of some figures.
pub(crate) fn middle(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Returns the duration of an action in seconds.
pub(crate) fn once(action: impl FnOnce()) -> f64 {
    let started = Instant::now();
    action();
    started.elapsed().max(Duration::from_nanos(1)).as_secs_f64()
}
