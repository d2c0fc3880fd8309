//! What decks say, as it arrives in the records.

use std::path::PathBuf;
use std::time::Duration;

use super::super::*;
use super::*;

#[test]
fn cards_become_records() {
    let config = config(GOOD);
    let [listener] = &config.listeners[..] else { panic!() };
    assert_eq!((listener.name.as_str(), listener.card), ("SOCKS", 2));
    assert_eq!(listener.address, "127.0.0.1:1080".parse().unwrap());
    assert!(listener.clients.contains("127.0.0.9".parse().unwrap()));
    assert!(!listener.clients.contains("192.0.2.1".parse().unwrap()));
    let [profile] = &config.profiles[..] else { panic!() };
    assert_eq!(profile.host.as_deref(), Some("host1234.example.com"));
    assert_eq!((profile.port, profile.pins.len()), (22, 1));
    assert_eq!(profile.user.as_deref(), Some("tunnel"));
    assert_eq!(profile.identities, [PathBuf::from("/etc/zoxy/keys/paper")]);
    assert_eq!(config.filters[0].profile.as_ref().unwrap().name, "PAPER");
    assert_eq!(config.filters[0].ports.to_string(), "25,110,143");
    assert_eq!(config.filters[1].action, Action::Block);
    assert_eq!(config.filters[1].card, 8);
}

#[test]
fn defaults_are_those_of_the_manual() {
    let config = config(GOOD);
    let process = &config.process;
    assert_eq!((process.workers, process.resolvers), (0, 2));
    assert_eq!((process.max_connections, process.max_per_client), (8192, 4096));
    assert_eq!((process.drain, &process.console), (Duration::from_secs(30), &None));
    assert_eq!(config.listeners[0].handshake, Duration::from_secs(30));
    assert_eq!(config.listeners[0].users, None);
    let profile = &config.profiles[0];
    assert_eq!(profile.strict, StrictHostKey::Yes);
    assert!(profile.ciphers.as_ref().unwrap().starts_with("aes128-gcm@openssh.com,aes256-gcm"));
    assert!(profile.host_key_algorithms.as_ref().unwrap().starts_with("ssh-ed25519,"));
    assert_eq!((&profile.macs, &profile.kex, profile.compression), (&None, &None, false));
    assert_eq!(profile.idle_timeout, Duration::from_secs(5));
    assert_eq!((profile.keepalive, profile.keepalive_count), (Duration::from_secs(15), 3));
    assert_eq!((profile.sessions, profile.channels, profile.window), (4, 4096, 32 << 20));
    assert_eq!(process.window_memory, 256 << 20);
    assert_eq!(profile.backoff_max, Duration::from_secs(60));
    let filter = &config.filters[0];
    assert_eq!(filter.idle_timeout, None);
    assert_eq!(filter.half_closed_timeout, Some(Duration::from_secs(300)));
    assert_eq!(
        (filter.pasv_trust, filter.composite_user, filter.control_page),
        (false, false, None)
    );
    assert_eq!(filter.data_timeout, Duration::from_secs(120));
}

#[test]
fn a_name_wins_over_the_star_in_any_order() {
    let sets = "SET      PAPER    SESSIONS     7\nSET      *        SESSIONS     9\n";
    let deck = good_with(sets) + "PROFILE  OTHER    22    h\n";
    let config = config(&deck);
    assert_eq!((config.profiles[0].sessions, config.profiles[1].sessions), (7, 9));
}

#[test]
fn a_card_may_set_what_is_defined_behind_it() {
    let config = config(&format!("SET      SOCKS    HANDSHAKE    5\n{GOOD}"));
    assert_eq!(config.listeners[0].handshake, Duration::from_secs(5));
}

#[test]
fn methods_by_default_are_those_with_material() {
    assert_eq!(config(GOOD).profiles[0].auth, [AuthMethod::PublicKey]);
    let deck = good_with("SET      PAPER    PASSWORD     /p\n");
    let all = [AuthMethod::PublicKey, AuthMethod::Password, AuthMethod::Keyboard];
    assert_eq!(config(&deck).profiles[0].auth, all);
    let deck = deck + "SET      PAPER    AUTH         keyboard,publickey\n";
    assert_eq!(config(&deck).profiles[0].auth, [AuthMethod::Keyboard, AuthMethod::PublicKey]);
}

#[test]
fn each_login_has_its_methods() {
    let by_password = [AuthMethod::Password, AuthMethod::Keyboard];
    let both = config(&good_with("FILTER   FTP      FTPTUN  PAPER    YNN 21          *\n"));
    assert_eq!(both.profiles[0].auth, [AuthMethod::PublicKey]);
    assert_eq!(both.profiles[0].application_auth, by_password);
    let own = config(&good_with("FILTER   FTP      FTPTUN  PAPER    NNN 21          *\n"));
    assert_eq!(own.profiles[0].auth, [AuthMethod::PublicKey]);
    let listed = config(&good_with(
        "SET      PAPER    AUTH         KEYBOARD,PUBLICKEY\n\
         FILTER   FTP      FTPTUN  PAPER    YNN 21          *\n",
    ));
    assert_eq!(listed.profiles[0].auth, [AuthMethod::PublicKey]);
    assert_eq!(listed.profiles[0].application_auth, [AuthMethod::Keyboard]);
}

#[test]
fn filters_of_ftp_have_their_settings() {
    let config = config(&good_with(
        "FILTER   FTP      ftptun  PAPER    YNN 21          *\n\
         SET      FTP      PASVADDR     trust\n\
         SET      FTP      DATATIME     1.5\n\
         SET      FTP      CTRLCONN     ibm-1047\n\
         SET      *        COMPOSITE    YES\n\
         FILTER   OWN      FTPTUN  PAPER    NNN 2121        *\n\
         SET      OWN      CTRLCONN     IBM-037\n",
    ));
    let [mail, ftp, own, _] = &config.filters[..] else { panic!() };
    assert_eq!(
        (ftp.action, ftp.user_from_app, ftp.fallback_plain),
        (Action::FtpTunnel, true, false)
    );
    assert!(ftp.pasv_trust && ftp.composite_user);
    assert_eq!(ftp.data_timeout, Duration::from_millis(1500));
    assert_eq!(ftp.control_page, Some(CodePage::Ibm1047));
    assert!(!own.pasv_trust && !own.composite_user && !own.user_from_app);
    assert_eq!(own.control_page, Some(CodePage::Ibm037));
    assert!(!mail.composite_user);
}

#[test]
fn types_names_and_words_may_be_in_lower_case() {
    let lower = GOOD.replace(
        "FILTER   MAIL     TUNNEL  PAPER    NNN",
        "filter   mail     tunnel  paper    nnn",
    );
    let config = config(&lower);
    assert_eq!(config.filters[0].name, "MAIL");
    assert_eq!(config.filters[0].profile.as_ref().unwrap().name, "PAPER");
}

#[test]
fn the_first_filter_that_matches_decides() {
    let config = config(GOOD);
    let decide = |host: &str, port| {
        let target = Target { host: Host::parse(host).unwrap(), port };
        config.decide(&target).map(|filter| filter.name.clone())
    };
    assert_eq!(decide("Mail.Corp.Example", 25).as_deref(), Some("MAIL"));
    assert_eq!(decide("mail.corp.example", 26).as_deref(), Some("REST"));
    let config = super::config("LISTEN   SOCKS    SOCKS    1080\n");
    let target = Target { host: Host::parse("10.1.1.1").unwrap(), port: 21 };
    assert!(config.decide(&target).is_none());
    assert!(config.explain(&target).is_blocked());
}

#[test]
fn an_explanation_names_filter_profile_and_server() {
    let deck = good_with(
        "PROFILE  ANY      2222\nSET      ANY      USER         u\n\
         SET      ANY      PASSWORD     p\nSET      ANY      STRICTKEY    NEW\n\
         FILTER   HOSTS    TUNNEL  ANY      NYY 21          2001:db8::/32\n\
         FILTER   NEAR     DIRECT           NNN 21          10.0.0.0/8\n",
    );
    let config = config(&deck);
    let explain = |host: &str| {
        let target = Target { host: Host::parse(host).unwrap(), port: 21 };
        let explanation = config.explain(&target);
        (explanation.is_blocked(), explanation.to_string())
    };
    let (blocked, text) = explain("2001:db8::1");
    assert!(!blocked);
    for part in [
        "HOSTS (card 12)",
        "ANY (card 8)",
        "[2001:db8::1]:2222",
        "PASSWORD, KEYBOARD",
        "to a plain",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(explain("10.1.1.1").1.contains("to 10.1.1.1:21, without SSH"));
    assert!(explain("host.example").0);
}

#[test]
fn an_explanation_of_ftp_tells_whose_login_it_is() {
    let config = config(&good_with(
        "FILTER   JOBS     FTPTUN  PAPER    YNN 21          *\n\
         SET      JOBS     COMPOSITE    YES\n\
         SET      JOBS     CTRLCONN     IBM-037\n\
         FILTER   OWN      FTPTUN  PAPER    NNN 2121        *\n\
         SET      OWN      PASVADDR     TRUST\n\
         SET      OWN      DATATIME     2.5\n",
    ));
    let explain = |port| {
        let target = Target { host: Host::parse("ftp.example").unwrap(), port };
        config.explain(&target).to_string()
    };
    let jobs = "\
target       ftp.example:21
filter       JOBS (card 8)
ports        21
destination  *
action       FTPTUN
profile      PAPER (card 3)
SSH server   host1234.example.com:22
SSH user     from the FTP dialogue
login        PASSWORD, KEYBOARD
fall back    never
FTP user     perhaps with its FTP server, as user@host
FTP data     to the address of the target, within 120 s
FTP control  IBM-037 of the application, translated
";
    assert_eq!(explain(21), jobs);
    let own = explain(2121);
    for part in
        ["user     tunnel\n", "login        PUBLICKEY\n", "of the 227 reply, within 2.5 s\n"]
    {
        assert!(own.contains(part), "{part}: {own}");
    }
    assert!(!own.contains("FTP user") && !own.contains("FTP control"));
}
