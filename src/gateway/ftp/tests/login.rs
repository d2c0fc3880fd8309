//! Login with the user and password of the dialogue.

use super::*;

const GREETING: &str = "220 FTP to 192.0.2.7: log in\r\n";
const NEED_PASSWORD: &str = "331 Password needed\r\n";

fn from_application(turns: &[Turn]) {
    let mut all = vec![told(GREETING)];
    all.extend_from_slice(turns);
    play(&settings(LoginMode::FromApplication), &all);
}

/// USER and PASS, up to the action.
fn asked() -> Vec<Turn> {
    vec![
        client("USER tom\r\n"),
        told(NEED_PASSWORD),
        client("PASS se cret \r\n"),
        told(""),
        acts(&["LogIn tom se cret "]),
    ]
}

#[test]
fn login_is_repeated_to_the_server() {
    let mut turns = asked();
    turns.extend([
        event(Event::LoggedIn),
        server("220-Welcome to\r\n220-a long greeting\r\n220 of it\r\n"),
        sent("USER tom\r\n"),
        server("331 Password please\r\n"),
        sent("PASS se cret \r\n"),
        told(""),
        server("230-Quota: 10 GB\r\n 230 is not the end\r\n230 Logged in.\r\n"),
        told("230-Quota: 10 GB\r\n 230 is not the end\r\n230 Logged in.\r\n"),
        client("SYST\r\n"),
        sent("SYST\r\n"),
        server("215 MVS is the operating system of this server.\n"),
        told("215 MVS is the operating system of this server.\n"),
    ]);
    from_application(&turns);
}

#[test]
fn commands_after_pass_wait_for_the_login() {
    from_application(&[
        client("USER tom\r\nPASS x\r\nTYPE I\r\n"),
        told(NEED_PASSWORD),
        acts(&["LogIn tom x"]),
        event(Event::LoggedIn),
        server("120 Soon\r\n220 Now\r\n"),
        sent("USER tom\r\n"),
        server("331 ?\r\n"),
        sent("PASS x\r\n"),
        server("230 in\r\n"),
        sent("TYPE I\r\n"),
        server("200 I\r\n"),
        told("230 in\r\n200 I\r\n"),
    ]);
}

#[test]
fn before_login_nothing_is_promised() {
    from_application(&[
        client("feat\r\nOPTS UTF8 ON\r\nSYST\r\nHELP\r\nNOOP\r\nPASV\r\nPASS x\r\n\r\nABOR\r\n"),
        told(
            "211 No features before the login\r\n501 Options are set after the login\r\n\
             215 UNKNOWN\r\n214 USER and PASS log in; HELP then tells more\r\n200 OK\r\n\
             530 Log in with USER and PASS first\r\n503 USER comes first\r\n\
             500 A command was expected\r\n226 Nothing to abort\r\n",
        ),
        client("USER\r\nUSER tom\r\nREIN\r\nPASS x\r\nQUIT\r\nNOOP\r\n"),
        told(
            "501 USER needs a name\r\n331 Password needed\r\n220 Log in\r\n\
             503 USER comes first\r\n221 Goodbye\r\n",
        ),
        acts(&["Close QUIT before login"]),
    ]);
}

#[test]
fn security_is_refused_before_and_after_login() {
    let refused = |code: u16, verb: &str| {
        format!(
            "{code} ZOX4010E {verb} refused: SSH protects this connection, and inside of TLS its \
             data connections could not be followed\r\n"
        )
    };
    let notes = |verb: &str| format!("Say SecurityRefused {{ command: {verb:?} }}");
    let all = ["AUTH", "PBSZ", "PROT", "CCC", "ADAT"];
    let commands: String = all.iter().map(|verb| format!("{verb} x\r\n")).collect();
    let answers: String =
        all.iter().map(|verb| refused(if *verb == "AUTH" { 534 } else { 503 }, verb)).collect();
    let said: Vec<String> = all.iter().map(|verb| notes(verb)).collect();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    from_application(&[client(&commands), told(&answers), acts(&said)]);
    relaying(&[client(&commands), told(&answers), acts(&said), sent("")]);
}

#[test]
fn account_given_before_is_used_when_asked_for() {
    from_application(&[
        client("USER tom\r\nACCT a1\r\nPASS x\r\n"),
        told("331 Password needed\r\n202 Kept for the login; PASS is needed\r\n"),
        acts(&["LogIn tom x"]),
        event(Event::LoggedIn),
        server("220 hi\r\n"),
        sent("USER tom\r\n"),
        server("331 pw\r\n"),
        sent("PASS x\r\n"),
        server("332-account\r\n332 please\r\n"),
        sent("ACCT a1\r\n"),
        told(""),
        server("230 in\r\n"),
        told("230 in\r\n"),
    ]);
    let mut turns = asked();
    turns.extend([
        event(Event::LoggedIn),
        server("220 hi\r\n331 pw\r\n332 account please\r\n"),
        sent("USER tom\r\nPASS se cret \r\n"),
        told("332 account please\r\n"),
        client("ACCT a1\r\n"),
        sent("ACCT a1\r\n"),
        server("230 in\r\n"),
        told("230 in\r\n"),
    ]);
    from_application(&turns);
}

#[test]
fn final_replies_of_the_server_are_the_clients() {
    for (replies, expected) in [
        ("220 hi\r\n230 no password needed\r\n", "230 no password needed\r\n"),
        ("220 hi\r\n530-who\r\n530 not you\r\n", "530-who\r\n530 not you\r\n"),
        ("220 hi\r\n331 pw\r\n530 Login incorrect.\r\n", "530 Login incorrect.\r\n"),
    ] {
        let mut turns = asked();
        turns.extend([event(Event::LoggedIn), server(replies), told(expected)]);
        let sent_pass = replies.contains("331");
        turns.push(sent(if sent_pass { "USER tom\r\nPASS se cret \r\n" } else { "USER tom\r\n" }));
        turns.extend([client("USER tim\r\n"), sent("USER tim\r\n")]);
        from_application(&turns);
    }
}

#[test]
fn a_server_that_does_not_serve_ends_the_dialogue() {
    let mut turns = asked();
    turns.extend([
        event(Event::LoggedIn),
        server("421-full\r\n421 come back\r\n"),
        told("421-full\r\n421 come back\r\n"),
        acts(&["Close the FTP server does not serve"]),
    ]);
    from_application(&turns);
    let mut turns = asked();
    turns.extend([
        event(Event::LoggedIn),
        server("SSH-2.0-OpenSSH\r\n"),
        told("421 ZOX4004E the target does not greet as an FTP server does\r\n"),
        acts(&["Close the target is no FTP server"]),
    ]);
    from_application(&turns);
}

#[test]
fn refused_logins_may_be_repeated_twice() {
    let refused = |text: &str| event(Event::LoginRefused { text: text.into() });
    let mut turns = Vec::new();
    for _ in 0..2 {
        turns.extend(asked());
        turns.extend([
            refused("wrong password"),
            told("530 ZOX4001E SSH server refused the login: wrong password\r\n"),
        ]);
    }
    turns.extend([client("REIN\r\n"), told("220 Log in\r\n")]);
    turns.extend(asked());
    turns.extend([
        refused("wrong"),
        told("421 ZOX4002E too many refused logins, the last one: wrong\r\n"),
        acts(&["Close too many refused logins"]),
    ]);
    from_application(&turns);
}

#[test]
fn no_ssh_session_is_421() {
    let mut turns = asked();
    turns.extend([
        event(Event::SshFailed { code: 421, text: "host key unknown".into() }),
        told("421 ZOX4003E no way to the FTP server: host key unknown\r\n"),
        acts(&["Close host key unknown"]),
    ]);
    from_application(&turns);
    play(
        &settings(LoginMode::Own),
        &[
            client("USER early\r\n"),
            acts(&["OpenControl"]),
            event(Event::LoginRefused { text: "no key".into() }),
            told("421 ZOX4001E SSH server refused the login: no key\r\n"),
            acts(&["Close SSH login refused"]),
        ],
    );
}

#[test]
fn control_lost_during_the_login_is_421() {
    let mut turns = asked();
    turns.extend([
        event(Event::LoggedIn),
        server("220 hi\r\n"),
        sent("USER tom\r\n"),
        event(Event::ControlClosed),
        told("421 ZOX4005E control connection to the FTP server lost\r\n"),
        acts(&["Close control connection to the FTP server lost"]),
    ]);
    from_application(&turns);
}

#[test]
fn own_credential_relays_from_the_greeting_on() {
    play(
        &settings(LoginMode::Own),
        &[
            acts(&["OpenControl"]),
            client("USER tom\r\n"),
            told(""),
            event(Event::LoggedIn),
            sent(""),
            server("120 wait\r\n"),
            told("120 wait\r\n"),
            sent(""),
            server("220 true\r\n"),
            told("220 true\r\n"),
            sent("USER tom\r\n"),
        ],
    );
}

#[test]
fn a_dialogue_without_ssh_goes_on_and_says_so() {
    let refused = "534 ZOX4042E AUTH refused: the data connections of a dialogue inside of TLS \
                   cannot be followed. This dialogue is in clear, its SSH server cannot be reached\r\n";
    let mut turns = asked();
    turns.extend([
        event(Event::FellBack),
        told(""),
        event(Event::LoggedIn),
        server("220 hi\r\n331 pw\r\n230 in\r\n"),
        sent("USER tom\r\nPASS se cret \r\n"),
        told("230 in\r\n"),
        client("AUTH TLS\r\n"),
        told(refused),
        acts(&["Say SecurityRefused { command: \"AUTH\" }"]),
    ]);
    from_application(&turns);
    let mut turns = asked();
    turns.extend([
        event(Event::FellBack),
        event(Event::SshFailed { code: 421, text: "Connection refused".into() }),
        told("421 ZOX4003E no way to the FTP server: Connection refused\r\n"),
        acts(&["Close Connection refused"]),
    ]);
    from_application(&turns);
}

#[test]
fn composite_names_are_taken_apart_if_wanted() {
    let mut settings = settings(LoginMode::FromApplication);
    settings.composite_user = true;
    play(
        &settings,
        &[
            told(GREETING),
            client("USER tom@corp@Host.Example\r\nPASS x\r\n"),
            told(NEED_PASSWORD),
            acts(&["LogIn tom@corp x at host.example:21"]),
            event(Event::LoggedIn),
            server("220 hi\r\n"),
            sent("USER tom@corp\r\n"),
        ],
    );
    from_application(&[
        client("USER tom@host\r\nPASS x\r\n"),
        told(NEED_PASSWORD),
        acts(&["LogIn tom@host x"]),
    ]);
}

/// A login as `user` whose SSH session is there, up to the server's 230.
fn composite_login(user: &str, name: &str, at: &str) -> Vec<Turn> {
    vec![
        client(format!("USER {user}\r\nPASS x\r\n")),
        told(NEED_PASSWORD),
        acts(&[&format!("LogIn {name} x{at}")]),
        event(Event::LoggedIn),
        server("220 hi\r\n230 in\r\n"),
        sent(format!("USER {name}\r\n")),
        told("230 in\r\n"),
    ]
}

#[test]
fn a_renewed_composite_name_stays_with_its_host() {
    let mut settings = settings(LoginMode::FromApplication);
    settings.composite_user = true;
    let other = |host: &str, other: &str| {
        format!(
            "530 ZOX4041E this dialogue is with {host}; log in to {other} on a connection of its \
             own\r\n"
        )
    };
    for (first, at, host) in
        [("tom@Host.Example", " at host.example:21", "host.example"), ("tom", "", "192.0.2.7")]
    {
        let mut turns = vec![
            told(GREETING),
            client(format!("USER {first}\r\nPASS x\r\n")),
            told(NEED_PASSWORD),
            acts(&[&format!("LogIn tom x{at}")]),
            event(Event::LoggedIn),
            server("220 hi\r\n530 not you\r\n"),
            sent("USER tom\r\n"),
            told("530 not you\r\n"),
        ];
        turns.extend([
            client(format!("USER tim@{}\r\n", host.to_uppercase())),
            sent("USER tim\r\n"),
            server("331 pw\r\n"),
            told("331 pw\r\n"),
            client("PASS y\r\n"),
            sent("PASS y\r\n"),
            server("230 in\r\n"),
            told("230 in\r\n"),
            // A name without a host is one at this host, and only the last @ counts.
            client(format!("USER tam\r\nuser t@m@{host}\r\n")),
            sent("USER tam\r\nUSER t@m\r\n"),
            server("331 pw\r\n331 pw\r\n"),
            told("331 pw\r\n331 pw\r\n"),
            client("NOOP\r\nUSER tom@198.51.100.9\r\nUSER tom@elsewhere\r\n"),
            sent("NOOP\r\n"),
            told(""),
            server("200 ok\r\n"),
            told(format!("200 ok\r\n{}{}", other(host, "198.51.100.9"), other(host, "elsewhere"))),
        ]);
        play(&settings, &turns);
    }
    // Where names are not taken apart, they are the server's to understand.
    relaying(&[client("USER tom@elsewhere\r\n"), sent("USER tom@elsewhere\r\n")]);
}

#[test]
fn data_goes_to_the_host_of_a_composite_name() {
    let mut settings = settings(LoginMode::FromApplication);
    settings.composite_user = true;
    // What the client knows by SOCKS leads there, by a port that is ours.
    for host in ["198.51.100.9", "host.example"] {
        let hosts = format!("192.0.2.7,{host}");
        let at = format!(" at {host}:21");
        let mut turns = vec![told(GREETING)];
        turns.extend(composite_login(&format!("tom@{host}"), "tom", &at));
        turns.extend([
            client("PASV\r\nEPSV\r\n"),
            sent("PASV\r\n"),
            server("227 ok (172,16,0,1,8,0)\r\n"),
            sent("EPSV\r\n"),
            told("227 ok (192,0,2,7,156,64)\r\n"),
            server("229 ok (|||2000|)\r\n"),
            told("229 ok (|||40000|)\r\n"),
            acts(&[
                &format!("Expect 1 {host}:2048 as {hosts} port 40000"),
                "DropData 1",
                &format!("Expect 2 {host}:2000 as {hosts} port 40000"),
            ]),
            client("PORT 10,1,1,1,200,10\r\n"),
            sent("EPSV\r\n"),
            server("229 ok (|||2001|)\r\n"),
            acts(&["DropData 2", &format!("OpenData 3 {host}:2001")]),
        ]);
        play(&settings, &turns);
    }
}

/// By whatever the client asked, and whatever is trusted: it is told what it surely gets to us by.
#[test]
fn a_227_of_a_composite_name_names_the_host_of_the_request() {
    let mut settings = settings(LoginMode::FromApplication);
    settings.composite_user = true;
    let name = Host::Name("ftp.example".into());
    for (asked, trust, told_in_227, expected) in [
        (None, false, "192,0,2,7", "198.51.100.9:2048 as 192.0.2.7,198.51.100.9"),
        (None, true, "192,0,2,7", "172.16.0.1:2048 as 192.0.2.7,198.51.100.9"),
        (Some(&name), false, "198,51,100,9", "198.51.100.9:2048 as ftp.example,198.51.100.9"),
    ] {
        settings.trust_pasv_address = trust;
        if let Some(asked) = asked {
            settings.target.host = asked.clone();
        }
        let mut turns = vec![told(format!("220 FTP to {}: log in\r\n", settings.target.host))];
        turns.extend(composite_login("tom@198.51.100.9", "tom", " at 198.51.100.9:21"));
        turns.extend([
            client("PASV\r\n"),
            sent("PASV\r\n"),
            server("227 ok (172,16,0,1,8,0)\r\n"),
            told(format!("227 ok ({told_in_227},156,64)\r\n")),
            acts(&[&format!("Expect 1 {expected} port 40000")]),
        ]);
        play(&settings, &turns);
    }
}

#[test]
fn a_plain_name_after_a_composite_one_means_the_target() {
    let mut settings = settings(LoginMode::FromApplication);
    settings.composite_user = true;
    let mut turns = vec![
        told(GREETING),
        client("USER tom@198.51.100.9\r\nPASS x\r\n"),
        told(NEED_PASSWORD),
        acts(&["LogIn tom x at 198.51.100.9:21"]),
        event(Event::LoginRefused { text: "no".into() }),
        told("530 ZOX4001E SSH server refused the login: no\r\n"),
    ];
    turns.extend(composite_login("tom", "tom", ""));
    turns.extend([
        client("PASV\r\n"),
        sent("PASV\r\n"),
        server("227 ok (172,16,0,1,8,0)\r\n"),
        told("227 ok (192,0,2,7,8,0)\r\n"),
        acts(&["Expect 1 192.0.2.7:2048 as 192.0.2.7"]),
    ]);
    play(&settings, &turns);
}

#[test]
fn passwords_are_utf8_and_telnet_is_undone() {
    from_application(&[
        client(b"USER tom\r\nPASS \xe9\r\n"),
        told("331 Password needed\r\n530 ZOX4007E user name or password is not UTF-8\r\n"),
        client("USER t\u{f6}m\r\nPASS \u{e9}\r\n"),
        told(NEED_PASSWORD),
        acts(&["LogIn t\u{f6}m \u{e9}"]),
    ]);
}

#[test]
fn passwords_are_in_no_debug_output() {
    let mut dialogue = Dialogue::new(settings(LoginMode::FromApplication));
    dialogue.from_client(b"USER tom\r\nPASS se_cret\r\n");
    let action = dialogue.next_action();
    assert!(matches!(action, Some(Action::LogIn { .. })));
    let shown = format!("{action:?} {dialogue:?} {:?}", dialogue.phase());
    assert!(!shown.contains("se_cret"), "{shown}");
}

#[test]
fn ebcdic_is_refused_in_ebcdic() {
    let line = b"500 ZOX4013E this control connection is EBCDIC, ASCII is needed";
    let text = std::str::from_utf8(line).expect("ASCII");
    let mut answer = CodePage::Ibm1047.encode(text).expect("it is ASCII");
    answer.extend([0x0d, 0x25]);
    let user = [0xe4, 0xe2, 0xc5, 0xd9, 0x40, 0xa3, 0x0d, 0x25];
    from_application(&[
        client(user),
        told(&answer),
        acts(&["Say Ebcdic", "Close EBCDIC on the control connection"]),
    ]);
    play(
        &settings(LoginMode::Own),
        &[
            client(user),
            told(&answer),
            acts(&["OpenControl", "Say Ebcdic", "Close EBCDIC on the control connection"]),
        ],
    );
}

#[test]
fn ebcdic_is_translated_if_the_filter_names_the_page() {
    let ebcdic = |text: &str| {
        let bytes = CodePage::Ibm037.encode(text).expect("it is ASCII");
        bytes.into_iter().map(|byte| if byte == 0x15 { 0x25 } else { byte }).collect::<Vec<u8>>()
    };
    let mut settings = settings(LoginMode::FromApplication);
    settings.control_page = Some(CodePage::Ibm037);
    play(
        &settings,
        &[
            told(ebcdic(GREETING)),
            client(ebcdic("user TOM\r\n")),
            told(ebcdic(NEED_PASSWORD)),
            client(ebcdic("PASS [x]^\r\n")),
            acts(&["LogIn TOM [x]^"]),
            event(Event::LoggedIn),
            server("220 hi\r\n331 pw\r\n230 in\r\n"),
            sent("user TOM\r\nPASS [x]^\r\n"),
            told(ebcdic("230 in\r\n")),
        ],
    );
}
