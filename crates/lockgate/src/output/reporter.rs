//! The only code that prints: results on stdout, messages on stderr, and the channels of GitHub Actions.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lockgate_core::Digest;
use serde::Serialize;

use super::document::Document;
use crate::cli::{Color, Format, Global};
use crate::command_error::CommandError;
use crate::exit::{Exit, Failure};
use crate::process_env::ProcessEnv;

/// The output of a command: results and messages.
#[derive(Clone)]
pub struct Reporter {
    /// The command that runs.
    command: &'static str,
    /// Whether its document was printed.
    has_document: Arc<AtomicBool>,
    format: Format,
    verbosity: i8,
    color: bool,
    /// Whether stderr is a terminal that can show a progress bar.
    pub terminal: bool,
    actions: bool,
    outputs: Option<PathBuf>,
    summary: Option<PathBuf>,
}

impl Reporter {
    /// Creates a reporter with the settings of the options and the environment.
    pub fn new(command: &'static str, global: &Global, process_env: &ProcessEnv) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let color = match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                terminal
                    && process_env.var("NO_COLOR").is_none()
                    && process_env.var("TERM") != Some("dumb")
            }
        };
        let verbosity = if global.quiet {
            -1
        } else {
            i8::try_from(global.verbose).unwrap_or(i8::MAX)
        };
        let file = |name| process_env.var(name).map(PathBuf::from);
        Self {
            command,
            has_document: Arc::default(),
            format: global.output_format,
            verbosity,
            color,
            terminal: terminal && !process_env.in_actions(),
            actions: process_env.in_actions(),
            outputs: file("GITHUB_OUTPUT"),
            summary: file("GITHUB_STEP_SUMMARY"),
        }
    }

    /// Prints the result of a command that succeeds: the text for people, or the document for programs.
    pub fn result(&self, text: &str, result: &impl Serialize) {
        self.print(text, Some(result), None);
    }

    /// Prints the result of a command that may fail all the same: programs get result and error in one document.
    ///
    /// # Errors
    /// The failure.
    pub fn end(
        &self,
        text: &str,
        result: &impl Serialize,
        failure: Option<Failure>,
    ) -> Result<(), Failure> {
        self.print(text, Some(result), failure.as_ref());
        failure.map_or(Ok(()), Err)
    }

    /// Prints the failure of a command; programs get a document unless they have one.
    pub fn finish(&self, ended: Result<(), Failure>) -> Exit {
        let failure = ended.err();
        self.print("", None::<&()>, failure.as_ref());
        let Some(failure) = failure else {
            return Exit::Done;
        };
        let text = failure.text();
        put(std::io::stderr(), &self.paint(&self.plain(&text), "31"));
        failure.exit
    }

    fn print(&self, text: &str, result: Option<&impl Serialize>, failure: Option<&Failure>) {
        let printed = match self.format {
            Format::Text if text.is_empty() => return,
            Format::Text => self.plain(text),
            Format::Json if self.has_document.swap(true, Ordering::Relaxed) => return,
            Format::Json => Document::new(Some(self.command), result, failure).text(),
        };
        put(std::io::stdout(), &printed);
    }

    /// Escapes untrusted text in the output: inside Actions the runner must not find commands in it.
    fn plain(&self, text: &str) -> String {
        match self.actions {
            true => lockgate_core::escape::log(text),
            false => text.to_owned(),
        }
    }

    /// Prints the end of a command line that is not understood, after its parser has printed the reason.
    pub fn misused(json: bool) -> Exit {
        let failure = Failure {
            exit: Exit::Usage,
            code: "usage.arguments",
            message: "the command line is not understood".to_owned(),
            hint: "`lockgate help` lists the commands, `lockgate help COMMAND` its options"
                .to_owned(),
        };
        if json {
            let document = Document::new(None, None::<&()>, Some(&failure));
            put(std::io::stdout(), &document.text());
        }
        put(std::io::stderr(), &failure.text());
        failure.exit
    }

    /// Returns whether a user at a terminal can be asked.
    pub fn is_asked(&self) -> bool {
        self.terminal && std::io::stdin().is_terminal()
    }

    /// Asks the user at the terminal; an empty answer means the proposal. `None` without a terminal or an answer.
    pub fn ask(&self, question: &str, proposal: Option<&str>) -> Option<String> {
        if !self.terminal || !std::io::stdin().is_terminal() {
            return None;
        }
        let shown = proposal
            .map(|text| format!(" [{text}]"))
            .unwrap_or_default();
        let mut stderr = std::io::stderr();
        let _ = write!(stderr, "{question}{shown}: ").and_then(|()| stderr.flush());
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).ok()?;
        match line.trim() {
            "" => proposal.map(ToOwned::to_owned),
            answer => Some(answer.to_owned()),
        }
    }

    /// Prints a message.
    pub fn say(&self, line: &str) {
        if self.verbosity >= 0 {
            put(std::io::stderr(), &self.plain(line));
        }
    }

    /// Prints a message for `--verbose`.
    pub fn detail(&self, line: &str) {
        if self.verbosity > 0 {
            put(std::io::stderr(), &self.paint(&self.plain(line), "2"));
        }
    }

    /// Prints a heading, in bold if colours are enabled.
    pub fn heading(&self, line: &str) {
        if self.verbosity >= 0 {
            put(
                std::io::stderr(),
                &format!("\n{}", self.paint(line, "1;36")),
            );
        }
    }

    fn paint(&self, text: &str, code: &str) -> String {
        if self.color {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Runs an operation whose output is untrusted: inside Actions the runner takes no line of it for a command.
    ///
    /// The token is new each time, so the author of the log cannot know it. All of it goes to one stream, because the order of
    /// lines across two streams is not kept.
    pub fn subprocess<T>(&self, title: &str, run: impl FnOnce(&(dyn Fn(&str) + Sync)) -> T) -> T {
        let token = fresh_token();
        if self.actions {
            put(std::io::stderr(), &opening(title, &token));
        }
        let quiet = self.verbosity < 0;
        let print = |line: &str| {
            if !quiet {
                put(std::io::stderr(), line);
            }
        };
        let result = run(&print);
        if self.actions {
            put(std::io::stderr(), &closing(&token));
        }
        result
    }

    /// Writes an output of the workflow step; does nothing outside Actions.
    ///
    /// # Errors
    /// [`CommandError::UnsafeOutput`] for anything but one plain key and one line of printable text.
    pub fn output(&self, key: &str, value: &str) -> Result<(), CommandError> {
        let text =
            output_lines(key, value, &fresh_token()).ok_or_else(|| CommandError::UnsafeOutput {
                key: key.to_owned(),
                value: lockgate_core::escape::quoted(value),
            })?;
        match &self.outputs {
            Some(path) => append(path, &text),
            None => Ok(()),
        }
    }

    /// Adds Markdown to the summary of the step; does nothing outside Actions.
    ///
    /// # Errors
    /// [`CommandError::File`].
    pub fn summary(&self, markdown: &str) -> Result<(), CommandError> {
        match &self.summary {
            Some(path) => append(path, &format!("{markdown}\n")),
            None => Ok(()),
        }
    }
}

/// Returns the lines before untrusted output: a group, in which the runner ignores commands until it reads the token.
fn opening(title: &str, token: &str) -> String {
    format!("::group::{title}\n::stop-commands::{token}")
}

/// Returns the lines after it.
fn closing(token: &str) -> String {
    format!("::{token}::\n::endgroup::")
}

/// Formats an output as a heredoc, so that no value can begin another key. The runner reads the file as UTF-8 and ends a line only
/// at a line feed (actions/runner, `FileCommandManager.cs`); other line separators are refused as well.
fn output_lines(key: &str, value: &str, delimiter: &str) -> Option<String> {
    let plain_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    (plain_key && lockgate_core::escape::is_printable(value) && !value.contains(delimiter))
        .then(|| format!("{key}<<{delimiter}\n{value}\n{delimiter}\n"))
}

/// Returns an unpredictable word, from the system's random keys of a hash map.
pub fn fresh_token() -> String {
    use std::hash::{BuildHasher, RandomState};
    let word = |salt: u8| RandomState::new().hash_one(salt).to_le_bytes();
    let digest = Digest::of(&[word(1), word(2), word(3), word(4)].concat()).to_string();
    format!("lockgate-{}", &digest[..32])
}

fn append(path: &Path, text: &str) -> Result<(), CommandError> {
    let operation = || format!("append to {}", path.display());
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .map_err(|e| CommandError::file(operation(), &e))?;
    file.write_all(text.as_bytes())
        .map_err(|e| CommandError::file(operation(), &e))
}

/// Prints a line. A closed pipe is not an error.
fn put(mut to: impl std::io::Write, line: &str) {
    let _ = writeln!(to, "{}", line.trim_end_matches('\n'));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Threats: text into `GITHUB_OUTPUT`. Any value in, exactly one key out or a refusal.
        #[test]
        fn an_output_is_exactly_one_key_or_a_refusal(key in ".{0,12}", value in "(.|\\n|\\r){0,60}") {
            if let Some(text) = output_lines(&key, &value, "delimiter") {
                let lines: Vec<&str> = text.split('\n').collect();
                let first = format!("{key}<<delimiter");
                prop_assert_eq!(lines, vec![first.as_str(), value.as_str(), "delimiter", ""]);
                prop_assert!(!key.contains(['=', '<', '\n']));
            }
        }
    }

    /// Returns the commands that a runner would find in a log, by its documentation: `::name key=value::text` and `##[name]text` at
    /// the start of a line are commands, unless commands are stopped.
    fn commands(log: &str) -> Vec<String> {
        let (mut found, mut stopped) = (Vec::new(), None);
        for line in log.lines().map(str::trim_start) {
            match &stopped {
                Some(token) if line == format!("::{token}::") => stopped = None,
                Some(_) => {}
                None => {
                    let name = line
                        .strip_prefix("::")
                        .and_then(|rest| rest.split("::").next());
                    let name = name.or_else(|| line.strip_prefix("##[")?.split(']').next());
                    if let Some(name) = name {
                        found.push(name.to_owned());
                    }
                    if let Some(token) = line.strip_prefix("::stop-commands::") {
                        stopped = Some(token.to_owned());
                    }
                }
            }
        }
        found
    }

    proptest! {
        /// Threats: workflow commands in the output of a build.
        #[test]
        fn no_line_of_foreign_output_is_a_command(lines in proptest::collection::vec("( ?(::|##\\[)(add-mask|stop-commands|endgroup|lockgate-[0-9a-f]{4})(::|\\])?.{0,8}|.{0,20})", 0..8)) {
            let token = fresh_token();
            let subprocess: Vec<String> = lines.iter().map(|line| lockgate_core::escape::line(line)).collect();
            let log = format!("{}\n{}\n{}", opening("build", &token), subprocess.join("\n"), closing(&token));
            prop_assert_eq!(commands(&log), ["group", "stop-commands", "endgroup"]);
        }
    }

    #[test]
    fn a_value_that_holds_the_delimiter_is_refused() {
        assert_eq!(
            output_lines("version", "2", "d"),
            Some("version<<d\n2\nd\n".to_owned())
        );
        assert_eq!(output_lines("version", "2\nd\nother=1", "d"), None);
        for end in [
            '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
        ] {
            let value = format!("2{end}x");
            assert_eq!(output_lines("version", &value, "d"), None, "{end:?}");
        }
        assert_eq!(
            output_lines("path", "/home/José/größe", "d"),
            Some("path<<d\n/home/José/größe\nd\n".to_owned())
        );
        assert_eq!(output_lines("version", "d", "d"), None);
    }

    #[test]
    fn no_token_comes_twice() {
        assert_ne!(fresh_token(), fresh_token());
    }
}
