//! The table: how schema and parser decide, row by row.

/// A config without anything that can be left out; rows replace a piece of it.
pub(crate) const BASE: &str = r#"
[package.tool]
version-file = "tool/VERSION"
sources = ["tool/**"]
tag = "tool-v{version}"
asset = "tool-{variant}-v{version}"

[package.tool.build]
command = ["make", "ARCH={arch}"]
output = "dist/{asset}"

[package.tool.variant.amd64]
"#;

/// A second package, to collide with the first.
pub(crate) const OTHER: &str = r#"
[package.other]
version-file = "other/VERSION"
sources = ["other/**"]
tag = "other-v{version}"
asset = "other-{variant}-v{version}"
pins = "other/SHA256SUMS"
build = { command = ["make"], output = "dist/{asset}" }
variant.arm64 = {}
"#;

pub(crate) const ACTION: &str = "o/lockgate@0123456789abcdef0123456789abcdef01234567";
pub(crate) const DIGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Expect {
    /// Both accept it.
    Fine,
    /// Both refuse it.
    Refused,
    /// Only the parser refuses it, with this code, because a schema cannot say it for this reason.
    Beyond(&'static str, &'static str),
}
use Expect::{Beyond, Fine, Refused};

pub(crate) const GLOBS: &str = "the syntax of patterns nests, and belongs to a library";
pub(crate) const TWO_PACKAGES: &str = "a schema cannot compare two tables";
pub(crate) const FILLED: &str =
    "what fills a template comes from other keys, and so does its length";
pub(crate) const CASE: &str = "a schema cannot compare two keys, nor without case";
pub(crate) const BYTES: &str = "a schema counts characters, file systems count bytes";

/// `(what to replace in BASE, with what, how both decide)`.
#[rustfmt::skip] // a table
pub(crate) const TABLE: &[(&str, &str, Expect)] = &[
    ("", "", Fine),
    // Names.
    ("package.tool", "package.a", Fine),
    ("package.tool", "package.9-9", Fine),
    ("package.tool", "package.Tool", Refused),
    ("package.tool", "package.to_ol", Refused),
    ("package.tool", "package.-tool", Refused),
    ("package.tool", "package.tool-", Refused),
    ("package.tool", "package.\"\"", Refused),
    ("package.tool", "package.\"tool\\n\"", Refused),
    ("package.tool", "package.@40@", Fine),
    ("package.tool", "package.@41@", Refused),
    ("package.tool", "package.@39@-", Refused),
    // Tables and keys.
    (BASE, "", Refused),
    (BASE, "[package]", Refused),
    (BASE, "package = 1", Refused),
    (BASE, "[package.tool]", Refused),
    ("[package.tool]", "package-default = 1\n[package.tool]", Refused),
    ("[package.tool]", "\"$schema\" = \"x\"\n[package.tool]", Refused),
    ("tag =", "Tag =", Refused),
    ("version-file =", "version_file =", Refused),
    ("version-file = \"tool/VERSION\"", "", Refused),
    ("sources = [\"tool/**\"]", "", Refused),
    ("tag = \"tool-v{version}\"", "", Refused),
    ("asset = \"tool-{variant}-v{version}\"", "", Refused),
    ("[package.tool.build]", "[package.tool.make]", Refused),
    ("[package.tool.variant.amd64]", "", Refused),
    ("[package.tool.variant.amd64]", "[package.tool.variant]", Refused),
    ("command = [\"make\", \"ARCH={arch}\"]", "", Refused),
    ("output = \"dist/{asset}\"", "", Refused),
    ("output =", "shell = \"sh\"\noutput =", Refused),
    ("[package.tool.build]", "[package.tool.policy]\n[package.tool.build]", Fine),
    ("[package.tool.build]", "policy.steps = \"any\"\n[package.tool.build]", Refused),
    // Paths.
    ("tool/VERSION", "VERSION", Fine),
    ("tool/VERSION", "tööl/.x/..y/z z/VERSION", Fine),
    ("tool/VERSION", "", Refused),
    ("tool/VERSION", "/VERSION", Refused),
    ("tool/VERSION", "tool//VERSION", Refused),
    ("tool/VERSION", "tool/", Refused),
    ("tool/VERSION", "./VERSION", Refused),
    ("tool/VERSION", "tool/../VERSION", Refused),
    ("tool/VERSION", "..", Refused),
    ("tool/VERSION", "tool/.GIT/VERSION", Refused),
    ("tool/VERSION", ".git", Refused),
    ("tool/VERSION", ".github/VERSION", Fine),
    ("tool/VERSION", "tool\\\\VERSION", Refused),
    ("tool/VERSION", "tool\\u0007/VERSION", Refused),
    ("tool/VERSION", "tool\\u0085/VERSION", Refused),
    ("tool/VERSION", "tool\\n", Refused),
    ("tool/VERSION", "tool\\u2028/VERSION", Refused),
    ("tool/VERSION", "tool\\u3000/VERSION", Refused),
    ("tool/VERSION", "tool\\ue000/VERSION", Refused),
    ("tool/VERSION", "@1000@", Fine),
    ("tool/VERSION", "@1001@", Refused),
    ("tool/VERSION", "ä@999@", Beyond("config.bad-value", BYTES)),
    ("\"tool/VERSION\"", "7", Refused),
    ("\"tool/VERSION\"", "1979-05-27", Refused),
    ("tag =", "pins = \"tool/SHA256SUMS\"\ntag =", Fine),
    ("tag =", "pins = \"../SHA256SUMS\"\ntag =", Refused),
    ("tag =", "pins = false\ntag =", Refused),
    // Choices.
    ("tag =", "scheme = \"semver\"\ntag =", Fine),
    ("tag =", "scheme = \"integer\"\ntag =", Fine),
    ("tag =", "scheme = \"SemVer\"\ntag =", Refused),
    ("tag =", "scheme = 1\ntag =", Refused),
    ("[package.tool.build]", "policy.step = \"any\"\n[package.tool.build]", Fine),
    ("[package.tool.build]", "policy.step = \"next\"\n[package.tool.build]", Refused),
    ("[package.tool.build]", "policy.change-without-bump = \"deny\"\n[package.tool.build]", Fine),
    ("[package.tool.build]", "policy.change-without-bump = \"any\"\n[package.tool.build]", Refused),
    ("[package.tool.build]", "policy.bump-without-change = \"warn\"\n[package.tool.build]", Fine),
    ("[package.tool.build]", "policy.bump-without-change = true\n[package.tool.build]", Refused),
    ("[package.tool.build]", "policy.environment = \"unchecked\"\n[package.tool.build]", Fine),
    ("[package.tool.build]", "policy.environment = \"none\"\n[package.tool.build]", Refused),
    ("[package.tool.build]", "policy = []\n[package.tool.build]", Refused),
    // Patterns.
    ("[\"tool/**\"]", "[\"a\", \"**/*.[ch]\", \"{a,b}/?\"]", Fine),
    ("[\"tool/**\"]", "[]", Refused),
    ("[\"tool/**\"]", "\"tool/**\"", Refused),
    ("[\"tool/**\"]", "[\"tool/**\", 1]", Refused),
    ("tool/**", "", Refused),
    ("tool/**", "/tool/**", Refused),
    ("tool/**", "./tool/**", Refused),
    ("tool/**", ".tool/**", Fine),
    ("tool/**", "tool/", Refused),
    ("tool/**", "tool\\t/**", Refused),
    ("tool/**", "a", Fine),
    ("tool/**", "tool/[**", Beyond("config.bad-glob", GLOBS)),
    ("tool/**", "tool/{a", Beyond("config.bad-glob", GLOBS)),
    ("tag =", "exclude = []\ntag =", Fine),
    ("tag =", "exclude = [\"**/*.md\"]\ntag =", Fine),
    ("tag =", "exclude = [\"**/[a\"]\ntag =", Beyond("config.bad-glob", GLOBS)),
    ("tag =", "exclude = [\"\"]\ntag =", Refused),
    ("tag =", "exclude = \"**/*.md\"\ntag =", Refused),
    // Tags.
    ("tool-v{version}", "{version}", Fine),
    ("tool-v{version}", "{package}{package}-{version}.x_Y-9", Fine),
    ("tool-v{version}", "tool", Refused),
    ("tool-v{version}", "{version}-{version}", Refused),
    ("tool-v{version}", "{version}-{variant}", Refused),
    ("tool-v{version}", "{version", Refused),
    ("tool-v{version}", "{{version}}", Refused),
    ("tool-v{version}", "tool v{version}", Refused),
    ("tool-v{version}", "tool/v{version}", Refused),
    ("tool-v{version}", "töol-v{version}", Refused),
    ("tool-v{version}", "tool-v{version}\\n", Refused),
    ("tool-v{version}", "a..b{version}", Refused),
    ("tool-v{version}", "{version}..b", Refused),
    ("tool-v{version}", "{version}.", Refused),
    ("tool-v{version}", "{version}.lock", Refused),
    ("tool-v{version}", "{version}.locks", Fine),
    ("tool-v{version}", "{version}lock", Refused),
    ("tool-v{version}", "{version}k", Refused),
    ("tool-v{version}", "{version}-k", Fine),
    ("tool-v{version}", "{version}block", Fine),
    ("package.tool", "@LOCK@", Beyond("config.bad-template", FILLED)),
    ("tool-v{version}", ".{version}", Refused),
    ("tool-v{version}", "-{version}", Refused),
    ("tool-v{version}", "_{version}", Fine),
    ("tool-v{version}", "withdrawn-{version}", Refused),
    ("tool-v{version}", "withdrawn{version}", Fine),
    ("tool-v{version}", "@126@{version}", Fine),
    ("tool-v{version}", "@127@{version}", Beyond("config.bad-template", FILLED)),
    ("package.tool", "package.withdrawn-tool", Fine),
    ("package.tool", "@WITHDRAWN@", Beyond("config.bad-template", FILLED)),
    ("\"tool-v{version}\"", "2", Refused),
    // Assets.
    ("tool-{variant}-v{version}", "{version}{variant}", Fine),
    ("tool-{variant}-v{version}", "{package}_{variant}..{version}.x", Fine),
    ("tool-{variant}-v{version}", "tool-v{version}", Refused),
    ("tool-{variant}-v{version}", "tool-{variant}", Refused),
    ("tool-{variant}-v{version}", "{variant}{variant}{version}", Refused),
    ("tool-{variant}-v{version}", "{arch}{variant}{version}", Refused),
    ("tool-{variant}-v{version}", ".{variant}{version}", Refused),
    ("tool-{variant}-v{version}", "-{variant}{version}", Refused),
    ("tool-{variant}-v{version}", "{variant}{version}.", Refused),
    ("tool-{variant}-v{version}", "{variant} {version}", Refused),
    ("tool-{variant}-v{version}", "bin/{variant}{version}", Refused),
    ("tool-{variant}-v{version}", "@131@{variant}{version}", Fine),
    ("tool-{variant}-v{version}", "@132@{variant}{version}", Beyond("config.bad-template", FILLED)),
    // Commands.
    ("\"ARCH={arch}\"", "\"\", \"x y\\n\", \"{os}{libc}{output}{asset}{variant}{version}{package}\"", Fine),
    ("[\"make\", \"ARCH={arch}\"]", "[]", Refused),
    ("[\"make\", \"ARCH={arch}\"]", "\"make\"", Refused),
    ("[\"make\", \"ARCH={arch}\"]", "[\"make\", 1]", Refused),
    ("ARCH={arch}", "{Arch}", Refused),
    ("ARCH={arch}", "{arch", Refused),
    ("ARCH={arch}", "arch}", Refused),
    ("ARCH={arch}", "${HOME}", Refused),
    ("ARCH={arch}", "{}", Refused),
    ("ARCH={arch}", "a\\u0000b", Refused),
    ("output =", "smoke = [\"{output}\", \"healthcheck\"]\noutput =", Fine),
    ("output =", "smoke = []\noutput =", Refused),
    ("output =", "smoke = [\"{out}\"]\noutput =", Refused),
    // Where the executable lies.
    ("dist/{asset}", "{asset}", Fine),
    ("dist/{asset}", "{arch}/{package}/tool-{version}", Fine),
    ("dist/{asset}", "a\\u2028b/{variant}", Refused),
    ("dist/{asset}", "größe/{variant}", Fine),
    ("dist/{asset}", "dist/tool", Refused),
    ("dist/{asset}", "dist/{version}", Refused),
    ("dist/{asset}", "dist/{os}/{asset}", Refused),
    ("dist/{asset}", "{output}/{asset}", Refused),
    ("dist/{asset}", "/dist/{asset}", Refused),
    ("dist/{asset}", "../{asset}", Refused),
    ("dist/{asset}", "dist//{asset}", Refused),
    ("dist/{asset}", "{asset}/", Refused),
    ("dist/{asset}", ".git/{asset}", Refused),
    ("dist/{asset}", "dist\\\\{asset}", Refused),
    ("dist/{asset}", "dist/{asset}}", Refused),
    ("dist/{asset}", "@923@/{asset}", Fine),
    ("dist/{asset}", "@924@/{asset}", Beyond("config.bad-template", FILLED)),
    ("dist/{asset}", "@GIT@", Beyond("config.bad-template", FILLED)),
    // Variants.
    ("variant.amd64", "variant.amd64-musl", Fine),
    ("variant.amd64", "variant.static-386", Fine),
    ("variant.amd64", "variant.small-arm-static", Fine),
    ("variant.amd64", "variant.mips", Refused),
    ("variant.amd64", "variant.xamd64", Refused),
    ("variant.amd64", "variant.amd64x-musl", Refused),
    ("variant.amd64", "variant.AMD64", Refused),
    ("variant.amd64", "variant.amd64_musl", Refused),
    ("variant.amd64]", "variant.small]\narch = \"s390x\"", Fine),
    ("variant.amd64]", "variant.small]\nlibc = \"static\"", Refused),
    ("variant.amd64]", "variant.amd64]\narch = \"riscv64\"", Fine),
    ("variant.amd64]", "variant.amd64]\narch = \"x86_64\"", Refused),
    ("variant.amd64]", "variant.amd64]\nos = \"linux\"", Fine),
    ("variant.amd64]", "variant.amd64]\nos = \"darwin\"", Refused),
    ("variant.amd64]", "variant.amd64]\nlibc = \"musl\"", Fine),
    ("variant.amd64]", "variant.amd64]\nlibc = \"uclibc\"", Refused),
    ("variant.amd64]", "variant.amd64]\nglibc-floor = \"2.31\"", Fine),
    ("variant.amd64]", "variant.amd64]\nglibc-floor = \"0.65535\"", Fine),
    ("variant.amd64]", "variant.amd64]\nglibc-floor = \"2.65536\"", Refused),
    ("variant.amd64]", "variant.amd64]\nglibc-floor = \"2.031\"", Refused),
    ("variant.amd64]", "variant.amd64]\nglibc-floor = \"2.31.1\"", Refused),
    ("variant.amd64]", "variant.amd64]\nglibc-floor = \"+2.31\"", Refused),
    ("variant.amd64]", "variant.amd64]\nglibc-floor = \"2.31\\n\"", Refused),
    ("variant.amd64]", "variant.amd64]\nglibc-floor = 2.31", Refused),
    ("variant.amd64]", "variant.amd64]\nrunner = \"self-hosted_1.x\"", Fine),
    ("variant.amd64]", "variant.amd64]\nrunner = \"\"", Refused),
    ("variant.amd64]", "variant.amd64]\nrunner = \"a b\"", Refused),
    ("variant.amd64]", "variant.amd64]\nrunner = \"${{ x }}\"", Refused),
    ("variant.amd64]", "variant.amd64]\nrunner = [\"a\", \"b\"]", Refused),
    ("variant.amd64]", "variant.amd64]\nallow-rpath = true\nallow-exec-stack = false", Fine),
    ("variant.amd64]", "variant.amd64]\nallow-rpath = \"true\"", Refused),
    ("variant.amd64]", "variant.amd64]\nallow-setuid = true", Refused),
    ("variant.amd64]", "variant]\namd64 = 1", Refused),
    ("variant.amd64]", "variant.amd64]\n[package.tool.variant.amd64-v3]", Beyond("config.same-variants", TWO_PACKAGES)),
    ("variant.amd64]", "variant.amd64]\n[package.tool.variant.amd64-v3]\nlibc = \"static\"", Fine),
    // Two packages.
    ("", "@OTHER@", Fine),
    ("tool-v{version}", "other-v{version}@OTHER@", Beyond("config.collision", TWO_PACKAGES)),
    ("tool-v{version}", "other-v1{version}@OTHER@", Beyond("config.collision", TWO_PACKAGES)),
    ("tag =", "pins = \"other/SHA256SUMS\"@OTHER@\ntag =", Beyond("config.collision", TWO_PACKAGES)),
    // how the workflows are written
    ("[package.tool]", "@W@level = \"hardened\"\n[package.tool]", Fine),
    ("[package.tool]", "@W@level = \"harder\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@branch = \"release/2\"\n[package.tool]", Fine),
    ("[package.tool]", "@W@branch = \"a..b\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@branch = \"a b\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@branch = \"x.lock\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@branches = [\"release/2\", \"next\"]\n[package.tool]", Fine),
    ("[package.tool]", "@W@branches = [\"a..b\"]\n[package.tool]", Refused),
    ("[package.tool]", "@W@branches = \"next\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@branches = [\"next\", \"next\"]\n[package.tool]", Refused),
    ("[package.tool]", "@W@branches = [\"next\", \"Next\"]\n[package.tool]", Beyond("config.bad-value", CASE)),
    ("[package.tool]", "@W@branches = [\"main\"]\n[package.tool]", Beyond("config.bad-value", CASE)),
    ("[package.tool]", "@W@lockgate = \"@ACTION@\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@sha256.amd64 = \"@DIGEST@\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@lockgate = \"@ACTION@\"\nsha256.amd64 = \"@DIGEST@\"\n[package.tool]", Fine),
    ("[package.tool]", "@W@lockgate = \"@ACTION@\"\nsha256.arm64 = \"@DIGEST@\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@lockgate = \"o/lockgate#v1\"\nsha256.amd64 = \"@DIGEST@\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@lockgate = \"@ACTION@\"\nsha256.amd64 = \"abc\"\n[package.tool]", Refused),
];
