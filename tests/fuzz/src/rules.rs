//! Ports and destinations of FILTER cards: what covers another matches all that it matches, and
//! what is shown is read as the same.

use zoxy::config::Host;
use zoxy::config::rules::{Destination, PortSet};

/// The input is fields, each of a line, some of hosts to match. Fields are held against each other.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lines: Vec<&str> = text.lines().take(8).collect();
    let hosts: Vec<Host> = lines.iter().filter_map(|line| Host::parse(line)).collect();
    for host in &hosts {
        assert_eq!(Host::parse(&host.to_string()).as_ref(), Some(host));
    }
    destinations(&lines, &hosts);
    ports(&lines);
}

fn destinations(lines: &[&str], hosts: &[Host]) {
    let all: Vec<Destination> =
        lines.iter().filter_map(|line| Destination::parse(line).ok()).collect();
    for one in &all {
        assert!(one.covers(one));
        assert_eq!(Destination::parse(&one.to_string()).as_ref().ok(), Some(one));
        for other in all.iter().filter(|other| one.covers(other)) {
            for host in hosts.iter().filter(|host| other.matches(host)) {
                assert!(one.matches(host), "{one} covers {other}, but does not match {host}");
            }
        }
    }
}

fn ports(lines: &[&str]) {
    let all: Vec<PortSet> = lines.iter().filter_map(|line| PortSet::parse(line).ok()).collect();
    let sample = (0..=u16::MAX).step_by(97).chain([1, 20, 21, 22, 990, 1023, 1024, 65_535]);
    let sample: Vec<u16> = sample.collect();
    for one in &all {
        assert!(one.covers(one) && PortSet::all().covers(one));
        assert_eq!(PortSet::parse(&one.to_string()).as_ref().ok(), Some(one));
        for other in &all {
            let union = one.union(other);
            assert!(union.covers(one) && union.covers(other));
            for port in &sample {
                let (in_one, in_other) = (one.contains(*port), other.contains(*port));
                assert_eq!(union.contains(*port), in_one || in_other, "{port}");
                assert!(in_one || !in_other || !one.covers(other), "{one} covers {other}: {port}");
            }
        }
    }
}
