//! What goes through untouched, and in which order.

use super::*;
use crate::gateway::ftp::dialogue::MAX_AWAITED;

#[test]
fn lines_go_through_byte_for_byte() {
    let commands =
        b"site FIXrecfm 80 LRECL=80 RECFM=FB\nREST 100\r\nRNFR caf\xe9\r\nxfoo  \r\nSTRU R\r\r\n";
    let replies = b"200-SITE\r\n\r\n200 ok\n350 go\r\n350\r\n500 ?\r\n250 \xe9\r\r\n";
    relaying(&[client(commands), sent(commands), server(replies), told(replies)]);
}

#[test]
fn telnet_commands_go_and_doubled_bytes_stay() {
    relaying(&[client(b"\xff\xfb\x01CW\xff\xf1D a\xff\xffb\r\n"), sent(b"CWD a\xff\xffb\r\n")]);
}

#[test]
fn own_answers_keep_their_place_among_pipelined_commands() {
    relaying(&[
        client("NOOP\r\nLPRT x\r\nPWD\r\n\r\n"),
        sent("NOOP\r\nPWD\r\n"),
        told(""),
        server("200-a\r\n"),
        told("200-a\r\n"),
        server("200 b\r\n"),
        told("200 b\r\n502 ZOX4022E LPRT is not supported, use EPRT or EPSV\r\n"),
        server("257 \"/\"\r\n"),
        told("257 \"/\"\r\n500 A command was expected\r\n"),
    ]);
}

#[test]
fn replies_nobody_asked_for_go_through() {
    relaying(&[
        server("no reply at all\r\n"),
        told("no reply at all\r\n"),
        server("200 hm\r\n"),
        told("200 hm\r\n"),
        client("PASV\r\n"),
        sent("PASV\r\n"),
        server("421-idle\r\n421 for too long\r\n"),
        event(Event::ControlClosed),
        told("421-idle\r\n421 for too long\r\n"),
        acts(&["Close FTP server closed"]),
    ]);
}

#[test]
fn long_lines_are_refused_or_fatal() {
    relaying(&[
        client([vec![b'A'; 5000], b"\r\nNOOP\r\n".to_vec()].concat()),
        told("500 ZOX4011E command line too long\r\n"),
        sent("NOOP\r\n"),
        server(vec![b'2'; 9000]),
        told("421 ZOX4012E reply line of the FTP server too long\r\n"),
        acts(&["Close reply line of the server too long"]),
    ]);
}

#[test]
fn a_greeting_may_be_as_long_as_it_likes() {
    let mut greeting: Vec<u8> = Vec::new();
    for number in 0..5000 {
        greeting.extend(format!("220-line {number}\r\n").bytes());
    }
    greeting.extend(b"220 end\r\n");
    let mut dialogue = Dialogue::new(settings(LoginMode::Own));
    dialogue.event(Event::LoggedIn);
    let mut received = Vec::new();
    for piece in greeting.chunks(1000) {
        assert!(dialogue.wants_server());
        dialogue.from_server(piece);
        received.append(dialogue.to_client());
    }
    assert_eq!(received, greeting);
}

#[test]
fn pipelining_is_bounded_and_goes_on() {
    let mut dialogue = Dialogue::new(settings(LoginMode::Own));
    dialogue.event(Event::LoggedIn);
    dialogue.from_server(b"220 hi\r\n");
    dialogue.to_client().clear();
    let commands = b"NOOP\r\n".repeat(MAX_AWAITED + 10);
    dialogue.from_client(&commands);
    assert_eq!(dialogue.to_server().len(), 6 * MAX_AWAITED);
    dialogue.to_server().clear();
    dialogue.from_client(&b"NOOP\r\n".repeat(4000));
    assert!(!dialogue.wants_client());
    for _ in 0..MAX_AWAITED + 4010 {
        dialogue.from_server(b"200 ok\r\n");
        dialogue.to_client().clear();
    }
    assert_eq!(dialogue.to_server().len(), 6 * 4010);
    dialogue.to_server().clear();
    assert!(dialogue.wants_client());
}

#[test]
fn our_answers_do_not_pile_up() {
    let mut dialogue = Dialogue::new(settings(LoginMode::FromApplication));
    dialogue.from_client(&b"AUTH\r\n".repeat(3000));
    while dialogue.next_action().is_some() {}
    let mut told = 0;
    loop {
        let count = dialogue.to_client().len();
        assert!(count < 20_000, "{count}");
        if count == 0 {
            break;
        }
        told += dialogue.to_client().iter().filter(|byte| **byte == b'\n').count();
        dialogue.to_client().clear();
        while dialogue.next_action().is_some() {}
    }
    assert_eq!(told, 3001);
}
