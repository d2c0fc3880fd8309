//! Every error, each with its card and columns.

use std::fs;

use super::super::LoadError;
use super::*;

/// Checks that a deck has exactly one error, with this beginning and these parts.
fn only(deck: &str, parts: &[&str]) {
    let lines = lines(deck);
    let errors: Vec<_> = lines.iter().filter(|line| line[7..].starts_with(['E', 'S'])).collect();
    assert_eq!(errors.len(), 1, "{lines:#?}");
    for part in parts {
        assert!(errors[0].contains(part), "{part} is not in: {}", errors[0]);
    }
}

/// The good deck with one card exchanged.
fn exchange(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replace(from, to)
}

#[test]
fn the_good_deck_is_good() {
    assert!(lines(GOOD).is_empty(), "{:?}", lines(GOOD));
}

#[test]
fn cards_must_have_a_known_type() {
    only(
        &good_with("FILTR    X\n"),
        &["ZOX1015E DECK card 8 columns 1-5: found 'FILTR'", "HOSTKEY"],
    );
    only(&good_with("         X\n"), &["ZOX1015E DECK card 8 columns 1-8: found blanks"]);
    only(&good_with("//ZOXY\n"), &["ZOX1015E", "found '//ZOXY'"]);
    only(&good_with("/*\n"), &["ZOX1015E", "found '/*'"]);
}

#[test]
fn cards_are_eighty_printable_columns() {
    only(
        &good_with(&format!("*{:79}xy\n", "")),
        &["ZOX1010E DECK card 8 columns 81-82: found 'xy'"],
    );
    only(&good_with("SET\t*\tWORKERS\t4\n"), &["ZOX1011E DECK card 8 column 4: found a tab"]);
    only(&good_with("SET      *        CONSOLE      a\u{1}b\n"), &["ZOX1012E", "X'01'"]);
}

#[test]
fn text_outside_fields_is_stray() {
    only(
        &good_with("SET      *        WORKERS     44\n"),
        &["ZOX1016E DECK card 8 column 31: found '4', expected blanks"],
    );
}

#[test]
fn continuations_must_follow() {
    let open = format!("{:71}+\n", "SET      *        WORKERS      4");
    only(&good_with(&open), &["ZOX1014E DECK card 9 columns 1-17", "column 72 of the card before"]);
    only(&format!("{GOOD}{open}"), &["ZOX1013E DECK card 9 column 72"]);
}

#[test]
fn names_are_short_and_used_once() {
    only(
        &good_with("FILTER   A-B      BLOCK            NNN 21          *\n"),
        &["ZOX1022E", "10-12"],
    );
    only(
        &good_with("FILTER            BLOCK            NNN 21          *\n"),
        &["ZOX1020E", "10-17"],
    );
    let same = "FILTER   PAPER    BLOCK            NNN 21          *\n";
    only(&good_with(same), &["ZOX1023E DECK card 8 columns 10-14: found 'PAPER'", "of card 3"]);
    let same = "FILTER   paper    BLOCK            NNN 21          *\n";
    only(&good_with(same), &["ZOX1023E"]);
}

#[test]
fn references_must_exist() {
    only(&good_with("SET      NOBODY   USER         x\n"), &["ZOX1024E DECK card 8 columns 10-15"]);
    only(&good_with("SET               USER         x\n"), &["ZOX1020E DECK card 8 columns 10-17"]);
    let key = "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8";
    only(&good_with(&format!("HOSTKEY  MAIL     {key}\n")), &["ZOX1024E", "the name of a profile"]);
    let filter = "FILTER   X        TUNNEL  NOBODY   NNN 21          *\n";
    only(&good_with(filter), &["ZOX1024E DECK card 8 columns 27-32: found 'NOBODY'"]);
    let filter = "FILTER   X        TUNNEL  SOCKS    NNN 21          *\n";
    only(&good_with(filter), &["ZOX1024E DECK card 8 columns 27-31: found 'SOCKS'"]);
}

#[test]
fn a_card_that_cannot_be_read_makes_no_further_errors() {
    only(&exchange("PROFILE  PAPER    22", "PROFIL   PAPER    22"), &["ZOX1015E"]);
    only(
        &exchange("PROFILE  PAPER    22", "PROFILE\tPAPER\t22"),
        &["ZOX1011E DECK card 3 column 8"],
    );
}

#[test]
fn listeners_have_a_kind_a_port_and_an_address() {
    let listen = "LISTEN   SOCKS    SOCKS    1080";
    only(
        &exchange(listen, "LISTEN   SOCKS    CAPTURE  1080"),
        &["ZOX1021E DECK card 2 columns 19-25", "expected SOCKS"],
    );
    only(
        &exchange(listen, "LISTEN   SOCKS             1080"),
        &["ZOX1020E DECK card 2 columns 19-26"],
    );
    only(
        &exchange(listen, "LISTEN   SOCKS    SOCKS    65536"),
        &["ZOX1021E DECK card 2 columns 28-32", "1-65535"],
    );
    only(&exchange(listen, "LISTEN   SOCKS    SOCKS    0"), &["ZOX1021E", "1-65535"]);
    only(&exchange(listen, "LISTEN   SOCKS    SOCKS    +1"), &["ZOX1021E", "1-65535"]);
    only(&exchange(listen, "LISTEN   SOCKS    SOCKS"), &["ZOX1020E DECK card 2 columns 28-32"]);
    only(
        &exchange(listen, "LISTEN   SOCKS    SOCKS    1080  localhost"),
        &["ZOX1021E DECK card 2 columns 34-42"],
    );
    only(&exchange(listen, "*"), &["ZOX1030E DECK: no LISTEN card"]);
    only("", &["ZOX1030E DECK: no LISTEN card"]);
}

#[test]
fn two_listeners_cannot_share_a_port() {
    let clash = ["LISTEN   L2       SOCKS    1080", "LISTEN   L2       SOCKS    1080  0.0.0.0"];
    for card in clash {
        only(&good_with(&format!("{card}\n")), &["ZOX1031E DECK card 8 columns 28-31", "card 2"]);
    }
    let any = exchange("SOCKS    1080", "SOCKS    1080  0.0.0.0");
    only(&format!("{any}LISTEN   L2       SOCKS    1080\n"), &["ZOX1031E DECK card 9"]);
    let fine = ["1081", "1080  ::", "1080  127.0.0.2"];
    for address in fine {
        let deck = good_with(&format!("LISTEN   L2       SOCKS    {address}\n"));
        assert!(lines(&deck).is_empty(), "{address}");
    }
}

#[test]
fn profiles_have_a_port_and_a_server() {
    let profile = "PROFILE  PAPER    22    host1234.example.com";
    only(
        &exchange(profile, "PROFILE  PAPER    x     host1234.example.com"),
        &["ZOX1021E DECK card 3 column 19"],
    );
    only(
        &exchange(profile, "PROFILE  PAPER    22    two hosts"),
        &["ZOX1021E DECK card 3 columns 25-33"],
    );
    only(&exchange(profile, "PROFILE  PAPER    22    host:22"), &["ZOX1021E"]);
    only(&exchange(profile, "PROFILE  PAPER    22    *"), &["ZOX1021E"]);
}

#[test]
fn host_keys_are_fingerprints_or_keys() {
    let key = "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8";
    only(&exchange(key, "SHA256:nThbg6"), &["ZOX1021E DECK card 6 columns 26-31"]);
    only(&exchange(key, "MD5:aa:bb"), &["ZOX1021E DECK card 6 columns 19-27", "SHA256:"]);
    only(&exchange(key, ""), &["ZOX1020E DECK card 6 columns 19-71"]);
}

#[test]
fn filters_have_an_action_ports_and_a_destination() {
    let filter = |text: &str| good_with(&format!("FILTER   X        {text}\n"));
    only(
        &filter("CAPTURE PAPER    YYN 21          *"),
        &["ZOX1021E DECK card 8 columns 19-25", "DIRECT, BLOCK, TUNNEL or FTPTUN"],
    );
    only(&filter("                 NNN 21          *"), &["ZOX1020E DECK card 8 columns 19-25"]);
    only(&filter("BLOCK            NNN             *"), &["ZOX1020E DECK card 8 columns 40-50"]);
    only(&filter("BLOCK            NNN 21"), &["ZOX1020E DECK card 8 columns 52-71"]);
    only(
        &filter("BLOCK            NNN 21,x        *"),
        &["ZOX1021E DECK card 8 column 43: found 'x'"],
    );
    only(
        &filter("BLOCK            NNN 21          10.1.2.3/8"),
        &["ZOX1021E", "10.0.0.0/8, the first address"],
    );
    only(
        &filter("BLOCK            NNN 21          10.1.2.300"),
        &["ZOX1021E DECK card 8 columns 52-61"],
    );
    only(
        &filter("BLOCK            NXN 21          *"),
        &["ZOX1021E DECK card 8 column 37: found 'X'", "Y or N"],
    );
}

#[test]
fn fields_of_a_filter_go_together() {
    let filter = |text: &str| good_with(&format!("FILTER   X        {text}\n"));
    only(
        &filter("TUNNEL           NNN 21          *"),
        &["ZOX1020E DECK card 8 columns 27-34", "the profile of the TUNNEL"],
    );
    only(
        &filter("BLOCK   PAPER    NNN 21          *"),
        &["ZOX1032E DECK card 8 columns 27-31", "BLOCK has no profile"],
    );
    only(&filter("DIRECT  PAPER    NNN 21          *"), &["ZOX1032E", "DIRECT has no profile"]);
    only(
        &filter("DIRECT           YNN 21          *"),
        &["ZOX1032E DECK card 8 column 36: found 'Y'"],
    );
    only(
        &filter("BLOCK            NNY 21          *"),
        &["ZOX1032E DECK card 8 column 38: found 'Y'"],
    );
    only(
        &filter("TUNNEL  PAPER    YNN 21          *"),
        &["ZOX1032E DECK card 8 column 36", "only FTPTUN"],
    );
    only(
        &filter("TUNNEL  PAPER    NYN 21          *"),
        &["ZOX1032E DECK card 8 column 37", "PAPER names its SSH server"],
    );
    only(
        &filter("FTPTUN           YNN 21          *"),
        &["ZOX1020E DECK card 8 columns 27-34", "the profile of the FTPTUN"],
    );
    only(
        &filter("FTPTUN  PAPER    NYN 21          *"),
        &["ZOX1032E DECK card 8 column 37", "PAPER names its SSH server"],
    );
    let any = exchange("22    host1234.example.com", "22");
    only(
        &any,
        &[
            "ZOX1032E DECK card 7 column 37: found N, expected Y, for profile PAPER names no SSH server",
        ],
    );
}

#[test]
fn settings_must_exist_where_they_are_set() {
    only(
        &good_with("SET      *        WORKER       4\n"),
        &["ZOX1025E DECK card 8 columns 19-24: found 'WORKER'", "WORKERS, MAXCONN"],
    );
    only(
        &good_with("SET      SOCKS    WORKER       4\n"),
        &["expected one of CLIENTS, USERS, HANDSHAKE"],
    );
    only(&good_with("SET      SOCKS                 4\n"), &["ZOX1020E DECK card 8 columns 19-30"]);
    only(&good_with("SET      *        WORKERS\n"), &["ZOX1020E DECK card 8 columns 32-71"]);
    only(
        &good_with("SET      PAPER    WORKERS      4\n"),
        &[
            "ZOX1026E DECK card 8 columns 19-25",
            "a setting of the process, expected a setting of a profile",
        ],
    );
    only(
        &good_with("SET      SOCKS    IDLETIME     4\n"),
        &["ZOX1026E", "a setting of a profile or a filter"],
    );
}

#[test]
fn values_must_be_within_bounds() {
    only(
        &good_with("SET      *        WORKERS      65\n"),
        &["ZOX1027E DECK card 8 columns 32-33: found '65', expected a number, 0-64"],
    );
    only(&good_with("SET      PAPER    WINDOW       1K\n"), &["expected bytes, 32K-64M"]);
    only(
        &good_with("SET      SOCKS    CLIENTS      10.0.0.0/8,x\n"),
        &["ZOX1027E DECK card 8 column 43: found 'x'"],
    );
    only(
        &good_with("SET      PAPER    BACKOFFMAX   0.5\n"),
        &["ZOX1027E DECK card 8 columns 32-34", "BACKOFFMAX 0.5 with BACKOFFMIN 1"],
    );
    only(
        &good_with("SET      PAPER    IDENTITY     //'ZOXY.KEYS(PAPER.X)'\n"),
        &["ZOX1027E", "member 'PAPER.X' has a '.'"],
    );
    only(&good_with("SET      PAPER    CIPHERS      none\n"), &["ZOX1027E", "aes256-ctr"]);
}

#[test]
fn a_tunnel_needs_a_login() {
    only(
        &exchange("SET      PAPER    USER ", "*SET     PAPER    USER "),
        &["ZOX1033E DECK card 3 columns 10-14", "SET USER"],
    );
    only(
        &exchange("SET      PAPER    IDENTITY", "*SET"),
        &["ZOX1033E", "SET IDENTITY or SET PASSWORD"],
    );
    only(&exchange("HOSTKEY ", "*HOSTKEY"), &["ZOX1033E", "SET STRICTKEY NEW"]);
    only(
        &good_with("SET      PAPER    AUTH         PUBLICKEY,PASSWORD\n"),
        &["ZOX1034E DECK card 8 columns 32-49: found 'PASSWORD'"],
    );
    let without = exchange("IDENTITY     keys/paper", "AUTH         PUBLICKEY");
    only(&without, &["ZOX1034E DECK card 5 columns 32-40: found 'PUBLICKEY'"]);
}

/// A deck whose only profile takes user and password from the application.
const FROM_APPLICATION: &str = "\
LISTEN   SOCKS    SOCKS    1080
PROFILE  HOSTS    22
SET      HOSTS    KNOWNHOSTS   known_hosts
FILTER   FTP      FTPTUN  HOSTS    YYN 21          *
";

#[test]
fn a_login_of_the_application_needs_a_method_with_a_password() {
    assert!(lines(FROM_APPLICATION).is_empty(), "{:?}", lines(FROM_APPLICATION));
    let with = |cards: &str| format!("{FROM_APPLICATION}{cards}");
    assert!(lines(&with("SET      HOSTS    AUTH         KEYBOARD\n")).is_empty());
    let key = "SET      HOSTS    AUTH         PUBLICKEY\n";
    only(
        &with(&format!("{key}SET      HOSTS    IDENTITY     key\n")),
        &[
            "ZOX1033E DECK card 5 columns 32-40: found profile 'HOSTS' without PASSWORD and KEYBOARD",
        ],
    );
    only(
        &with("SET      HOSTS    AUTH         PUBLICKEY,PASSWORD\n"),
        &["ZOX1034E DECK card 5 columns 32-49: found 'PUBLICKEY'"],
    );
    let all = "SET      *        AUTH         PUBLICKEY\n";
    only(&with(all), &["ZOX1033E DECK card 5 columns 32-40"]);
    let unknown_host = FROM_APPLICATION.replace("SET      HOSTS    KNOWN", "*");
    only(&unknown_host, &["ZOX1033E DECK card 2 columns 10-14", "SET STRICTKEY NEW"]);
}

#[test]
fn a_profile_must_have_what_all_of_its_filters_need() {
    let mixed = |cards: &str| {
        format!("{FROM_APPLICATION}{cards}FILTER   MAIL     TUNNEL  HOSTS    NYN 25          *\n")
    };
    let (user, key) =
        ("SET      HOSTS    USER         batch\n", "SET      HOSTS    IDENTITY     key\n");
    let good = mixed(&format!("{user}{key}"));
    assert!(lines(&good).is_empty(), "{:?}", lines(&good));
    only(&mixed(key), &["ZOX1033E DECK card 2 columns 10-14", "SET USER"]);
    only(&mixed(user), &["ZOX1033E DECK card 2", "SET IDENTITY or SET PASSWORD"]);
    let password = "SET      HOSTS    AUTH         PASSWORD\n";
    let without_file = mixed(&format!("{user}{password}"));
    only(&without_file, &["ZOX1033E DECK card 2", "SET IDENTITY or SET PASSWORD"]);
    let key_only = mixed(&format!("{user}{key}SET      HOSTS    AUTH         PUBLICKEY\n"));
    only(&key_only, &["ZOX1033E DECK card 7 columns 32-40", "without PASSWORD and KEYBOARD"]);
    let own = FROM_APPLICATION.replace("YYN", "NYN");
    let [user, material] = &lines(&own)[..] else { panic!("{:?}", lines(&own)) };
    assert!(user.contains("SET USER") && material.contains("SET IDENTITY or SET PASSWORD"));
}

#[test]
fn composite_users_are_for_logins_of_the_application() {
    let composite = "SET      FTP      COMPOSITE    YES\n";
    assert!(lines(&format!("{FROM_APPLICATION}{composite}")).is_empty());
    let filter = "FILTER   FTP      FTPTUN  PAPER    NNN 21          *\n";
    only(
        &good_with(&format!("{filter}{composite}")),
        &["ZOX1032E DECK card 9 columns 32-34: found 'YES'", "'FTP' has N in column 36"],
    );
    let no = composite.replace("YES", "NO");
    assert!(lines(&good_with(&format!("{filter}{no}"))).is_empty());
}

#[test]
fn files_must_be_readable() {
    let directory = std::env::temp_dir().join(format!("zoxy-deck-{}", std::process::id()));
    fs::create_dir_all(directory.join("keys/paper")).unwrap();
    let deck = directory.join("DECK");
    let reasons = |text: &str| {
        fs::write(&deck, text).unwrap();
        let error = load_file(&deck).unwrap_err();
        error.diagnostics().iter().map(|diagnostic| diagnostic.line.clone()).collect::<Vec<_>>()
    };
    let directory_as_file = reasons(GOOD);
    let missing = reasons(&GOOD.replace("keys/paper", "nowhere"));
    let secret = reasons(&good_with("SET      PAPER    PASSWORD     hunter2\n"));
    let unreadable = load_file(&directory.join("NOWHERE")).unwrap_err();
    fs::remove_dir_all(&directory).unwrap();

    assert!(directory_as_file[0].contains("(not a regular file)"), "{directory_as_file:?}");
    assert!(missing[0].starts_with("ZOX1028E "), "{missing:?}");
    assert!(missing[0].contains("card 5 columns 32-38"), "{missing:?}");
    assert!(missing[0].contains("No such file or directory"), "{missing:?}");
    assert!(!secret.concat().contains("hunter2"), "{secret:?}");
    assert!(secret.iter().any(|line| line.contains("card 8") && line.contains("No such file")));
    assert!(matches!(unreadable, LoadError::Unreadable(_)), "{unreadable}");
}

#[test]
fn all_errors_are_told_at_once_in_card_order() {
    let deck = "\
FILTER   A        TUNNEL  NOBODY   NNN 0           *
SET      *        WORKERS      x
LISTEN   L        SOCKS    x
WHAT
";
    let cards: Vec<_> = lines(deck)
        .iter()
        .map(|line| line.split_once(" card ").unwrap().1.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(cards, ["1", "1", "2", "3", "4"]);
}
