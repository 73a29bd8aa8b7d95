//! As benches/deliver.c, with ureq: sends one body again and again over one connection, and prints
//! what a delivery cost, as JSON.
//!
//!     deliver-ureq URL BYTES COUNT

use std::time::{Duration, Instant, SystemTime};
use std::{env, fs};

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use ureq::Agent;

const WARM_UP: usize = 3;
const TIMEOUT: Duration = Duration::from_secs(5);

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let [_, url, bytes, count] = &arguments[..] else { panic!("deliver-ureq URL BYTES COUNT") };
    let body = vec![b'x'; bytes.parse().expect("a number of bytes")];
    let count: usize = count.parse().expect("a number of deliveries");
    let mut walls = vec![1u64; count];

    let agent: Agent = Agent::config_builder().timeout_global(Some(TIMEOUT)).build().into();
    let prepared = Hmac::<Md5>::new_from_slice(b"BARKER").expect("a key of any length");
    let before = memory("VmRSS:");
    for _ in 0..WARM_UP.min(count) {
        send(&agent, url, &prepared, &body);
    }
    let (cpu, mut then) = (cpu(), Instant::now());
    for wall in &mut walls {
        send(&agent, url, &prepared, &body);
        let now = Instant::now();
        *wall = (now - then).as_nanos() as u64;
        then = now;
    }
    let cpu = (self::cpu() - cpu) / count as u64;
    let above = memory("VmHWM:") - before;
    walls.sort_unstable();
    println!("{{\"wall\": {}, \"cpu\": {cpu}, \"memory\": {}}}", walls[count / 2], above * 1024);
}

fn send(agent: &Agent, url: &str, prepared: &Hmac<Md5>, body: &[u8]) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time after 1970");
    let timestamp = format!("{}.{:06}", now.as_secs(), now.subsec_micros());
    let mut mac = prepared.clone();
    mac.update(timestamp.as_bytes());
    mac.update(b";");
    mac.update(body);
    let signature = hex::encode(mac.finalize().into_bytes());
    let answer = agent
        .post(url)
        .header("BARKER_TIMESTAMP", timestamp)
        .header("BARKER_SIGNATURE", signature)
        .send(body)
        .expect("an answer");
    assert_eq!(answer.status(), 204);
}

/// Nanoseconds of all threads, also of those that have ended.
fn cpu() -> u64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: `usage` has room for what getrusage writes, and all zeros is valid before that.
    let usage = unsafe {
        assert_eq!(libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()), 0);
        usage.assume_init()
    };
    let microseconds = |time: libc::timeval| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64;
    (microseconds(usage.ru_utime) + microseconds(usage.ru_stime)) * 1000
}

/// A line of /proc/self/status, in KiB.
fn memory(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("/proc");
    let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("such a line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
