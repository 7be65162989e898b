//! The names of a package's releases and files, and the content of its version file, for programs that ship such a
//! file.
//!
//! The grammar of the templates is that of `lockgate.toml`. Does not know that file, nor this machine.

use crate::error::FetchError;
use crate::names::{AssetName, not_usable};

/// The longest version, in bytes.
const MOST_BYTES: usize = 64;
/// The longest integer version, in digits.
const MOST_DIGITS: usize = 10;

/// The names of a package's releases and files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    tag: String,
    asset: String,
}

impl Naming {
    /// Parses the templates `tag` and `asset` of `lockgate.toml`; `package` replaces `{package}` in them.
    ///
    /// # Errors
    /// [`FetchError::InvalidInput`] if one lacks `{version}`, if the asset's lacks `{variant}` or holds it twice, or if
    /// there is anything else in braces.
    pub fn new(package: Option<&str>, tag: &str, asset: &str) -> Result<Self, FetchError> {
        let filled = |template: &str| match package {
            Some(package) => template.replace("{package}", package),
            None => template.to_owned(),
        };
        let expected =
            "a tag's template: a name that holds {version} once, such as tool-v{version}";
        let tag = checked(tag, filled(tag), &["{version}"], expected)?;
        let expected = "an asset's template: a name that holds {version} and {variant} once each, such as tool-{variant}-v{version}";
        let asset = checked(asset, filled(asset), &["{version}", "{variant}"], expected)?;
        Ok(Self { tag, asset })
    }

    /// Returns the tag of a version's release.
    pub fn tag(&self, version: &str) -> String {
        self.tag.replace("{version}", version)
    }

    /// Returns the name of a variant's executable.
    ///
    /// # Errors
    /// [`FetchError::InvalidInput`] if the result is not a valid asset name.
    pub fn asset(&self, variant: &str, version: &str) -> Result<AssetName, FetchError> {
        let name = self.asset.replace("{version}", version);
        name.replace("{variant}", variant).parse()
    }

    /// Returns the variant whose executable has this name, if it is one of that version.
    pub fn variant_of<'n>(&self, asset: &'n str, version: &str) -> Option<&'n str> {
        let name = self.asset.replace("{version}", version);
        let (before, after) = name.split_once("{variant}")?;
        let variant = asset.strip_prefix(before)?.strip_suffix(after)?;
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (!variant.is_empty() && variant.bytes().all(inner)).then_some(variant)
    }
}

/// Reads the version from a version file: an integer or a semantic version, then at most one line end.
///
/// # Errors
/// [`FetchError::Document`] for anything else.
pub fn version_of_file(bytes: &[u8], origin: &str) -> Result<String, FetchError> {
    let text = str::from_utf8(bytes).unwrap_or("\u{fffd}");
    let line = text
        .strip_suffix('\n')
        .map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    if is_version(line) {
        return Ok(line.to_owned());
    }
    Err(FetchError::Document {
        document: "version file",
        origin: origin.to_owned(),
        problem: format!(
            "{} is no version such as 7 or 1.4.0, with at most one line end",
            crate::error::quoted(text)
        ),
    })
}

fn checked(
    given: &str,
    filled: String,
    holes: &[&str],
    expected: &'static str,
) -> Result<String, FetchError> {
    let once = |hole: &&str| filled.matches(hole).count() == 1;
    let rest = holes
        .iter()
        .fold(filled.clone(), |text, hole| text.replace(hole, ""));
    if holes.iter().all(once) && !rest.contains(['{', '}']) {
        return Ok(filled);
    }
    Err(not_usable(given, expected))
}

fn is_version(text: &str) -> bool {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits && (text == "0" || !text.starts_with('0'))
    };
    let (core, pre) = text
        .split_once('-')
        .map_or((text, None), |(core, pre)| (core, Some(pre)));
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let identifier = |text: &str| {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        !text.is_empty() && text.bytes().all(word) && (!digits || number(text))
    };
    let parts: Vec<&str> = core.split('.').collect();
    let integer = parts.len() == 1 && pre.is_none() && core.len() <= MOST_DIGITS;
    let semantic = parts.len() == 3 && pre.is_none_or(|pre| pre.split('.').all(identifier));
    text.len() <= MOST_BYTES && (integer || semantic) && parts.into_iter().all(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming() -> Naming {
        Naming::new(None, "tool-v{version}", "tool-{variant}-v{version}").unwrap()
    }

    #[test]
    fn the_templates_of_the_config_give_tag_and_asset() {
        assert_eq!(naming().tag("2"), "tool-v2");
        let asset = naming().asset("amd64", "2").unwrap();
        assert_eq!(asset.as_str(), "tool-amd64-v2");
        let named = Naming::new(
            Some("tool"),
            "{package}-v{version}",
            "{package}-{variant}-v{version}",
        );
        assert_eq!(named.unwrap(), naming());
        assert_eq!(
            naming().asset("a/b", "2").unwrap_err().code(),
            "fetch.not-usable"
        );
    }

    #[test]
    fn templates_that_would_name_two_things_alike_are_refused() {
        for (tag, asset) in [
            ("tool", "t-{variant}-v{version}"),
            ("v{version}", "t-{variant}"),
            ("v{version}", "t-{version}"),
            ("v{version}{version}", "t-{variant}-v{version}"),
            ("v{version}", "{variant}-{variant}-v{version}"),
            ("v{version}-{arch}", "t-{variant}-v{version}"),
            ("{package}-v{version}", "t-{variant}-v{version}"),
            ("v{version}", "t-{variant}-v{version}}"),
        ] {
            let error = Naming::new(None, tag, asset).unwrap_err();
            assert_eq!(error.code(), "fetch.not-usable", "{tag} {asset}");
        }
    }

    #[test]
    fn a_name_tells_its_variant_only_if_it_is_of_the_package_and_the_version() {
        let of = |name| naming().variant_of(name, "2").map(str::to_owned);
        assert_eq!(of("tool-amd64-musl-v2").as_deref(), Some("amd64-musl"));
        for other in [
            "tool-amd64-v3",
            "other-amd64-v2",
            "tool--v2x",
            "tool-v2",
            "tool-AMD64-v2",
            "SHA256SUMS",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn a_version_file_holds_a_version_and_at_most_one_line_end() {
        let read = |bytes: &[u8]| version_of_file(bytes, "VERSION");
        for (bytes, version) in [
            ("7", "7"),
            ("7\n", "7"),
            ("7\r\n", "7"),
            ("0", "0"),
            ("1.4.0", "1.4.0"),
            ("1.0.0-rc.1\n", "1.0.0-rc.1"),
        ] {
            assert_eq!(read(bytes.as_bytes()).unwrap(), version);
        }
        for bytes in [
            &b""[..],
            b"\n",
            b"7\n\n",
            b" 7",
            b"7 ",
            b"v7",
            b"07",
            b"+7",
            b"12345678901",
            b"1.2",
            b"1.02.3",
            b"1.2.3+build",
            b"1.2.3-",
            b"7-rc",
            b"\xef\xbb\xbf7",
            b"\xff",
            b"../7",
            "٧".as_bytes(),
        ] {
            let error = read(bytes).unwrap_err();
            assert_eq!(error.code(), "fetch.document", "{bytes:?}");
        }
    }
}
