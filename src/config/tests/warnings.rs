//! What is suspicious but does not keep a deck from being used.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

fn only(deck: &str, parts: &[&str]) {
    let loaded = load(deck.as_bytes()).unwrap();
    assert_eq!(loaded.warnings.len(), 1, "{:#?}", loaded.warnings);
    for part in parts {
        assert!(loaded.warnings[0].line.contains(part), "{part}: {}", loaded.warnings[0]);
    }
}

#[test]
fn a_filter_that_is_never_reached() {
    let deck = format!("{GOOD}FILTER   LATE     BLOCK            NNN 21          10.1.1.1\n");
    only(&deck, &["ZOX1050W DECK card 9 columns 10-13", "'LATE'"]);
}

#[test]
fn a_profile_that_no_filter_uses() {
    only(&good_with("PROFILE  ALONE    22    h\n"), &["ZOX1051W DECK card 8 columns 10-14"]);
}

#[test]
fn a_setting_that_is_set_twice() {
    let twice = "SET      *        WORKERS      4\nSET      *        WORKERS      5\n";
    only(&good_with(twice), &["ZOX1052W DECK card 8 column 32", "card 9"]);
    assert_eq!(config(&good_with(twice)).process.workers, 5);
}

#[test]
fn a_default_for_two_different_things() {
    only(
        &good_with("SET      *        IDLETIME     600\n"),
        &["ZOX1053W DECK card 8 columns 19-26"],
    );
}

#[test]
fn an_ftp_setting_of_another_filter() {
    only(
        &good_with("SET      MAIL     CTRLCONN     IBM-037\n"),
        &[
            "ZOX1056W DECK card 8 columns 32-38: found a value of CTRLCONN for filter 'MAIL'",
            "not TUNNEL",
        ],
    );
    only(&good_with("SET      REST     DATATIME     5\n"), &["ZOX1056W", "not BLOCK"]);
    let for_all = good_with("SET      *        PASVADDR     TRUST\n");
    assert!(load(for_all.as_bytes()).unwrap().warnings.is_empty());
}

#[test]
fn a_deck_without_filters() {
    only("LISTEN   SOCKS    SOCKS    1080\n", &["ZOX1055W DECK: no FILTER card"]);
}

#[test]
fn a_secret_that_others_can_read() {
    let directory = std::env::temp_dir().join(format!("zoxy-exposed-{}", std::process::id()));
    fs::create_dir_all(directory.join("keys")).unwrap();
    let (deck, key) = (directory.join("DECK"), directory.join("keys/paper"));
    fs::write(&key, "").unwrap();
    let lines = |text: &str, mode| {
        fs::write(&deck, text).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let diagnostics = match load_file(&deck) {
            Ok(loaded) => loaded.warnings,
            Err(error) => error.diagnostics().to_vec(),
        };
        diagnostics.into_iter().map(|diagnostic| diagnostic.line).collect::<Vec<_>>()
    };
    let password = GOOD.replace("IDENTITY ", "PASSWORD ");
    let private = lines(GOOD, 0o600);
    let exposed_key = lines(GOOD, 0o640);
    let exposed_password = lines(&password, 0o604);
    fs::remove_dir_all(&directory).unwrap();

    assert!(private.is_empty(), "{private:?}");
    let [line] = &exposed_key[..] else { panic!("{exposed_key:?}") };
    assert!(line.starts_with("ZOX1029E") && line.contains("0640"), "{line}");
    let [line] = &exposed_password[..] else { panic!("{exposed_password:?}") };
    assert!(line.starts_with("ZOX1054W") && line.contains("0604"), "{line}");
}
