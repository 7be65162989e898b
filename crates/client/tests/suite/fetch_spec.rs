//! Requests made from what a program ships.

use lockgate_client::{
    FetchSpec, GlibcLoader, GlibcVersion, HostLibc, HostPlatform, Naming, Trust, VariantInfo,
    VariantLibc,
};

use crate::release::*;

fn order(release: &Release) -> FetchSpec {
    FetchSpec {
        server: release.server.url(),
        repository: "o/n".to_owned(),
        package: Some("tool".to_owned()),
        naming: Naming::new(None, "tool-v{version}", "tool-{variant}-v{version}").unwrap(),
        version: "2".parse().unwrap(),
        pins: Some(sums()),
        repository_id: None,
        variant: None,
        variants: Vec::new(),
        check_withdrawn: true,
    }
}

fn host(arch: &str) -> HostPlatform {
    HostPlatform {
        os: "linux".to_owned(),
        arch: arch.to_owned(),
        libc: HostLibc {
            glibc: Some(GlibcVersion {
                major: 2,
                minor: 36,
            }),
            loader: GlibcLoader::Present,
            musl: false,
        },
    }
}

#[test]
fn the_variants_are_those_of_the_pins_and_nothing_is_asked() {
    let release = Release::published();
    let asset = |arch| {
        let request = release.client().request_for(&order(&release), &host(arch));
        request.map(|request| request.asset.to_string())
    };
    assert_eq!(asset("amd64").unwrap(), ASSET);
    assert_eq!(asset("arm64").unwrap(), OTHER);
    let error = asset("s390x").unwrap_err();
    assert_eq!(error.code(), "fetch.no-variant", "{error}");
    assert!(release.server.asked().is_empty());
}

#[test]
fn without_pins_they_are_those_of_the_receipt_which_has_to_be_the_right_one() {
    let release = Release::published();
    let unpinned = FetchSpec {
        pins: None,
        ..order(&release)
    };
    let (client, host) = (release.client(), host("arm64"));
    let request = client.request_for(&unpinned, &host).unwrap();
    assert_eq!(request.asset.as_str(), OTHER);
    assert!(matches!(request.trust, Trust::Receipt(_)));
    client.fetch(&request).unwrap();
    let renamed = FetchSpec {
        package: Some("other".to_owned()),
        ..unpinned.clone()
    };
    let error = client.request_for(&renamed, &host).unwrap_err();
    assert_eq!(error.code(), "fetch.document", "{error}");
    let taken_over = FetchSpec {
        repository_id: Some(8),
        ..unpinned
    };
    let error = client.request_for(&taken_over, &host).unwrap_err();
    assert_eq!(error.code(), "fetch.other-repository", "{error}");
}

#[test]
fn a_named_variant_is_taken_and_a_table_says_more_than_names() {
    let release = Release::published();
    let (client, host) = (release.client(), host("amd64"));
    let named = FetchSpec {
        variant: Some("arm64".to_owned()),
        ..order(&release)
    };
    let request = client.request_for(&named, &host).unwrap();
    assert_eq!(request.asset.as_str(), OTHER);
    let newer = VariantInfo {
        libc: Some(VariantLibc::Glibc),
        glibc_floor: Some(GlibcVersion {
            major: 2,
            minor: 99,
        }),
        ..VariantInfo::named("amd64")
    };
    let reported = FetchSpec {
        variants: vec![newer],
        ..order(&release)
    };
    let error = client.request_for(&reported, &host).unwrap_err();
    assert_eq!(error.code(), "fetch.no-variant", "{error}");
    assert!(!error.hint().is_empty());
}

#[test]
fn names_that_are_none_are_refused() {
    let release = Release::published();
    let right = order(&release);
    for wrong in [
        FetchSpec {
            server: "github.com".to_owned(),
            ..right.clone()
        },
        FetchSpec {
            repository: "n".to_owned(),
            ..right.clone()
        },
        FetchSpec {
            naming: Naming::new(None, "../v{version}", "tool-{variant}-v{version}").unwrap(),
            ..right.clone()
        },
        FetchSpec {
            package: Some("a/b".to_owned()),
            pins: None,
            ..right.clone()
        },
        FetchSpec {
            variant: Some("a/b".to_owned()),
            ..right
        },
    ] {
        let error = release.client().request(&wrong).unwrap_err();
        assert_eq!(error.code(), "fetch.not-usable", "{error}");
    }
}
