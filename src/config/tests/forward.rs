//! ACTIVE FORWARD: its settings, and what cannot work.

use super::*;

/// A profile for the host that the application asks for, and a filter of it: column 37 is Y.
const HOSTS: &str = "\
PROFILE  HOSTS    22
SET      HOSTS    STRICTKEY    NEW
FILTER   FTP      FTPTUN  HOSTS    YYN 21          10.30.0.0/16
SET      FTP      ACTIVE       FORWARD
";

/// The same behind one SSH server.
const BEHIND: &str = "\
FILTER   FTP      FTPTUN  PAPER    NNN 21          192.0.2.17
SET      FTP      ACTIVE       FORWARD
SET      FTP      FWDADDR      192.0.2.1
";

fn set(keyword: &str, value: &str) -> String {
    format!("SET      FTP      {keyword:<12} {value}\n")
}

/// The only line, with all of these in it.
#[track_caller]
fn only(deck: &str, parts: &[&str]) {
    let found = lines(deck);
    let [line] = &found[..] else { panic!("{found:#?}") };
    for part in parts {
        assert!(line.contains(part), "{part}: {line}");
    }
}

#[test]
fn the_servers_own_host_needs_no_more_than_forward() {
    let config = config(&good_with(HOSTS));
    let forward = config.filters[1].forward.as_ref().expect("it is set");
    assert_eq!(forward.address.to_string(), "127.0.0.1");
    assert_eq!((forward.bind, forward.from.as_ref()), (forward.address, None));
    assert!(config.filters[0].forward.is_none() && config.filters[2].forward.is_none());
}

#[test]
fn a_server_behind_needs_the_address() {
    let config = config(&good_with(&format!(
        "{BEHIND}{}{}",
        set("FWDBIND", "0.0.0.0"),
        set("FWDFROM", "192.0.2.17,192.0.2.18")
    )));
    let forward = config.filters[1].forward.as_ref().expect("it is set");
    assert_eq!(forward.address.to_string(), "192.0.2.1");
    assert_eq!(forward.bind.to_string(), "0.0.0.0");
    assert_eq!(forward.from.as_ref().expect("it is set").to_string(), "192.0.2.17,192.0.2.18");
    let without = BEHIND.lines().take(2).map(|card| format!("{card}\n")).collect::<String>();
    only(
        &good_with(&without),
        &["ZOX1027E DECK card 9", "FORWARD without FWDADDR", "'FTP'", "SET FWDADDR"],
    );
}

#[test]
fn addresses_that_nobody_can_connect_to() {
    for address in ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255"] {
        let deck = good_with(&BEHIND.replace("192.0.2.1\n", &format!("{address}\n")));
        only(
            &deck,
            &["ZOX1027E DECK card 10 columns 32-", address, "as the FTP server reaches it"],
        );
    }
    only(
        &good_with(&format!("{HOSTS}{}", set("FWDADDR", "ssh.example"))),
        &["ZOX1027E", "'ssh.example'", "an IPv4 or IPv6 address"],
    );
    for bind in ["127.0.0.1", "2001:db8::1", "::1"] {
        let deck = good_with(&format!("{BEHIND}{}", set("FWDBIND", bind)));
        only(&deck, &["ZOX1027E DECK card 11", bind, "192.0.2.1 (FWDADDR)"]);
    }
    for bind in ["10.0.0.1", "0.0.0.0", "::"] {
        let deck = good_with(&format!("{HOSTS}{}", set("FWDBIND", bind)));
        only(&deck, &["ZOX1027E DECK card 12", bind, "127.0.0.1 (FWDADDR)"]);
    }
}

#[test]
fn filters_whose_servers_the_address_does_not_fit() {
    // All of them would be the FTP server of the SSH server's host.
    let near = BEHIND.replace("FWDADDR      192.0.2.1", "FWDADDR      127.0.0.1");
    assert!(lines(&good_with(&near)).is_empty());
    for destination in ["192.0.2.16/28", "*", "*.example"] {
        let deck = good_with(&near.replace("192.0.2.17", destination));
        only(&deck, &["ZOX1027E DECK card 10", destination, "one host as the destination"]);
    }
    // Each of them would be asked to listen on the address of one.
    let far = format!("{HOSTS}{}", set("FWDADDR", "10.30.0.5"));
    only(&good_with(&far), &["ZOX1027E DECK card 12", "10.30.0.0/16", "its own SSH server"]);
    assert!(lines(&good_with(&far.replace("10.30.0.0/16", "10.30.0.5"))).is_empty());
}

#[test]
fn servers_asked_for_by_name_need_their_addresses() {
    let named = BEHIND.replace("192.0.2.17", "ftp.example");
    only(&good_with(&named), &["ZOX1027E DECK card 10", "without FWDFROM", "SET FWDFROM"]);
    let given = format!("{named}{}", set("FWDFROM", "192.0.2.17"));
    assert!(lines(&good_with(&given)).is_empty());
}

#[test]
fn a_filter_that_falls_back_cannot_forward() {
    let deck = good_with(&HOSTS.replace("YYN", "YYY"));
    let found = lines(&deck);
    assert!(
        found.iter().any(|line| line.starts_with("ZOX1032E DECK card 10 column 38")
            && line.contains("ACTIVE FORWARD needs the SSH session")),
        "{found:#?}"
    );
}

#[test]
fn settings_without_forward_have_no_effect() {
    let passive = HOSTS.replace("FORWARD", "PASSIVE");
    for (keyword, value) in [("FWDADDR", "10.0.0.1"), ("FWDBIND", "10.0.0.1"), ("FWDFROM", "*")] {
        let deck = good_with(&format!("{passive}{}", set(keyword, value)));
        only(&deck, &["ZOX1056W DECK card 12", keyword, "'FTP'", "ACTIVE FORWARD"]);
        let other = good_with(&format!("SET      MAIL     {keyword:<12} {value}\n"));
        only(&other, &["ZOX1056W DECK card 8", keyword, "'MAIL'", "not TUNNEL"]);
    }
    let for_all = good_with("SET      *        FWDADDR      10.0.0.1\n");
    assert!(lines(&for_all).is_empty());
}

#[test]
fn an_explanation_tells_who_connects_where() {
    let explain = |deck: &str, host: &str| {
        let target = crate::config::Target { host: host_of(host), port: 21 };
        config(deck).explain(&target).to_string()
    };
    let near = explain(&good_with(HOSTS), "10.30.1.5");
    for part in [
        "FTP server   127.0.0.1:21\n",
        "active       to 127.0.0.1, SSH server listens at 127.0.0.1\n",
        "from         127.0.0.0/8,::1,10.30.1.5\n",
    ] {
        assert!(near.contains(part), "{part}: {near}");
    }
    let far = format!("{BEHIND}{}", set("FWDBIND", "0.0.0.0"));
    let far = explain(&good_with(&far), "192.0.2.17");
    for part in [
        "FTP server   192.0.2.17:21\n",
        "active       to 192.0.2.1, SSH server listens at 0.0.0.0\n",
        "from         192.0.2.17\n",
    ] {
        assert!(far.contains(part), "{part}: {far}");
    }
}

fn host_of(text: &str) -> crate::config::Host {
    crate::config::Host::parse(text).unwrap()
}
