//! Fetching 15 MB from far away, in crowds, and without a network: through a relay that delays what passes it, beside `curl` where
//! that does the same.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use crate::fetch::Workspace;
use crate::program::{command, run};
use crate::table::{Table, median, middle, milliseconds, once, ratio, seconds};

const SIZE: usize = 15_000_000;
const ROUND_TRIP: Duration = Duration::from_millis(80);
/// Bytes a second of the server that a crowd asks.
const RATE: f64 = 10e6;
const ROUNDS: usize = 5;
const CROWD: usize = 100;

pub(crate) fn figures(table: &mut Table) {
    let workspace = Workspace::new(SIZE);
    far_away(table, &workspace);
    at_once(table, &workspace);
    silent(table, &workspace);
}

fn far_away(table: &mut Table, workspace: &Workspace) {
    let far = relay(&workspace.url, ROUND_TRIP, None);
    let address = Workspace::address_at(&far);
    let (mut more, mut ours, mut curls) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        workspace.tidy();
        let fetch = once(|| drop(run(workspace.fetch_from(&far))));
        let curl = once(|| {
            let mut curl = command("curl", std::env::temp_dir().as_path());
            curl.args(["-sSf", "-o", "/dev/null", &address]);
            run(curl);
        });
        // The first round does not count.
        if round > 0 {
            more.push(fetch - curl);
            ours.push(fetch);
            curls.push(curl);
        }
    }
    let what = "first fetch of 15 MB, 80 ms round trip, over curl -o";
    let trip = ROUND_TRIP.as_secs_f64();
    table.at_most(what, middle(more), trip, milliseconds);
    table.reported("  lockgate fetch", milliseconds(middle(ours)));
    table.reported("  curl -o", milliseconds(middle(curls)));
}

fn at_once(table: &mut Table, workspace: &Workspace) {
    let slow = relay(&workspace.url, Duration::ZERO, Some(RATE));
    let fetches = |url: &str, count: usize| {
        workspace.tidy();
        once(|| {
            let begin = |_| {
                let mut fetch = workspace.fetch_from(url);
                fetch.stdout(Stdio::piped()).stderr(Stdio::null());
                fetch.spawn().unwrap()
            };
            let all: Vec<_> = (0..count).map(begin).collect();
            for child in all {
                let output = child.wait_with_output().unwrap();
                assert!(output.status.success());
                let path = String::from_utf8(output.stdout).unwrap();
                run(command(path.trim(), workspace.path("work").as_path()));
            }
        })
    };
    let mut ratios = Vec::new();
    for _ in 0..3 {
        let one = fetches(&slow, 1);
        ratios.push(fetches(&slow, 8) / one);
    }
    let what = "8 fetches at once of 15 MB at 10 MB/s, each run, over one";
    table.at_most(what, middle(ratios), 1.3, ratio);
    let before = workspace.downloads.load(Ordering::SeqCst);
    let time = fetches(&workspace.url, CROWD);
    let count = workspace.downloads.load(Ordering::SeqCst) - before;
    let what = "downloads for a hundred processes that ask at once, and run it";
    table.at_most(what, count as f64, 1.0, |n| format!("{n:.0}"));
    table.reported("  until the last of them has run it", seconds(time));
}

fn silent(table: &mut Table, workspace: &Workspace) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    let online = median(ROUNDS, || drop(run(workspace.fetch_from(&workspace.url))));
    // The cache knows the executable by its digest, and what a server answered by that server's name.
    let first = once(|| drop(run(workspace.fetch_from(&nobody))));
    let later = median(ROUNDS, || drop(run(workspace.fetch_from(&nobody))));
    let what = "everything in the cache, silent network: more than online";
    table.at_most(what, later - online, 0.050, milliseconds);
    table.at_most("  the same, the first time", first - online, 2.0, seconds);
}

/// A server that passes on what it gets: each byte half a round trip late, the first ones of a connection by a whole one more, as
/// the handshake would take; and no faster than a rate.
fn relay(url: &str, round_trip: Duration, rate: Option<f64>) -> String {
    let to: SocketAddr = url.trim_start_matches("http://").parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let far = TcpStream::connect(to).unwrap();
            near.set_nodelay(true).unwrap();
            far.set_nodelay(true).unwrap();
            let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            let half = round_trip / 2;
            std::thread::spawn(move || pass(near, far, half, round_trip, None));
            std::thread::spawn(move || pass(far_too, near_too, half, Duration::ZERO, rate));
        }
    });
    here
}

fn pass(
    mut from: TcpStream,
    mut to: TcpStream,
    late: Duration,
    handshake: Duration,
    rate: Option<f64>,
) {
    let ready = Instant::now() + handshake;
    let (send, pieces) = sync_channel::<(Instant, Vec<u8>)>(1024);
    std::thread::spawn(move || {
        let mut piece = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut piece) {
            let due = Instant::now().max(ready) + late;
            if send.send((due, piece[..count].to_vec())).is_err() {
                return;
            }
        }
    });
    let mut free = Instant::now();
    for (due, piece) in pieces {
        let due = due.max(free);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&piece).is_err() {
            break;
        }
        let takes = rate.map_or(0.0, |rate| piece.len() as f64 / rate);
        free = due + Duration::from_secs_f64(takes);
    }
    drop(to.shutdown(Shutdown::Write));
}
