//! A progress bar in a terminal, a plain line elsewhere.

use std::io::Read;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::talk::Talk;

/// The progress of one transfer.
pub struct Bar(ProgressBar);

impl Bar {
    /// Begins; drawn only where stderr is a terminal.
    pub fn new(talk: &Talk, name: &str, size: u64) -> Self {
        let bar = ProgressBar::with_draw_target(
            Some(size),
            if talk.terminal {
                ProgressDrawTarget::stderr()
            } else {
                ProgressDrawTarget::hidden()
            },
        );
        if let Ok(style) =
            ProgressStyle::with_template("  {msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}")
        {
            bar.set_style(style);
        }
        bar.set_message(name.to_owned());
        Self(bar)
    }

    /// Counts what is read.
    pub fn watch<R: Read>(&self, reader: R) -> impl Read {
        self.0.wrap_read(reader)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
