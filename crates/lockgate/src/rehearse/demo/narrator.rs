//! Prints the steps of the demonstration.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::commands::Context;

/// Prints the steps, with a progress line for those that take time.
pub(super) struct Narrator<'a> {
    pub(super) context: &'a Context,
    pub(super) bar: Arc<ProgressBar>,
}

impl<'a> Narrator<'a> {
    pub(super) fn new(context: &'a Context) -> Self {
        let target = if context.reporter.terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {elapsed} {wide_msg}") {
            bar.set_style(style);
        }
        Self {
            context,
            bar: Arc::new(bar),
        }
    }

    pub(super) fn watch(&self) -> Box<dyn Fn(&str) + Send + Sync> {
        let bar = Arc::clone(&self.bar);
        Box::new(move |line| {
            // Workflow commands are for the runner, not for the user.
            if line.starts_with("::") {
                return;
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar.set_message(line.to_owned());
        })
    }

    pub(super) fn say(&self, text: &str) {
        self.bar.suspend(|| self.context.reporter.say(text));
    }

    pub(super) fn indented(&self, text: &str) {
        text.lines()
            .for_each(|line| self.say(&format!("    {line}")));
    }

    pub(super) fn quiet(&self) {
        self.bar.disable_steady_tick();
        self.bar.set_message("");
    }
}
