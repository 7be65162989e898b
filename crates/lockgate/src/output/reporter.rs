//! The only code that prints: results on stdout, messages on stderr, and the channels of GitHub Actions.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use lockgate_core::Digest;

use crate::cli::{Color, Format, Global};
use crate::command_error::CommandError;
use crate::exit::Failure;
use crate::process_env::ProcessEnv;

/// Where words go.
#[derive(Clone)]
pub struct Reporter {
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
    /// Creates a reporter as the options and the environment ask for.
    pub fn new(global: &Global, process_env: &ProcessEnv) -> Self {
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
            format: global.output_format,
            verbosity,
            color,
            terminal: terminal && !process_env.in_actions(),
            actions: process_env.in_actions(),
            outputs: file("GITHUB_OUTPUT"),
            summary: file("GITHUB_STEP_SUMMARY"),
        }
    }

    /// The result of a command: the text for people, or the object for programs, to which `version` and `command` are added.
    pub fn result(&self, command: &str, text: &str, json: serde_json::Value) {
        match self.format {
            Format::Text if text.is_empty() => {}
            Format::Text => put(std::io::stdout(), &self.plain(text)),
            Format::Json => {
                let mut object = serde_json::json!({ "version": 1, "command": command });
                if let (Some(object), serde_json::Value::Object(more)) =
                    (object.as_object_mut(), json)
                {
                    object.extend(more);
                }
                let text = format!("{object:#}");
                // The same text to whoever reads JSON, and no command to the runner.
                put(std::io::stdout(), &text.replace("##[", "#\\u0023["));
            }
        }
    }

    /// What is printed may hold foreign text: inside Actions the runner must not read commands in it.
    fn plain(&self, text: &str) -> String {
        match self.actions {
            true => lockgate_core::escape::log(text),
            false => text.to_owned(),
        }
    }

    /// After the parser of the command line has said what it does not understand.
    pub fn misused() {
        put(
            std::io::stderr(),
            "usage (usage.arguments): the command line is not understood\n  next: `lockgate help` lists the commands, `lockgate help COMMAND` its options",
        );
    }

    /// The end of a command that did not end well.
    pub fn failure(&self, command: &str, failure: &Failure) {
        if self.format == Format::Json && !failure.reported {
            put(std::io::stdout(), &format!("{:#}", failure.json(command)));
        }
        let text = failure.text();
        put(std::io::stderr(), &self.paint(&self.plain(&text), "31"));
    }

    /// Whether somebody sits at a terminal who can be asked.
    pub fn is_asked(&self) -> bool {
        self.terminal && std::io::stdin().is_terminal()
    }

    /// Asks whoever sits at the terminal; an empty answer is the proposal. `None` where nobody sits there, or nobody answers.
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

    /// A line for whoever watches.
    pub fn say(&self, line: &str) {
        if self.verbosity >= 0 {
            put(std::io::stderr(), &self.plain(line));
        }
    }

    /// A line for whoever asked for more.
    pub fn detail(&self, line: &str) {
        if self.verbosity > 0 {
            put(std::io::stderr(), &self.paint(&self.plain(line), "2"));
        }
    }

    /// A heading of a story, in bold where there is colour.
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

    /// Runs something whose output is foreign: inside Actions no line of it is taken for a command of the runner.
    ///
    /// The token is new each time; whoever writes the log cannot know it. All of it goes to one stream, because the order
    /// of lines across two streams is not kept.
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

    /// An output of the workflow step; nothing outside Actions.
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

    /// Adds Markdown to the summary of the step; nothing outside Actions.
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

/// What stands before foreign lines: a group, in which the runner takes nothing for a command until it reads the token.
fn opening(title: &str, token: &str) -> String {
    format!("::group::{title}\n::stop-commands::{token}")
}

/// What stands behind them.
fn closing(token: &str) -> String {
    format!("::{token}::\n::endgroup::")
}

/// The heredoc form of an output, so that no value can begin another key. The runner reads the file as UTF-8 and ends a line at a
/// line feed alone (actions/runner, `FileCommandManager.cs`); what other readers take for an end is refused as well.
fn output_lines(key: &str, value: &str, delimiter: &str) -> Option<String> {
    let plain_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    (plain_key && lockgate_core::escape::is_printable(value) && !value.contains(delimiter))
        .then(|| format!("{key}<<{delimiter}\n{value}\n{delimiter}\n"))
}

/// A word that nobody can guess: from the system's random keys of a hash map.
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

/// Prints a line. A reader that went away is not our trouble.
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

    /// What a runner would do with a log, as its documentation says: `::name key=value::text` and `##[name]text` are
    /// commands wherever a line begins so, unless commands are stopped.
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
