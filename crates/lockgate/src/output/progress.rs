//! A progress bar in a terminal, a plain line elsewhere.

use std::io::Read;
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::reporter::Reporter;

/// The progress of one transfer.
pub struct Bar(ProgressBar);

impl Bar {
    /// Creates the bar; drawn only if stderr is a terminal.
    pub fn new(reporter: &Reporter, name: &str, size: u64) -> Self {
        let target = if reporter.terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self(styled(name, size, target))
    }

    /// Counts the bytes that are read.
    pub fn watch<R: Read>(&self, reader: R) -> impl Read {
        self.0.wrap_read(reader)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The progress of consecutive downloads, as the client reports it.
pub struct Downloads {
    terminal: bool,
    shown: Mutex<Option<(String, ProgressBar)>>,
}

impl Downloads {
    /// Creates the display; drawn only if stderr is a terminal.
    pub fn new(reporter: &Reporter) -> Self {
        let terminal = reporter.terminal;
        let shown = Mutex::default();
        Self { terminal, shown }
    }

    /// Shows the progress of a download; each asset has its own bar.
    pub fn show(&self, progress: &lockgate_client::Progress<'_>) {
        if !self.terminal {
            return;
        }
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown
            .as_ref()
            .is_none_or(|(asset, _)| asset != progress.asset)
        {
            if let Some((_, bar)) = shown.take() {
                bar.finish_and_clear();
            }
            let bar = styled(
                progress.asset,
                progress.size.unwrap_or_default(),
                ProgressDrawTarget::stderr(),
            );
            *shown = Some((progress.asset.to_owned(), bar));
        }
        if let Some((_, bar)) = shown.as_ref() {
            bar.set_position(progress.received);
            if progress.size == Some(progress.received) {
                bar.finish_and_clear();
            }
        }
    }
}

fn styled(name: &str, size: u64, target: ProgressDrawTarget) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(size), target);
    if let Ok(style) =
        ProgressStyle::with_template("  {msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}")
    {
        bar.set_style(style);
    }
    bar.set_message(name.to_owned());
    bar
}
