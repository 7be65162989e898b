//! The command `lockgate`, as a library so that its parsers can be fuzzed; nothing in here is a stable interface.
//!
//! Decides nothing: decisions are `lockgate-core`'s, and the flows in [`flows`] observe for them and apply what they say.

pub mod cache_choice;
pub mod candidate;
pub mod cli;
pub mod credentials;
pub mod ended;
pub mod event;
pub mod exit;
pub mod flows;
pub mod foreign;
pub mod git;
pub mod history;
pub mod look;
pub mod manual;
pub mod objects;
pub mod observe;
pub mod progress;
pub mod reading;
#[cfg(feature = "rehearse")]
pub mod rehearse;
pub mod release_origin;
pub mod remote;
pub mod stream;
pub mod surroundings;
pub mod talk;
pub mod trouble;
pub mod whole;
pub mod work_tree;

use clap::Parser as _;

use cli::{Cli, Command};
use exit::{Exit, Failure};
use flows::Context;
use surroundings::Surroundings;
use talk::Talk;

/// Reads the command line and the environment, runs one flow, and says how it ended.
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misused(&error),
    };
    let mut around = Surroundings::read(&cli.global);
    around.rights = cli.command.rights();
    let runs_foreign_code = matches!(&cli.command, Command::Build(args) if args.variant.is_some());
    let shed = runs_foreign_code.then(credentials::shed);
    let talk = Talk::new(&cli.global, &around);
    match shed {
        Some(Ok(values)) => around.credentials = values,
        Some(Err(trouble)) => {
            let failure = Failure::from(trouble);
            talk.failure(cli.command.name(), &failure);
            return failure.exit;
        }
        None => {}
    }
    let context = Context { around, talk };
    match go(cli.global.work_dir.as_deref()).and_then(|()| run(&context, &cli)) {
        Ok(()) => Exit::Done,
        Err(failure) => {
            context.talk.failure(cli.command.name(), &failure);
            failure.exit
        }
    }
}

/// Goes to the folder of `-C`, so that every path of the command line is relative to it.
fn go(dir: Option<&std::path::Path>) -> Result<(), Failure> {
    let Some(dir) = dir else { return Ok(()) };
    std::env::set_current_dir(dir)
        .map_err(|error| trouble::Trouble::file(format!("go to {}", dir.display()), &error).into())
}

/// Help and version are asked for; anything else is a mistake on the command line, with its code like any other.
fn misused(error: &clap::Error) -> Exit {
    // A reader that went away is not our trouble.
    let _ = error.print();
    if !error.use_stderr() {
        return Exit::Done;
    }
    Talk::misused();
    Exit::Usage
}

fn run(context: &Context, cli: &Cli) -> Result<(), Failure> {
    match &cli.command {
        Command::Init(args) => flows::init::run(context, args),
        Command::Check(args) => flows::check::run(context, args),
        Command::Detect(args) => flows::detect::run(context, args),
        Command::Build(args) => flows::build::run(context, args),
        Command::Report(args) => flows::report::run(context, args),
        Command::Gate(args) => flows::gate::run(context, args),
        Command::Promote(args) => flows::promote::run(context, args),
        Command::Verify(args) => flows::verify::run(context, args),
        Command::Fetch(args) => flows::fetch::run(context, args),
        Command::Mirror(args) => flows::mirror::run(context, args),
        Command::Pin(args) => flows::pin::run(context, args),
        Command::Doctor(args) => flows::doctor::run(context, args),
        Command::Cleanup(args) => flows::retain::run(context, args),
        Command::Audit(args) => flows::audit::run(context, args),
        Command::Withdraw(args) => flows::withdraw::run(context, args),
        #[cfg(feature = "rehearse")]
        Command::Rehearse(args) => rehearse::run(context, args),
        Command::Completions { shell } => manual::completions(context, *shell),
        Command::Man { folder } => manual::pages(folder),
    }
}
