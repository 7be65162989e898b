//! Resuming a download that broke off: with honest servers, with dishonest ones, and after a process died.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use lockgate_client::{Client, Digest, Event, Options, Origin};

use crate::release::*;
use crate::server::Answer;

/// An answer with the first bytes, followed by the end of the connection.
fn broken(at: usize, etag: &str) -> Answer {
    let size = bytes(ASSET).len();
    Answer::Raw(
        format!("HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Length: {size}"),
        bytes(ASSET)[..at].to_vec(),
    )
}

fn in_turn(release: &Release, turns: Vec<Answer>) {
    release.set(ASSET, Answer::InTurn(turns));
}

/// Returns the first byte that each request asked for.
fn ranges(release: &Release) -> Vec<Option<usize>> {
    let asked = release.server.asked();
    asked.iter().map(|asked| asked.range()).collect()
}

/// The path of a partial download that a dead process would have left.
fn beginning(release: &Release) -> PathBuf {
    let digest = Digest::of(&bytes(ASSET));
    let folder = release.cache.path().join("incomplete");
    folder.join(format!("{digest}.dead.part"))
}

fn begin(release: &Release, bytes: &[u8]) {
    fs::create_dir_all(beginning(release).parent().unwrap()).unwrap();
    fs::write(beginning(release), bytes).unwrap();
}

/// Returns the files in the folder of partial downloads.
fn begun(release: &Release) -> Vec<PathBuf> {
    let folder = release.cache.path().join("incomplete");
    let found = files_in(&folder).into_iter();
    found.map(|name| folder.join(name)).collect()
}

fn fetch(release: &Release) -> Origin {
    let fetched = release.fetch(pins()).unwrap();
    assert_eq!(fs::read(&fetched.path).unwrap(), bytes(ASSET));
    assert_eq!(begun(release), Vec::<PathBuf>::new());
    fetched.origin
}

#[test]
fn a_transfer_that_broke_off_is_gone_on_with() {
    for at in [1, 1000, bytes(ASSET).len() - 1] {
        let release = Release::published();
        let honest = Answer::ranged(bytes(ASSET), "\"a\"");
        in_turn(&release, vec![broken(at, "\"a\""), honest]);
        fetch(&release);
        assert_eq!(ranges(&release), [None, Some(at)]);
        let validator = release.server.asked()[1]
            .value("if-range")
            .map(str::to_owned);
        assert_eq!(validator.as_deref(), Some("\"a\""));
    }
}

#[test]
fn a_line_that_breaks_again_and_again_still_brings_the_file() {
    let release = Release::published();
    let size = bytes(ASSET).len();
    let whole = bytes(ASSET).repeat(40);
    // Each response brings more than a megabyte, and then the connection breaks.
    let file = whole.clone();
    release.set(
        ASSET,
        Answer::by(move |asked, stream| {
            let (from, size) = (asked.range().unwrap_or(0), file.len());
            let end = size.min(from + (1 << 20) + 5);
            let status = if from > 0 { "206 Partial" } else { "200 OK" };
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Range: bytes {from}-{}/{size}\r\nContent-Length: {}\r\n\r\n",
                size - 1,
                size - from
            )?;
            stream.write_all(&file[from..end])
        }),
    );
    assert!(whole.len() > 4 << 20 && size < whole.len());
    let sums = format!("{}  {ASSET}\n", Digest::of(&whole));
    let trust = lockgate_client::Trust::pins(&sums).unwrap();
    let fetched = release.fetch(trust).unwrap();
    assert_eq!(fetched.size, whole.len() as u64);
    assert!(release.server.count(ASSET) > 4, "more than two attempts");
}

#[test]
fn a_file_that_changed_between_two_parts_begins_anew() {
    let release = Release::published();
    // Honest: the validator no longer matches, so the whole new file is sent.
    let honest = Answer::ranged(bytes(ASSET), "\"b\"");
    in_turn(&release, vec![broken(1000, "\"a\""), honest]);
    fetch(&release);
    assert_eq!(ranges(&release), [None, Some(1000)]);
    // Dishonest: the rest of another file, with another validator or none.
    let size = bytes(ASSET).len();
    for etag in ["ETag: \"b\"\r\n", ""] {
        let release = Release::published();
        let rest = Answer::Raw(
            format!(
                "HTTP/1.1 206 Partial\r\n{etag}Content-Range: bytes 1000-{}/{size}\r\nContent-Length: {}",
                size - 1,
                size - 1000
            ),
            vec![b'x'; size - 1000],
        );
        let honest = Answer::ranged(bytes(ASSET), "\"b\"");
        in_turn(&release, vec![broken(1000, "\"a\""), rest, honest]);
        fetch(&release);
        assert_eq!(ranges(&release), [None, Some(1000), None]);
    }
}

/// The validators of the first part and of the rest, and whether the rest is accepted. The bytes are right each time,
/// so that only the validators can make a difference.
#[test]
fn the_rest_is_taken_unless_two_strong_validators_differ() {
    let size = bytes(ASSET).len();
    let (a, b, weak_a, weak_b) = ("\"a\"", "\"b\"", "W/\"a\"", "W/\"b\"");
    for before in [a, weak_a, ""] {
        for now in [a, b, weak_a, weak_b, ""] {
            let release = Release::published();
            let head = format!(
                "HTTP/1.1 206 Partial\r\nETag: {now}\r\nContent-Range: bytes 1000-{}/{size}\r\nContent-Length: {}",
                size - 1,
                size - 1000
            );
            let rest = Answer::Raw(head, bytes(ASSET)[1000..].to_vec());
            let whole = Answer::ranged(bytes(ASSET), "\"b\"");
            in_turn(&release, vec![broken(1000, before), rest, whole]);
            let reported = Arc::<Mutex<Vec<String>>>::default();
            let hears = Arc::clone(&reported);
            let client = Client::new(Options {
                listener: Some(Arc::new(move |event: &Event<'_>| {
                    if let Event::Resuming { .. } = event {
                        hears.lock().unwrap().push("taken".to_owned());
                    } else if let Event::Restarting { why, .. } = event {
                        hears.lock().unwrap().push((*why).to_owned());
                    }
                })),
                ..release.options()
            });
            let fetched = client.unwrap().fetch(&release.request(pins())).unwrap();
            assert_eq!(fs::read(fetched.path).unwrap(), bytes(ASSET));
            let expected = match (before, now) {
                ("\"a\"", "\"b\"") => "the file has changed meanwhile",
                _ => "taken",
            };
            assert_eq!(*reported.lock().unwrap(), [expected], "{before} {now}");
        }
    }
}

#[test]
fn an_answer_with_another_part_begins_anew() {
    let size = bytes(ASSET).len();
    let answers = [
        format!("206 Partial\r\nContent-Range: bytes 0-{}/{size}", size - 1),
        format!(
            "206 Partial\r\nContent-Range: bytes 999-{}/{size}",
            size - 1
        ),
        format!("206 Partial\r\nContent-Range: bytes 1000-{size}/{size}"),
        format!(
            "206 Partial\r\nContent-Range: bytes 1000-{}/{}",
            size + 9,
            size + 10
        ),
        "206 Partial\r\nContent-Type: multipart/byteranges; boundary=x".to_owned(),
        "416 No\r\nContent-Range: bytes */5".to_owned(),
    ];
    for head in answers {
        let release = Release::published();
        let wrong = Answer::Raw(
            format!("HTTP/1.1 {head}\r\nContent-Length: 10"),
            b"ten bytes!".to_vec(),
        );
        let honest = Answer::ranged(bytes(ASSET), "\"a\"");
        in_turn(&release, vec![broken(1000, "\"a\""), wrong, honest]);
        let fetched = release.fetch(by_receipt()).unwrap();
        assert_eq!(fs::read(fetched.path).unwrap(), bytes(ASSET), "{head}");
        // The receipt, then the asset: whole, its rest, whole again.
        assert_eq!(ranges(&release), [None, None, Some(1000), None], "{head}");
    }
}

#[test]
fn a_server_without_ranges_sends_it_whole() {
    let release = Release::published();
    in_turn(
        &release,
        vec![broken(1000, ""), Answer::Bytes(bytes(ASSET))],
    );
    fetch(&release);
    assert_eq!(ranges(&release), [None, Some(1000)]);
    let validator = release.server.asked()[1]
        .value("if-range")
        .map(str::to_owned);
    assert_eq!(validator, None, "there was none");
}

#[test]
fn what_a_dead_process_left_is_gone_on_with() {
    let release = Release::published();
    release.set(ASSET, Answer::ranged(bytes(ASSET), "\"a\""));
    begin(&release, &bytes(ASSET)[..5000]);
    assert!(matches!(fetch(&release), Origin::Release(_)));
    assert_eq!(ranges(&release), [Some(5000)]);
}

#[test]
fn of_several_beginnings_the_longest_counts_and_one_that_is_written_now_is_left_alone() {
    let release = Release::published();
    release.set(ASSET, Answer::ranged(bytes(ASSET), "\"a\""));
    let folder = release.cache.path().join("incomplete");
    fs::create_dir_all(&folder).unwrap();
    let digest = Digest::of(&bytes(ASSET));
    for (name, size) in [("a", 40), ("b", 5000), ("c", 300), ("living", 9000)] {
        let path = folder.join(format!("{digest}.{name}.part"));
        fs::write(path, &bytes(ASSET)[..size]).unwrap();
    }
    let living = folder.join(format!("{digest}.living.part"));
    let held = fs::File::options().write(true).open(&living).unwrap();
    held.lock().unwrap();
    release.fetch(pins()).unwrap();
    assert_eq!(ranges(&release), [Some(5000)]);
    assert_eq!(begun(&release), [living]);
}

#[test]
fn what_a_dead_process_left_whole_needs_no_network() {
    let release = Release::published();
    begin(&release, &bytes(ASSET));
    assert_eq!(fetch(&release), Origin::Cache);
    assert!(release.server.asked().is_empty());
}

#[test]
fn a_beginning_that_somebody_forged_does_no_harm() {
    let size = bytes(ASSET).len();
    for forged in [vec![b'x'; 1000], vec![b'x'; size], vec![b'x'; size + 1]] {
        let release = Release::published();
        release.set(ASSET, Answer::ranged(bytes(ASSET), "\"a\""));
        begin(&release, &forged);
        fetch(&release);
    }
    let release = Release::published();
    fs::create_dir_all(beginning(&release)).unwrap();
    fetch(&release);
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_a_beginning_is_not_followed() {
    let release = Release::published();
    let elsewhere = release.cache.path().join("elsewhere");
    fs::write(&elsewhere, b"precious").unwrap();
    fs::create_dir_all(beginning(&release).parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&elsewhere, beginning(&release)).unwrap();
    fetch(&release);
    assert_eq!(fs::read(elsewhere).unwrap(), b"precious");
}

#[test]
fn after_trouble_on_the_line_the_next_fetch_goes_on() {
    let release = Release::published();
    release.set(ASSET, broken(1000, "\"a\""));
    assert_eq!(release.failure(pins()).code(), "fetch.network");
    let left = begun(&release);
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(fs::read(&left[0]).unwrap(), bytes(ASSET)[..1000]);
    release.set(ASSET, Answer::ranged(bytes(ASSET), "\"a\""));
    let before = release.server.asked().len();
    fetch(&release);
    assert_eq!(ranges(&release)[before..], [Some(1000)]);
}

#[test]
fn of_wrong_bytes_nothing_stays_not_even_a_beginning() {
    let release = Release::published();
    release.set(ASSET, Answer::ranged(vec![b'x'; 9000], "\"a\""));
    begin(&release, &bytes(ASSET)[..500]);
    let error = release.fetch(pins()).unwrap_err();
    assert_eq!(error.code(), "fetch.wrong-bytes");
    assert!(files_in(release.cache.path()).is_empty());
    assert_eq!(
        ranges(&release),
        [Some(500), None],
        "twice: in parts, then whole"
    );
}
