//! Replies of several lines that the server does not end any more.

use super::*;

const CUT: &str = "ZOX4040W the rest of this reply did not come\r\n";
const LOST: &str = "421 ZOX4003E no way to the FTP server: session lost\r\n";
const STOPPING: &str = "421 ZOX4006W zoxy is stopping\r\n";
const CANCELLED: &str = "421 ZOX4008W cancelled by an operator\r\n";

fn lost() -> Turn {
    event(Event::SshFailed { code: 421, text: "session lost".into() })
}

/// PORT and a RETR with its 150 on the way.
fn active_download() -> Vec<Turn> {
    vec![
        client("PORT 10,1,1,1,200,10\r\n"),
        sent("EPSV\r\n"),
        server("229 (|||2000|)\r\n"),
        acts(&["OpenData 1 192.0.2.7:2000"]),
        opened(1),
        told("200 PORT accepted\r\n"),
        client("RETR a\r\n"),
        sent("RETR a\r\n"),
        acts(&["Started RETR a"]),
    ]
}

#[test]
fn the_open_reply_is_ended_before_421() {
    for (end, last, reason) in [
        (lost(), LOST, "session lost"),
        (event(Event::Stopping), STOPPING, "zoxy stops"),
        (event(Event::Cancelled), CANCELLED, "cancelled by an operator (F CANCEL)"),
        (
            event(Event::ControlClosed),
            "421 ZOX4005E control connection to the FTP server lost\r\n",
            "control connection to the FTP server lost",
        ),
        (
            server(vec![b'x'; 9000]),
            "421 ZOX4012E reply line of the FTP server too long\r\n",
            "reply line of the server too long",
        ),
    ] {
        relaying(&[
            client("STAT\r\n"),
            sent("STAT\r\n"),
            server("213-Status:\r\n421 is a line of it\r\n"),
            told("213-Status:\r\n421 is a line of it\r\n"),
            end,
            told(format!("213 {CUT}{last}")),
            acts(&[&format!("Close {reason}")]),
        ]);
    }
}

#[test]
fn between_replies_there_is_nothing_to_end() {
    relaying(&[
        client("FEAT\r\nSTAT\r\n"),
        sent("FEAT\r\nSTAT\r\n"),
        server("211-Features\r\n211 End\r\n"),
        told("211-Features\r\n211 End\r\n"),
        lost(),
        told(LOST),
        acts(&["Close session lost"]),
    ]);
}

/// What is not passed on line by line has not begun for the client.
#[test]
fn a_reply_the_client_has_nothing_of_is_not_ended() {
    relaying(&[
        client("PASV\r\n"),
        sent("PASV\r\n"),
        server("227-Wait\r\n"),
        told(""),
        lost(),
        told(LOST),
        acts(&["Close session lost"]),
    ]);
}

/// The server has confirmed the transfer, and its data is there: that stays true.
#[test]
fn a_transfer_that_was_confirmed_is_complete() {
    let mut turns = active_download();
    turns.extend([
        server("150 go\r\n"),
        told("150 go\r\n"),
        acts(&["ConnectClient 1 10.1.1.1:51210"]),
        eof(1, Origin::Server, 5),
        server("226-sent\r\n"),
        told("226-sent\r\n"),
        lost(),
        told(format!("226 {CUT}{LOST}")),
        acts(&["FinishData 1", "Ended RETR a 5 226 COMPLETE", "Close session lost"]),
    ]);
    relaying(&turns);
}

/// Nor does a transfer that is about to end begin.
#[test]
fn a_transfer_that_was_announced_has_failed() {
    let mut turns = active_download();
    turns.extend([
        server("150-Opening\r\n"),
        told("150-Opening\r\n"),
        event(Event::Stopping),
        told(format!("150 {CUT}{STOPPING}")),
        acts(&["DropData 1", "Ended RETR a 0 421 FAILED", "Close zoxy stops"]),
    ]);
    relaying(&turns);
}

#[test]
fn a_last_word_of_the_server_is_the_last_word() {
    for code in [221, 421] {
        relaying(&[
            client("QUIT\r\n"),
            sent("QUIT\r\n"),
            server(format!("{code}-Statistics\r\n")),
            told(format!("{code}-Statistics\r\n")),
            event(Event::ControlClosed),
            told(format!("{code} {CUT}")),
            acts(&["Close control connection to the FTP server lost"]),
        ]);
    }
}

#[test]
fn replies_to_the_repeated_login_are_ended_too() {
    const USER: &str = "USER tom\r\n";
    const BOTH: &str = "USER tom\r\nPASS x\r\n";
    let refuses = "the FTP server does not serve";
    for (replies, asked, passed, end, reason) in [
        ("220 hi\r\n331 pw\r\n230-Quota\r\n", BOTH, "230-Quota\r\n", Some(230), LOST),
        ("220 hi\r\n530-Who\r\n", USER, "530-Who\r\n", Some(530), LOST),
        // Those that are ours the client has not seen.
        ("220-Hello\r\n", "", "", None, LOST),
        ("220 hi\r\n331-Your\r\n", USER, "", None, LOST),
        // A greeting that refuses ends the dialogue by itself.
        ("530-No\r\n", "", "530-No\r\n", Some(530), refuses),
    ] {
        let ended = end.map_or(String::new(), |code: u16| format!("{code} {CUT}"));
        let (last, reason) = if reason == LOST { (LOST, "session lost") } else { ("", reason) };
        let turns = [
            told("220 FTP to 192.0.2.7: log in\r\n"),
            client("USER tom\r\nPASS x\r\n"),
            told("331 Password needed\r\n"),
            acts(&["LogIn tom x"]),
            event(Event::LoggedIn),
            server(replies),
            told(passed),
            sent(asked),
            lost(),
            told(format!("{ended}{last}")),
            acts(&[&format!("Close {reason}")]),
        ];
        play(&settings(LoginMode::FromApplication), &turns);
    }
}
