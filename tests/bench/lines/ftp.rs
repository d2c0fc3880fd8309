//! Many small files in one FTP dialogue: what a job of the mainframe does all night.
//!
//! The files are so small that only round trips count: PASV or PORT, the data connection, RETR or
//! STOR, its reply, the end of the data, the final reply.

use std::time::Instant;

use super::{Line, Metric, percentile};
use crate::contender::{Contender, Running};
use crate::failure::Failure;
use crate::ftp_client::{FtpClient, Mode};
use crate::ftpd::{FILE_BYTES, file_name};
use crate::load::Load;
use crate::setting::Setting;

const METRICS: &[Metric] = &[
    Metric::more("files/s", 0),
    Metric::less("p50 ms", 2),
    Metric::less("p99 ms", 2),
    Metric::less("proxy CPU ms/file", 2),
    Metric::less("sshd CPU ms/file", 2),
];

#[derive(Debug, Clone, Copy)]
enum Direction {
    Get,
    Put,
}

/// This family.
pub fn lines() -> Vec<Line> {
    use Contender::{Plain, SshD, Zoxy};
    use Direction::{Get, Put};
    use Mode::{Active, Passive};
    let (near, lan, far) = (Setting::USUAL, Setting::LAN, Setting::FAR);
    [
        (
            "ftp-get",
            "small files downloaded in one FTP dialogue, passive",
            Get,
            Passive,
            SshD,
            near,
        ),
        ("ftp-put", "small files uploaded, passive", Put, Passive, SshD, near),
        ("ftp-get-plain", "downloaded, beside FTP without a proxy", Get, Passive, Plain, near),
        ("ftp-put-plain", "uploaded, beside FTP without a proxy", Put, Passive, Plain, near),
        (
            "ftp-get-bind",
            "downloaded, PORT after BIND, beside plain PORT",
            Get,
            Active,
            Plain,
            near,
        ),
        ("ftp-put-bind", "uploaded, PORT after BIND, beside plain PORT", Put, Active, Plain, near),
        ("ftp-get-lan", "downloaded, round trip 1 ms, beside plain FTP", Get, Passive, Plain, lan),
        ("ftp-put-lan", "uploaded, round trip 1 ms, beside plain FTP", Put, Passive, Plain, lan),
        ("ftp-get-far", "downloaded, round trip 50 ms, beside plain FTP", Get, Passive, Plain, far),
        ("ftp-put-far", "uploaded, round trip 50 ms, beside plain FTP", Put, Passive, Plain, far),
    ]
    .map(|(name, about, direction, mode, theirs, setting)| Line {
        name,
        about,
        ours: Zoxy,
        theirs,
        metrics: METRICS,
        setting,
        fresh: false,
        measure: Box::new(move |running, load| measure(running, load, direction, mode)),
    })
    .into()
}

fn measure(
    running: &Running,
    load: &Load,
    direction: Direction,
    mode: Mode,
) -> Result<Vec<Option<f64>>, Failure> {
    let server = running.ftp_server()?;
    let mut client = FtpClient::log_in(running, server, mode)?;
    let before = running.cpu()?;
    let start = Instant::now();
    let mut times = Vec::with_capacity(load.files);
    while times.len() < load.files && (times.is_empty() || start.elapsed() < load.ftp_time) {
        let begin = Instant::now();
        let number = times.len();
        match direction {
            Direction::Get => {
                let bytes = client.get(&file_name(number))?;
                if bytes != FILE_BYTES {
                    return Err(Failure::new(format!("{bytes} of {FILE_BYTES} bytes came")));
                }
            }
            Direction::Put => client.put(&format!("UP{number:05}"), &[0x5a; FILE_BYTES])?,
        }
        times.push(begin.elapsed());
    }
    let seconds = start.elapsed().as_secs_f64();
    let after = running.cpu()?;
    client.quit()?;
    let files = times.len() as f64;
    let [proxy, sshd, _] = after.since(before, files / 1e3);
    Ok(vec![
        Some(files / seconds),
        Some(percentile(&mut times, 0.50)),
        Some(percentile(&mut times, 0.99)),
        proxy,
        sshd,
    ])
}
