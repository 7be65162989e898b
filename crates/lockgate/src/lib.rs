//! The command `lockgate`, as a library so that its parsers can be fuzzed; nothing in here is a stable interface.
//!
//! Decides nothing: decisions are in `lockgate-core`; [`commands`] observe for them and apply the results.

pub mod atomic_write;
pub mod cache_choice;
pub mod cli;
pub mod command_error;
pub mod commands;
pub mod credentials;
pub mod event;
pub mod exit;
pub mod git;
pub mod inspect_output;
pub mod manual;
pub mod objects;
pub mod observe;
pub mod output;
pub mod process_env;
pub mod reading;
#[cfg(feature = "rehearse")]
pub mod rehearse;
pub mod stream;
pub mod subprocess;

use clap::Parser as _;

use cli::{Cli, Command};
use commands::Context;
use exit::{Exit, Failure};
use output::reporter::Reporter;
use process_env::ProcessEnv;

/// Reads the command line and the environment, runs one command, and returns its exit status.
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misused(&error),
    };
    let mut env = ProcessEnv::read(&cli.global);
    env.rights = cli.command.rights();
    let runs_foreign_code = matches!(&cli.command, Command::Build(args) if args.variant.is_some());
    let shed = runs_foreign_code.then(credentials::shed);
    let reporter = Reporter::new(cli.command.name(), &cli.global, &env);
    match shed {
        Some(Ok(values)) => env.credentials = values,
        Some(Err(command_error)) => return reporter.finish(Err(command_error.into())),
        None => {}
    }
    let context = Context { env, reporter };
    let ended = go(cli.global.work_dir.as_deref()).and_then(|()| run(&context, &cli));
    context.reporter.finish(ended)
}

/// Changes to the folder of `-C`, so that every path of the command line is relative to it.
fn go(dir: Option<&std::path::Path>) -> Result<(), Failure> {
    let Some(dir) = dir else { return Ok(()) };
    std::env::set_current_dir(dir).map_err(|error| {
        command_error::CommandError::file(format!("go to {}", dir.display()), &error).into()
    })
}

/// Prints help and version on request; anything else is a usage error, with a code like any other.
fn misused(error: &clap::Error) -> Exit {
    // A closed pipe is not an error.
    let _ = error.print();
    if !error.use_stderr() {
        return Exit::Done;
    }
    // The parser has no options to offer, so the words themselves are read.
    let words: Vec<_> = std::env::args_os().collect();
    let json = words
        .windows(2)
        .any(|pair| pair == ["--output-format", "json"])
        || words.iter().any(|word| word == "--output-format=json");
    Reporter::misused(json)
}

fn run(context: &Context, cli: &Cli) -> Result<(), Failure> {
    match &cli.command {
        Command::Init(args) => commands::init::run(context, args),
        Command::Check(args) => commands::check::run(context, args),
        Command::Detect(args) => commands::detect::run(context, args),
        Command::Build(args) => commands::build::run(context, args),
        Command::Report(args) => commands::report::run(context, args),
        Command::Gate(args) => commands::gate::run(context, args),
        Command::Promote(args) => commands::promote::run(context, args),
        Command::Verify(args) => commands::verify::run(context, args),
        Command::Fetch(args) => commands::fetch::run(context, args),
        Command::Mirror(args) => commands::mirror::run(context, args),
        Command::Pin(args) => commands::pin::run(context, args),
        Command::Doctor(args) => commands::doctor::run(context, args),
        Command::Cleanup(args) => commands::cleanup::run(context, args),
        Command::Audit(args) => commands::audit::run(context, args),
        Command::Withdraw(args) => commands::withdraw::run(context, args),
        #[cfg(feature = "rehearse")]
        Command::Rehearse(args) => rehearse::run(context, args),
        Command::Completions { shell } => manual::completions(context, *shell),
        Command::Man { folder } => manual::pages(folder),
    }
}
