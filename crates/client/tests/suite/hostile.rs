//! Any response of a server, and any input of a caller or its environment, gives a verified executable or an error with
//! a code. Few cases run by default; `PROPTEST_CASES` sets their number.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lockgate_client::{
    Client, FetchError, Fetched, Network, Options, Proxy, Request, Retry, Source, Variables,
};
use proptest::prelude::*;

use crate::release::*;

fn few() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases / 2,
        ..usual
    }
}

/// Answers every connection with the same bytes and closes it.
fn raw(answer: Vec<u8>) -> (String, Arc<Mutex<bool>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let over = Arc::<Mutex<bool>>::default();
    let ended = Arc::clone(&over);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if *ended.lock().unwrap() {
                return;
            }
            drop(speak(&stream, &answer));
        }
    });
    (url, over)
}

fn speak(mut stream: &TcpStream, answer: &[u8]) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        let mut piece = [0; 2000];
        match stream.read(&mut piece)? {
            0 => return Ok(()),
            count => asked.extend_from_slice(&piece[..count]),
        }
    }
    stream.write_all(answer)
}

fn status_line() -> impl Strategy<Value = String> {
    let usual = prop::sample::select(vec![
        "HTTP/1.1 200 OK",
        "HTTP/1.0 200 OK",
        "HTTP/1.1 206 Partial",
        "HTTP/1.1 302 Found",
        "HTTP/1.1 100 Continue",
        "HTTP/1.1 101 Switch",
        "HTTP/1.1 204 None",
        "HTTP/1.1 304 Same",
        "HTTP/1.1 403 No",
        "HTTP/1.1 404 No",
        "HTTP/1.1 407 No",
        "HTTP/1.1 416 No",
        "HTTP/1.1 511 Login",
        "HTTP/2 200",
        "HTTP/1.1 200",
    ]);
    prop_oneof![8 => usual.prop_map(str::to_owned), 1 => "HTTP/1.1 [0-9]{1,4} .{0,9}", 1 => ".{0,30}"]
}

fn header() -> impl Strategy<Value = String> {
    let size = bytes(ASSET).len();
    let names = prop::sample::select(vec![
        "Content-Length",
        "Transfer-Encoding",
        "Content-Range",
        "Content-Encoding",
        "Content-Type",
        "Location",
        "Retry-After",
        "Date",
        "ETag",
        "Connection",
    ]);
    let values = prop_oneof![
        prop::sample::select(vec![
            size.to_string(),
            "0".to_owned(),
            "-1".to_owned(),
            "99999999999999999999".to_owned(),
            "chunked".to_owned(),
            "chunked, chunked".to_owned(),
            format!("bytes 0-{}/{size}", size - 1),
            "bytes 5-4/*".to_owned(),
            "gzip".to_owned(),
            "text/html".to_owned(),
            "/x".to_owned(),
            "http://".to_owned(),
            "//[::1".to_owned(),
            "Wed, 21 Oct 2026 07:28:00 GMT".to_owned(),
            "\"a\"".to_owned(),
            "close".to_owned(),
        ]),
        ".{0,40}",
    ];
    (names, values).prop_map(|(name, value)| format!("{name}: {value}"))
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let right = bytes(ASSET);
    let chunked = [
        format!("{:x}\r\n", right.len()).into_bytes(),
        right.clone(),
        b"\r\n0\r\n\r\n".to_vec(),
    ];
    prop_oneof![
        Just(right.clone()),
        Just(right[..right.len() / 2].to_vec()),
        Just(chunked.concat()),
        Just(b"ffffffffffffffffff\r\nx".to_vec()),
        Just(b"<!doctype html>".to_vec()),
        prop::collection::vec(any::<u8>(), 0..300),
    ]
}

fn answer() -> impl Strategy<Value = Vec<u8>> {
    let shaped = (status_line(), prop::collection::vec(header(), 0..5), body());
    let shaped = shaped.prop_map(|(status, headers, body)| {
        let head = format!("{status}\r\n{}\r\n\r\n", headers.join("\r\n"));
        [head.into_bytes(), body].concat()
    });
    prop_oneof![9 => shaped, 1 => prop::collection::vec(any::<u8>(), 0..500)]
}

/// Accepts the right bytes, or an error with a code that is not a panic of the HTTP library.
fn sound(end: Result<Fetched, FetchError>) -> Result<(), TestCaseError> {
    match end {
        Ok(fetched) => prop_assert_eq!(std::fs::read(fetched.path).unwrap(), bytes(ASSET)),
        Err(error) => {
            prop_assert!(FetchError::CODES.contains(&error.code()));
            prop_assert!(!error.hint().is_empty());
            let text = error.to_string();
            prop_assert!(!text.contains("the HTTP library failed"), "{text}");
            prop_assert!(!text.contains("hunter2"), "{text}");
        }
    }
    Ok(())
}

fn quick(release: &Release) -> Options {
    let options = release.options();
    Options {
        retry: Retry {
            pause: Arc::new(|_| ()),
            ..options.retry.clone()
        },
        ..options
    }
}

/// Values as users, their shells and other tools put into such variables.
fn setting() -> impl Strategy<Value = String> {
    let scheme = "(http://|HTTPS://|socks5h?://|socks4a:|ftp://|://|//|http:|)";
    let user = "(me:hunter2@|me@|:hunter2@|%zz:hunter2@|@|)";
    let host = r"(127\.0\.0\.1|\[::1\]|\[::|localhost|a b|%|ä|\.|)";
    let rest = "(:[0-9]{0,6}|:x|)(/[a-z?#%]{0,4}|)";
    prop_oneof![
        5 => (scheme, user, host, rest).prop_map(|(a, b, c, d)| format!("{a}{b}{c}{d}")),
        1 => ".{0,30}",
        1 => "[0-9]{1,25}",
        1 => r"[ ,.:/*\[\]0-9a-f-]{0,30}",
    ]
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn any_answer_of_a_server_is_a_verified_file_or_an_error(answer in answer(), receipt in any::<bool>()) {
        let release = Release::published();
        let (url, over) = raw(answer);
        let request = Request {
            source: Source::new(&url, "o/n", TAG).unwrap(),
            check_withdrawn: !receipt,
            ..release.request(if receipt { by_receipt() } else { pins() })
        };
        let mirrors = vec![url.clone()];
        let end = Client::new(Options { mirrors, ..quick(&release) }).unwrap().fetch(&request);
        *over.lock().unwrap() = true;
        drop(TcpStream::connect(url.trim_start_matches("http://")));
        sound(end)?;
    }

    #[test]
    fn any_setting_is_obeyed_or_refused_with_a_code(
        texts in prop::collection::vec(setting(), 5),
        number in "[0-9]{1,25}|.{0,20}",
        netrc in prop_oneof![".{0,60}", "(machine|default|login|password|macdef|127.0.0.1|\"|#|\n| ){0,20}"],
    ) {
        let release = Release::published();
        let file = release.cache.path().join("netrc");
        std::fs::write(&file, netrc).unwrap();
        let [proxy, mirror, header, agent, server] = texts.as_slice() else { unreachable!() };
        let texts = |name: &str| match name {
            "LOCKGATE_PROXY" => Some(proxy.clone()),
            "LOCKGATE_MIRROR" => Some(mirror.clone()),
            "LOCKGATE_MIRROR_HEADER" => Some(header.clone()),
            "LOCKGATE_TIMEOUT" | "LOCKGATE_MAX_SIZE" | "LOCKGATE_REPOSITORY_ID" => Some(number.clone()),
            "NETRC" => Some(file.display().to_string()),
            "LOCKGATE_CA_FILE" => Some(number.clone()),
            _ => None,
        };
        let variables = |name: &str| texts(name).map(OsString::from);
        let variables = Variables(&variables);
        let all = || -> Result<Fetched, FetchError> {
            let mut options = Network::default().options(&variables).or_else(|error| {
                pass_over(FetchError::from(error))?;
                Ok::<_, FetchError>(quick(&release))
            })?;
            variables.repository_id(None).map_err(FetchError::from).or_else(|error| pass_over(error).map(|()| None))?;
            options.mirrors = variables.mirrors()?;
            options.cache = quick(&release).cache;
            options.retry = Retry { attempts: 1, ..quick(&release).retry };
            options.timeouts = quick(&release).timeouts;
            options.user_agent.clone_from(agent);
            let request = Request {
                source: Source::new(server, "o/n", TAG).or_else(|_| Source::new("http://127.0.0.1:1", "o/n", TAG))?,
                ..release.request(pins())
            };
            let usable = Client::new(options.clone());
            // A refused setting hides the effect of the others.
            let client = usable.or_else(|error| {
                pass_over(error)?;
                let user_agent = "x".to_owned();
                Client::new(Options { user_agent, proxy: Proxy::Direct, mirrors: Vec::new(), mirror_header: None, ..options })
            })?;
            client.fetch(&request)
        };
        sound(all())?;
    }
}

/// Ignores a refusal of the caller's settings; any other error is returned.
fn pass_over(error: FetchError) -> Result<(), FetchError> {
    let refusals = ["fetch.not-usable", "fetch.proxy"];
    match refusals.contains(&error.code()) && !format!("{error} {error:?}").contains("hunter2") {
        true => Ok(()),
        false => Err(error),
    }
}
