//! Completes the options of a package, with questions at a terminal. Without a terminal, one error names all missing options.

use lockgate_core::{PackageName, VariantName};

use super::propose::Proposals;
use super::{Problem, command};
use crate::cli;

/// The settings of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answers {
    pub package: PackageName,
    pub version_file: String,
    pub scheme: cli::Scheme,
    pub sources: Vec<String>,
    pub exclude: Vec<String>,
    pub command: Vec<String>,
    pub output: String,
    pub smoke: Option<Vec<String>>,
    pub variants: Vec<Row>,
    pub tag: String,
    pub asset: String,
    pub pins: Option<String>,
}

/// A variant and the machine that builds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub name: VariantName,
    pub runner: &'static str,
}

/// Asks the user: the question, and the meaning of an empty answer. `None` if there is no terminal.
pub(super) type Ask<'a> = &'a dyn Fn(&str, Option<&str>) -> Option<String>;

/// Completes the options.
pub(super) fn complete(
    args: &cli::Init,
    proposals: &dyn Fn() -> Proposals,
    ask: Ask<'_>,
) -> Result<Answers, Problem> {
    let needed = [
        args.package.is_none(),
        args.version_file.is_none(),
        args.sources.is_empty(),
        args.build_command.is_none(),
    ];
    let found = needed.contains(&true).then(proposals);
    let proposed = |of: &dyn Fn(&Proposals) -> Option<String>| found.as_ref().and_then(of);
    let mut missing = Vec::new();
    let mut value =
        |option: &'static str, said: Option<String>, question: &str, proposal: Option<String>| {
            said.or_else(|| ask(question, proposal.as_deref()))
                .unwrap_or_else(|| {
                    missing.push(option);
                    String::new()
                })
        };
    let package = value(
        "--package",
        args.package.clone(),
        "Name of the package",
        None,
    );
    let version_file = value(
        "--version-file",
        args.version_file.clone(),
        "File that holds the version",
        proposed(&|found| found.version_files.first().cloned()),
    );
    let sources = (!args.sources.is_empty()).then(|| args.sources.join(" "));
    let said_sources = sources.is_some();
    let asked = value(
        "--sources",
        sources,
        "What decides what is built (patterns, separated by spaces)",
        proposed(&Proposals::sources),
    );
    let build_command = value(
        "--build-command",
        args.build_command.clone(),
        "Command that builds one variant",
        proposed(&Proposals::command),
    );
    if !missing.is_empty() {
        return Err(Problem::Missing {
            options: missing.join(", "),
            found: found.map(|found| found.summary()).unwrap_or_default(),
        });
    }
    let sources = match said_sources {
        true => args.sources.clone(),
        false => asked.split_whitespace().map(ToOwned::to_owned).collect(),
    };
    let package: PackageName = name("--package", &package)?;
    let output = args
        .output
        .clone()
        .or_else(|| ask("Where it leaves the executable", Some("dist/{asset}")));
    let variants = match args.variants.is_empty() {
        false => args.variants.clone(),
        true => ask("Variants, separated by commas", Some("amd64,arm64"))
            .unwrap_or_else(|| "amd64,arm64".to_owned())
            .split(',')
            .map(|name| name.trim().to_owned())
            .collect(),
    };
    let smoke = args
        .smoke
        .as_deref()
        .map(|text| command::words("--smoke", text));
    Ok(Answers {
        version_file,
        scheme: args.scheme.unwrap_or(cli::Scheme::Integer),
        sources,
        exclude: args.exclude.clone(),
        command: command::words("--build-command", &build_command)?,
        output: output.unwrap_or_else(|| "dist/{asset}".to_owned()),
        smoke: smoke.transpose()?,
        variants: rows(&variants, &args.emulate)?,
        tag: args
            .tag
            .clone()
            .unwrap_or_else(|| format!("{package}-v{{version}}")),
        asset: args
            .asset
            .clone()
            .unwrap_or_else(|| format!("{package}-{{variant}}-v{{version}}")),
        pins: args.pins.clone(),
        package,
    })
}

/// Converts the scheme to the core's type.
pub(super) fn scheme(scheme: cli::Scheme) -> lockgate_core::Scheme {
    match scheme {
        cli::Scheme::Integer => lockgate_core::Scheme::Integer,
        cli::Scheme::Semver => lockgate_core::Scheme::Semver,
    }
}

fn rows(names: &[String], emulated: &[String]) -> Result<Vec<Row>, Problem> {
    let row = |text: &String| {
        let name: VariantName = name("--variants", text)?;
        let arm = name.as_str().split('-').any(|part| part == "arm64");
        let runner = match arm && !emulated.contains(text) {
            true => "ubuntu-24.04-arm",
            false => "ubuntu-24.04",
        };
        Ok(Row { name, runner })
    };
    let rows: Vec<Row> = names.iter().map(row).collect::<Result<_, Problem>>()?;
    match emulated.iter().find(|name| !names.contains(name)) {
        None => Ok(rows),
        Some(stranger) => Err(Problem::NoVariant {
            variant: lockgate_core::escape::quoted(stranger),
            known: names.join(", "),
        }),
    }
}

/// Parses a name; the error names the first invalid character.
fn name<W>(option: &'static str, text: &str) -> Result<W, Problem>
where
    W: std::str::FromStr<Err = lockgate_core::ParseError>,
{
    text.parse().map_err(|wrong: lockgate_core::ParseError| {
        let tame = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let at = text.chars().position(|c| !tame(c));
        let at = at
            .map(|at| format!(" (character {})", at + 1))
            .unwrap_or_default();
        Problem::BadName {
            option,
            problem: format!("{wrong}{at}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn init(args: &[&str]) -> cli::Init {
        let all = ["lockgate", "init"].iter().chain(args);
        let cli::Command::Init(init) = cli::Cli::try_parse_from(all).unwrap().command else {
            panic!("{args:?} is no init");
        };
        *init
    }

    fn nothing() -> Proposals {
        Proposals {
            version_files: Vec::new(),
            scripts: Vec::new(),
        }
    }

    #[test]
    fn whatever_is_missing_is_told_at_once_where_nobody_can_be_asked() {
        let found = || Proposals {
            version_files: vec!["tool/VERSION".to_owned()],
            scripts: vec!["tool/build.py".to_owned()],
        };
        let problem = complete(&init(&["--package", "x"]), &found, &|_, _| None).unwrap_err();
        let Problem::Missing { options, found } = problem else {
            panic!("{problem:?}")
        };
        assert_eq!(options, "--version-file, --sources, --build-command");
        assert_eq!(
            found,
            "; what was found would be: --version-file tool/VERSION --sources 'tool/**' --build-command 'python3 tool/build.py --arch {arch}'"
        );
    }

    #[test]
    fn an_answer_counts_where_an_option_is_missing() {
        let ask = |question: &str, proposal: Option<&str>| {
            let said = match question {
                "Name of the package" => "tool",
                "File that holds the version" => "VERSION",
                "What decides what is built (patterns, separated by spaces)" => "src/** build.py",
                "Command that builds one variant" => "make 'A B={arch}'",
                _ => return proposal.map(ToOwned::to_owned),
            };
            Some(said.to_owned())
        };
        let answers = complete(&init(&["--emulate", "arm64"]), &nothing, &ask).unwrap();
        assert_eq!(answers.sources, ["src/**", "build.py"]);
        assert_eq!(answers.command, ["make", "A B={arch}"]);
        assert_eq!(answers.tag, "tool-v{version}");
        let runners: Vec<_> = answers.variants.iter().map(|row| row.runner).collect();
        assert_eq!(runners, ["ubuntu-24.04", "ubuntu-24.04"]);
    }

    #[test]
    fn a_name_that_needs_quoting_is_refused_with_its_place() {
        let all = [
            "--version-file",
            "v",
            "--sources",
            "s",
            "--build-command",
            "make",
        ];
        let with = |more: &[&str]| complete(&init(&[&all, more].concat()), &nothing, &|_, _| None);
        for (name, place) in [
            ("a b", "(character 2)"),
            ("ab]", "(character 3)"),
            ("\"x", "(character 1)"),
        ] {
            let problem = with(&["--package", name]).unwrap_err();
            assert!(problem.to_string().ends_with(place), "{problem}");
        }
        assert!(matches!(
            with(&["--package", "x", "--variants", "AMD"]),
            Err(Problem::BadName { .. })
        ));
        assert!(matches!(
            with(&["--package", "x", "--emulate", "mips"]),
            Err(Problem::NoVariant { .. })
        ));
        assert!(matches!(
            with(&["--package", "x", "--smoke", "'"]),
            Err(Problem::BadCommand { .. })
        ));
    }
}
