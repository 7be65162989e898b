//! Both forms of an artifact behind one interface, and the limits of the plain form.

use std::io::Read;

use lockgate_artifact::{
    artifact::{Artifact, ArtifactError, Facts, Form},
    zip::{Expect, Size},
};

use super::zips::{NAME, Parts};

fn read(form: Form, bytes: &[u8], size: Size) -> Result<(Vec<u8>, Facts), ArtifactError> {
    let expect = Expect { name: NAME, size };
    let mut artifact = Artifact::open(form, bytes, expect)?;
    let mut content = Vec::new();
    artifact
        .read_to_end(&mut content)
        .map_err(ArtifactError::from_io)?;
    Ok((content, artifact.finish()?))
}

#[test]
fn both_forms_give_the_same_content() {
    let zip = Parts::new(b"content", 6).bytes();
    for size in [Size::Exact(7), Size::AtMost(7), Size::AtMost(8)] {
        let (content, facts) = read(Form::Zip, &zip, size).unwrap();
        assert_eq!((content.as_slice(), facts.size), (&b"content"[..], 7));
        assert_eq!(facts.zip.unwrap().mode, 0o755);
        let (content, facts) = read(Form::Plain, b"content", size).unwrap();
        assert_eq!((content.as_slice(), facts.size), (&b"content"[..], 7));
        assert_eq!(facts.zip, None);
    }
}

#[test]
fn refuses_a_plain_file_of_another_size() {
    let code = |size| read(Form::Plain, b"content", size).unwrap_err().code();
    assert_eq!(code(Size::Exact(6)), "plain.size");
    assert_eq!(code(Size::Exact(8)), "plain.size");
    assert_eq!(code(Size::Exact(0)), "plain.size");
    assert_eq!(code(Size::AtMost(6)), "plain.too-large");
    assert_eq!(code(Size::AtMost(0)), "plain.too-large");
}

#[test]
fn refuses_to_take_one_form_for_the_other() {
    let zip = Parts::new(b"content", 6).bytes();
    let error = read(Form::Plain, &zip, Size::Exact(7)).unwrap_err();
    assert_eq!(error.code(), "plain.size");
    let error = read(Form::Zip, b"content", Size::Exact(7)).unwrap_err();
    assert_eq!(error.code(), "zip.truncated");
}

#[test]
fn a_refused_plain_file_stays_refused() {
    let expect = Expect {
        name: NAME,
        size: Size::Exact(6),
    };
    let mut artifact = Artifact::open(Form::Plain, &b"content"[..], expect).unwrap();
    assert_eq!(artifact.read(&mut [0; 100]).unwrap(), 6);
    for code in ["plain.size", "plain.spent"] {
        let error = artifact.read(&mut [0; 100]).unwrap_err();
        assert_eq!(ArtifactError::from_io(error).code(), code);
    }
    assert_eq!(artifact.finish().unwrap_err().code(), "plain.spent");
}

#[test]
fn refuses_to_finish_early() {
    let zip = Parts::new(b"content", 6).bytes();
    for (form, bytes) in [(Form::Zip, zip.as_slice()), (Form::Plain, b"content")] {
        let expect = Expect {
            name: NAME,
            size: Size::Exact(7),
        };
        let artifact = Artifact::open(form, bytes, expect).unwrap();
        let code = artifact.finish().unwrap_err().code();
        assert!(code.ends_with(".unfinished"), "{code}");
    }
}
