//! ACTIVE FORWARD: how active FTP clients are served where the FTP server forbids passive mode. The
//! settings of it, held against each other and against their filter.
//!
//! The FTP server connects to a port that the SSH server listens on. FTP servers take a PORT only
//! with the address that the control connection comes from, so the address has to be right on both
//! sides. On a loopback address, where every sshd listens, that is so if the control connection goes
//! through loopback as well: [`Forward::server`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::assigned::Values;
use super::diagnostic::Report;
use super::rules::{AddressRange, AddressSet, Destination};
use super::statement::Rule;
use super::{Action, Host};
use crate::message::catalogue::{FILTER_CONTRADICTION, SETTING_WITHOUT_EFFECT, VALUE_INVALID};
use crate::message::diagnostic::quoted;

/// What ACTIVE FORWARD of a filter needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// FWDADDR: the address that PORT and EPRT name to the FTP server.
    pub address: IpAddr,
    /// FWDBIND: the address that the SSH server is asked to listen on.
    pub bind: IpAddr,
    /// FWDFROM: where the FTP server's data connections may come from.
    pub from: Option<AddressSet>,
}

impl Forward {
    /// Where channels to the FTP server `host` go. With a loopback address it is on the SSH server's
    /// host, and the job's word for that is not what the control connection may come from.
    pub fn server(&self, host: &Host) -> Host {
        let is_loopback = match host {
            Host::Address(address) => address.is_loopback(),
            Host::Name(_) => false,
        };
        match self.address.is_loopback() && !is_loopback {
            true => Host::Address(self.address),
            false => host.clone(),
        }
    }

    /// Where data connections of the FTP server `host` may come from, as the SSH server sees it.
    /// Without FWDFROM it is the server's address, and with a loopback address its own host.
    pub fn sources(&self, host: &Host) -> AddressSet {
        if let Some(from) = &self.from {
            return from.clone();
        }
        let server = match host {
            Host::Address(address) => Some(AddressRange::single(*address)),
            Host::Name(_) => None,
        };
        let own = if self.address.is_loopback() { &LOOPBACK[..] } else { &[] };
        own.iter().copied().chain(server).collect()
    }
}

/// The settings of a filter's FORWARD; None: active clients are served by passive mode. Reports what
/// cannot work.
pub(super) fn build(rule: &Rule, values: Values<'_>, report: &mut Report) -> Option<Forward> {
    let name = quoted(&rule.name.text);
    if rule.action != Some(Action::FtpTunnel) {
        return None;
    }
    if values.word("ACTIVE") != "FORWARD" {
        for keyword in SETTINGS {
            if let Some(place) = values.own_place(keyword) {
                let found = format!("a value of {keyword} for filter {name}");
                report.add(&SETTING_WITHOUT_EFFECT, place, &found, "ACTIVE FORWARD for it");
            }
        }
        return None;
    }
    let address = values.address("FWDADDR").unwrap_or(Ipv4Addr::LOCALHOST.into());
    let bind = values.address("FWDBIND").unwrap_or(address);
    let forward = Forward { address, bind, from: values.address_set("FWDFROM") };
    check_addresses(&forward, values, report);
    check_filter(&forward, rule, values, report);
    Some(forward)
}

/// Addresses that nobody can connect to.
fn check_addresses(forward: &Forward, values: Values<'_>, report: &mut Report) {
    let Forward { address, bind, .. } = forward;
    let is_of_one_host = match address {
        IpAddr::V4(v4) => !v4.is_broadcast() && !v4.is_unspecified() && !v4.is_multicast(),
        IpAddr::V6(v6) => !v6.is_unspecified() && !v6.is_multicast(),
    };
    if let (false, Some(place)) = (is_of_one_host, values.place("FWDADDR")) {
        let expected = "an address of the SSH server's host, as the FTP server reaches it";
        report.add(&VALUE_INVALID, place, &quoted(&address.to_string()), expected);
        return;
    }
    let is_apart = bind != address && (bind.is_loopback() || address.is_loopback());
    if let Some(place) = values.place("FWDBIND") {
        if is_apart || bind.is_ipv4() != address.is_ipv4() {
            let expected = format!("an address at which {address} (FWDADDR) is listened on");
            report.add(&VALUE_INVALID, place, &quoted(&bind.to_string()), &expected);
        }
    }
}

/// What does not go with the filter.
fn check_filter(forward: &Forward, rule: &Rule, values: Values<'_>, report: &mut Report) {
    let name = quoted(&rule.name.text);
    if rule.fallback_plain.on == Some(true) {
        let expected = "N, for ACTIVE FORWARD needs the SSH session";
        report.add(&FILTER_CONTRADICTION, rule.fallback_plain.place, "'Y'", expected);
    }
    let (Some(place), Some(host_from_app)) = (values.place("ACTIVE"), rule.host_from_app.on) else {
        return;
    };
    let mut wrong = |found: &str, expected: &str| {
        let place = values.place("FWDADDR").unwrap_or(place);
        report.add(&VALUE_INVALID, place, &format!("{found} for filter {name}"), expected);
    };
    let address = forward.address;
    let is_near = address.is_loopback();
    if !host_from_app && values.place("FWDADDR").is_none() {
        wrong(
            "FORWARD without FWDADDR and with N in column 37",
            "SET FWDADDR: the address of the SSH server's host, as the FTP server reaches it",
        );
        return;
    }
    let Some(destination) = &rule.destination else { return };
    if host_from_app != is_near && !destination.is_single() {
        let found = format!("{address} with the destination {destination}");
        let expected = match is_near {
            true => "one host as the destination, the SSH server's, for all would lead to it",
            false => "one host as the destination, for each is its own SSH server",
        };
        wrong(&found, expected);
    }
    if !is_near && forward.from.is_none() && !matches!(destination, Destination::Addresses(_)) {
        wrong(
            &format!("{address} without FWDFROM"),
            "SET FWDFROM, for the addresses of FTP servers are known only where they are asked for",
        );
    }
}

/// Keywords that mean something with FORWARD only.
const SETTINGS: [&str; 3] = ["FWDADDR", "FWDBIND", "FWDFROM"];

/// Every address of a host's own.
const LOOPBACK: [AddressRange; 2] = [
    AddressRange::V4(Ipv4Addr::new(127, 0, 0, 0), Ipv4Addr::new(127, 255, 255, 255)),
    AddressRange::V6(Ipv6Addr::LOCALHOST, Ipv6Addr::LOCALHOST),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn forward(address: &str, from: Option<&str>) -> Forward {
        let address = address.parse().unwrap();
        let from = from.map(|from| AddressSet::parse(from).unwrap());
        Forward { address, bind: address, from }
    }

    fn host(text: &str) -> Host {
        Host::parse(text).unwrap()
    }

    #[test]
    fn loopback_stands_for_the_ssh_servers_host() {
        let near = forward("127.0.0.1", None);
        assert_eq!(near.server(&host("10.1.2.3")), host("127.0.0.1"));
        assert_eq!(near.server(&host("ftp.example")), host("127.0.0.1"));
        assert_eq!(near.server(&host("127.0.0.2")), host("127.0.0.2"));
        assert_eq!(near.server(&host("::1")), host("::1"));
        assert_eq!(forward("::1", None).server(&host("10.1.2.3")), host("::1"));
        let far = forward("10.1.2.3", None);
        assert_eq!(far.server(&host("10.1.2.9")), host("10.1.2.9"));
        assert_eq!(far.server(&host("ftp.example")), host("ftp.example"));
    }

    #[test]
    fn data_connections_come_from_the_ftp_server() {
        let lets_in = |forward: &Forward, server: &str, from: &str| {
            forward.sources(&host(server)).contains(from.parse().unwrap())
        };
        let near = forward("127.0.0.1", None);
        for from in ["127.0.0.1", "127.9.9.9", "::1", "10.1.2.3"] {
            assert!(lets_in(&near, "10.1.2.3", from), "{from}");
        }
        assert!(!lets_in(&near, "10.1.2.3", "10.1.2.4"));
        assert!(!lets_in(&near, "ftp.example", "10.1.2.3"));
        let far = forward("10.1.2.3", None);
        assert!(lets_in(&far, "10.1.2.9", "10.1.2.9"));
        for from in ["10.1.2.3", "127.0.0.1", "::1"] {
            assert!(!lets_in(&far, "10.1.2.9", from), "{from}");
        }
        let given = forward("127.0.0.1", Some("192.0.2.0/24"));
        assert!(lets_in(&given, "10.1.2.3", "192.0.2.9"));
        assert!(!lets_in(&given, "10.1.2.3", "127.0.0.1"));
    }
}
