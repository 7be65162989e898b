//! The names of a package's releases and files, and the content of its version file, for programs that ship such a
//! file.
//!
//! The grammar of the templates is that of `lockgate.toml`. Does not know that file, nor this machine.

use lockgate_format::ids::{AssetName, PackageName, Tag, VariantName};
use lockgate_format::template::{Placeholder, Template, Values, VariantValues};
use lockgate_format::version::Version;

use crate::error::{FetchError, redacted};
use crate::names::{name, not_usable};

/// The names of a package's releases and files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    package: Option<PackageName>,
    tag: Template,
    asset: Template,
}

impl Naming {
    /// Parses the templates `tag` and `asset` of `lockgate.toml`; `package` replaces `{package}` in them.
    ///
    /// # Errors
    /// [`FetchError::InvalidInput`] if one lacks `{version}`, if the asset's lacks `{variant}` or holds it twice, or if
    /// there is anything else in braces.
    pub fn new(package: Option<&str>, tag: &str, asset: &str) -> Result<Self, FetchError> {
        let package: Option<PackageName> = package.map(name).transpose()?;
        let parse = |text, placeholders: &[Placeholder], expected| {
            template(text, placeholders, package.is_some())
                .ok_or_else(|| not_usable(text, expected))
        };
        let expected =
            "a tag's template: a name that holds {version} once, such as tool-v{version}";
        let tag = parse(tag, &[Placeholder::Version], expected)?;
        let expected = "an asset's template: a name that holds {version} and {variant} once each, such as tool-{variant}-v{version}";
        let needed = [Placeholder::Version, Placeholder::Variant];
        let asset = parse(asset, &needed, expected)?;
        Ok(Self {
            package,
            tag,
            asset,
        })
    }

    /// Returns the tag of a version's release.
    ///
    /// # Errors
    /// [`FetchError::InvalidInput`] if the result is not a valid tag.
    pub fn tag(&self, version: &Version) -> Result<Tag, FetchError> {
        name(&self.tag.fill(&self.values(version)))
    }

    /// Returns the name of a variant's executable.
    ///
    /// # Errors
    /// [`FetchError::InvalidInput`] if the result is not a valid asset name.
    pub fn asset(&self, variant: &VariantName, version: &Version) -> Result<AssetName, FetchError> {
        let variant = VariantValues {
            name: variant,
            arch: "",
            os: "",
            libc: "",
        };
        name(&self.asset.fill(&Values {
            variant: Some(variant),
            ..self.values(version)
        }))
    }

    /// Returns the variant whose executable has this name, if it is one of that version.
    pub fn variant_of(&self, asset: &AssetName, version: &Version) -> Option<VariantName> {
        let values = self.values(version);
        let variant = self
            .asset
            .extract(Placeholder::Variant, &values, asset.as_str())?;
        variant.parse().ok()
    }

    fn values<'a>(&'a self, version: &'a Version) -> Values<'a> {
        Values {
            package: self.package.as_ref(),
            version: Some(version),
            ..Values::default()
        }
    }
}

/// Parses a template that contains these placeholders once each, and no others but `{package}` where it has a value.
fn template(text: &str, needed: &[Placeholder], has_package: bool) -> Option<Template> {
    let template = Template::parse(text).ok()?;
    let package = has_package.then_some(Placeholder::Package);
    let allowed: Vec<Placeholder> = needed.iter().copied().chain(package).collect();
    let fits = needed.iter().all(|it| template.count(*it) == 1);
    (fits && template.beyond(&allowed).is_none()).then_some(template)
}

/// Parses the content of a version file: an integer or a semantic version, then at most one line end.
///
/// # Errors
/// [`FetchError::Document`] for anything else.
pub fn version_of_file(bytes: &[u8], origin: &str) -> Result<Version, FetchError> {
    Version::from_any_file(bytes).map_err(|error| FetchError::Document {
        document: "version file",
        origin: origin.to_owned(),
        problem: redacted(&error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming() -> Naming {
        Naming::new(None, "tool-v{version}", "tool-{variant}-v{version}").unwrap()
    }

    #[test]
    fn the_templates_of_the_config_give_tag_and_asset() {
        let (two, amd64) = (Version::Integer(2), "amd64".parse().unwrap());
        let named = Naming::new(
            Some("tool"),
            "{package}-v{version}",
            "{package}-{variant}-v{version}",
        );
        for naming in [naming(), named.unwrap()] {
            assert_eq!(naming.tag(&two).unwrap().as_str(), "tool-v2");
            let asset = naming.asset(&amd64, &two).unwrap();
            assert_eq!(asset.as_str(), "tool-amd64-v2");
            assert_eq!(naming.variant_of(&asset, &two), Some(amd64.clone()));
        }
        let odd = Naming::new(None, "../{version}", "a/{variant}-{version}").unwrap();
        let code = "fetch.not-usable";
        assert_eq!(odd.tag(&two).unwrap_err().code(), code);
        assert_eq!(odd.asset(&amd64, &two).unwrap_err().code(), code);
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
        let of = |name: &str| {
            let variant = naming().variant_of(&name.parse().unwrap(), &Version::Integer(2));
            variant.map(|it| it.to_string())
        };
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
            assert_eq!(read(bytes.as_bytes()).unwrap().to_string(), version);
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
            b"1.2.3-x.lock",
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
