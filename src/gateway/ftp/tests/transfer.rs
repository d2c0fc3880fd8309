//! Transfers: what the client is told of them, and what is recorded.

use super::*;

/// EPSV and a transfer command up to 150, the data connection open.
pub(super) fn transfer(command: &str) -> Vec<Turn> {
    let line = format!("{command}\r\n");
    let started = format!("Started {command}");
    vec![
        client("EPSV\r\n"),
        sent("EPSV\r\n"),
        server("229 (|||2000|)\r\n"),
        told("229 (|||2000|)\r\n"),
        opened(1),
        client(&line),
        sent(&line),
        server("150 go\r\n"),
        told("150 go\r\n"),
        acts(&["Expect 1 192.0.2.7:2000 as 192.0.2.7", &started]),
    ]
}

pub(super) fn during(command: &str, turns: &[Turn]) {
    let mut all = transfer(command);
    all.extend_from_slice(turns);
    relaying(&all);
}

#[test]
fn a_download_is_confirmed_once_it_has_reached_the_client() {
    during(
        "RETR a",
        &[
            server("226-sent\r\n226 all\r\n"),
            told(""),
            client("NOOP\r\n"),
            sent("NOOP\r\n"),
            server("200 ok\r\n"),
            told(""),
            eof(1, Origin::Server, 5),
            told("226-sent\r\n226 all\r\n200 ok\r\n"),
            acts(&["FinishData 1", "Ended RETR a 5 226 COMPLETE"]),
        ],
    );
}

#[test]
fn only_a_download_is_finished_for_its_client() {
    // The client's own end came first.
    during(
        "RETR a",
        &[
            eof(1, Origin::Client, 0),
            eof(1, Origin::Server, 5),
            server("226 all\r\n"),
            told("226 all\r\n"),
            acts(&["Ended RETR a 5 226 COMPLETE"]),
        ],
    );
    // A server that has nothing to send may say so at once.
    during(
        "STOR a",
        &[
            eof(1, Origin::Server, 0),
            acts(&[]),
            eof(1, Origin::Client, 7),
            server("226 stored\r\n"),
            told("226 stored\r\n"),
            acts(&["Ended STOR a 7 226 COMPLETE"]),
        ],
    );
}

#[test]
fn a_download_that_breaks_is_426_whatever_the_server_says() {
    let broken = "426 ZOX4033E data connection broke, not all bytes were transferred\r\n";
    let note = "Say Contradicted { command: \"RETR\", code: 226 }";
    during(
        "RETR a",
        &[
            server("226-sent\r\n226 all\r\n"),
            ended(1, 0, 3, false),
            told(broken),
            acts(&[note, "Ended RETR a 3 426 FAILED"]),
        ],
    );
    during(
        "RETR a",
        &[
            ended(1, 0, 3, false),
            server("226-sent\r\n226 all\r\n"),
            told(broken),
            acts(&[note, "Ended RETR a 3 426 FAILED"]),
        ],
    );
    during(
        "RETR a",
        &[
            ended(1, 0, 3, false),
            server("451 local error\r\n"),
            told("451 local error\r\n"),
            acts(&["Ended RETR a 3 451 FAILED"]),
        ],
    );
}

#[test]
fn an_upload_that_breaks_is_426() {
    during(
        "STOR a",
        &[
            ended(1, 100, 0, false),
            server("250 stored\r\n"),
            told("426 ZOX4033E data connection broke, not all bytes were transferred\r\n"),
            acts(&[
                "Say Contradicted { command: \"STOR\", code: 250 }",
                "Ended STOR a 100 426 FAILED",
            ]),
        ],
    );
}

#[test]
fn an_upload_is_confirmed_at_once_and_counted_later() {
    during(
        "STOR a",
        &[
            server("226 stored\r\n"),
            told("226 stored\r\n"),
            acts(&[]),
            eof(1, Origin::Client, 100),
            acts(&["Ended STOR a 100 226 COMPLETE"]),
        ],
    );
}

#[test]
fn block_mode_keeps_its_data_connection() {
    let mut turns = vec![
        client("MODE B\r\nTYPE e\r\n"),
        sent("MODE B\r\nTYPE e\r\n"),
        server("200 b\r\n200 e\r\n"),
        told("200 b\r\n200 e\r\n"),
    ];
    turns.extend(transfer("RETR a"));
    turns.extend([
        server("250 sent, connection stays\r\n"),
        told("250 sent, connection stays\r\n"),
        ended(1, 0, 7, true),
        acts(&["Ended RETR a 7 250 COMPLETE"]),
    ]);
    relaying(&turns);
}

#[test]
fn abort_reaches_the_server_at_once_and_ends_the_download() {
    let abort = b"\xff\xf4\xff\xf2ABOR\r\n";
    for (replies, told_last) in [
        ("426 closed\r\n226 aborted\r\n", 426),
        ("426 closed\r\n225 aborted\r\n", 426),
        ("225 aborted\r\n", 150),
    ] {
        during(
            "RETR a",
            &[
                client(abort),
                sent("ABOR\r\n"),
                acts(&["DropData 1"]),
                ended(1, 0, 2, false),
                server(replies),
                told(replies),
                acts(&[&format!("Ended RETR a 2 {told_last} ABORTED")]),
                client("PASV\r\n"),
                sent("PASV\r\n"),
                server("227 (1,2,3,4,8,0)\r\n"),
                told("227 (192,0,2,7,8,0)\r\n"),
                acts(&["Expect 2 192.0.2.7:2048 as 192.0.2.7"]),
            ],
        );
    }
}

#[test]
fn an_abort_that_crosses_the_226_is_still_one() {
    during(
        "RETR a",
        &[
            server("226 sent\r\n"),
            client("ABOR\r\n"),
            sent("ABOR\r\n"),
            told("426 ZOX4033E data connection broke, not all bytes were transferred\r\n"),
            acts(&["DropData 1", "Ended RETR a 0 426 ABORTED"]),
            server("225 nothing to abort\r\n"),
            told("225 nothing to abort\r\n"),
        ],
    );
    during(
        "RETR a",
        &[
            eof(1, Origin::Server, 8),
            client("ABOR\r\n"),
            sent("ABOR\r\n"),
            server("226 sent\r\n225 nothing to abort\r\n"),
            told("226 sent\r\n225 nothing to abort\r\n"),
            acts(&["FinishData 1", "Ended RETR a 8 226 COMPLETE"]),
        ],
    );
}

#[test]
fn one_reply_for_transfer_and_abort_does_not_confuse_what_follows() {
    during(
        "STOR a",
        &[
            client("ABOR\r\n"),
            sent("ABOR\r\n"),
            server("426 only this\r\n"),
            told("426 only this\r\n"),
            ended(1, 2, 0, true),
            acts(&["Ended STOR a 2 426 ABORTED"]),
            client("PASV\r\n"),
            sent("PASV\r\n"),
            server("227 (1,2,3,4,8,0)\r\n"),
            told("227 (192,0,2,7,8,0)\r\n"),
            acts(&["Expect 2 192.0.2.7:2048 as 192.0.2.7"]),
        ],
    );
}

#[test]
fn status_during_a_transfer_is_not_its_end() {
    during(
        "STOR a",
        &[
            client("STAT\r\nNOOP\r\n"),
            sent("STAT\r\nNOOP\r\n"),
            server("213-so far\r\n226 in the middle\r\n213 end\r\n200 ok\r\n"),
            told("213-so far\r\n226 in the middle\r\n213 end\r\n200 ok\r\n"),
            acts(&[]),
            ended(1, 4, 0, true),
            server("226 stored\r\n"),
            told("226 stored\r\n"),
            acts(&["Ended STOR a 4 226 COMPLETE"]),
        ],
    );
}

#[test]
fn own_answers_during_a_transfer_wait_for_its_end() {
    during(
        "STOR a",
        &[
            client("LPSV\r\nSTAT\r\n"),
            sent("STAT\r\n"),
            server("211 still\r\n"),
            told("211 still\r\n"),
            server("226 stored\r\n"),
            told("226 stored\r\n502 ZOX4022E LPSV is not supported, use EPRT or EPSV\r\n"),
            ended(1, 4, 0, true),
            acts(&["Ended STOR a 4 226 COMPLETE"]),
        ],
    );
}

#[test]
fn a_transfer_confirmed_twice_does_not_answer_pasv() {
    relaying(&[
        client("PASV\r\n"),
        sent("PASV\r\n"),
        server("226 of the transfer before\r\n227 (1,2,3,4,8,0)\r\n"),
        told("226 of the transfer before\r\n227 (192,0,2,7,8,0)\r\n"),
        acts(&["Expect 1 192.0.2.7:2048 as 192.0.2.7"]),
    ]);
}

#[test]
fn a_passive_channel_that_fails_is_425() {
    let failed = event(Event::DataFailed { id: DataId(1), text: "refused".into() });
    let answer = "425 ZOX4030E no data connection to the FTP server: refused\r\n";
    let mut turns = vec![
        client("PASV\r\n"),
        sent("PASV\r\n"),
        server("227 (192,0,2,7,8,0)\r\n"),
        told("227 (192,0,2,7,8,0)\r\n"),
        acts(&["Expect 1 192.0.2.7:2048 as 192.0.2.7"]),
    ];
    let before: Vec<Turn> = turns
        .iter()
        .cloned()
        .chain([
            failed.clone(),
            client("LIST\r\n"),
            told(answer),
            acts(&["Ended LIST  0 425 REFUSED"]),
            sent(""),
        ])
        .collect();
    relaying(&before);
    turns.extend([
        client("LIST\r\n"),
        sent("LIST\r\n"),
        failed,
        told(answer),
        server("425 timed out\r\n"),
        told(""),
        acts(&["Started LIST ", "Ended LIST  0 425 REFUSED"]),
    ]);
    relaying(&turns);
}

#[test]
fn an_expectation_nobody_used_is_dropped() {
    relaying(&[
        client("PASV\r\n"),
        sent("PASV\r\n"),
        server("227 (192,0,2,7,8,0)\r\n"),
        told("227 (192,0,2,7,8,0)\r\n"),
        client("RETR a\r\n"),
        sent("RETR a\r\n"),
        server("150 go\r\n425 nobody came\r\n"),
        told("150 go\r\n425 nobody came\r\n"),
        acts(&[
            "Expect 1 192.0.2.7:2048 as 192.0.2.7",
            "Started RETR a",
            "DropData 1",
            "Ended RETR a 0 425 FAILED",
        ]),
    ]);
}

#[test]
fn quit_behind_a_download_waits_for_its_bytes() {
    during(
        "RETR a",
        &[
            client("QUIT\r\n"),
            sent("QUIT\r\n"),
            server("226 sent\r\n221 bye"),
            event(Event::ControlClosed),
            told(""),
            acts(&[]),
            eof(1, Origin::Server, 9),
            told("226 sent\r\n221 bye\r\n"),
            acts(&["FinishData 1", "Ended RETR a 9 226 COMPLETE", "Close FTP server closed"]),
        ],
    );
}

#[test]
fn a_dialogue_that_ends_takes_its_transfer_along() {
    let stop = "421 ZOX4006W zoxy is stopping\r\n";
    during(
        "RETR a",
        &[
            event(Event::Stopping),
            told(stop),
            acts(&["DropData 1", "Ended RETR a 0 421 FAILED", "Close zoxy stops"]),
            server("226 late\r\n"),
            client("NOOP\r\n"),
        ],
    );
}

#[test]
fn records_are_complete() {
    let mut dialogue = Dialogue::new(settings(LoginMode::Own));
    dialogue.event(Event::LoggedIn);
    dialogue.from_server(b"220 hi\r\n");
    dialogue.from_client(b"USER tom\r\nTYPE i\r\nSTOR  //'A.B(C)'\r\n");
    dialogue.from_server(b"331 pw\r\n200 ok\r\n150 go\r\n226 Done, really.\r\n");
    let mut records = Vec::new();
    while let Some(action) = dialogue.next_action() {
        if let Action::TransferEnded(record) = action {
            records.push(record);
        }
    }
    let now = (settings(LoginMode::Own).now)();
    assert_eq!(
        records,
        [TransferRecord {
            transfer: Transfer {
                data: None,
                user: "tom".into(),
                command: "STOR".into(),
                name: "//'A.B(C)'".into(),
                direction: Direction::Upload,
                started: now,
            },
            representation: "I".into(),
            bytes: 0,
            code: 226,
            reply: "226 Done, really.".into(),
            result: TransferResult::Complete,
            ended: now,
        }]
    );
}

#[test]
fn bytes_of_a_data_connection_that_has_ended_are_known() {
    let mut dialogue = Dialogue::new(settings(LoginMode::Own));
    dialogue.event(Event::LoggedIn);
    dialogue.from_server(b"220 hi\r\n");
    dialogue.from_client(b"EPSV\r\nSTOR a\r\n");
    dialogue.from_server(b"229 (|||2000|)\r\n");
    assert_eq!(dialogue.counted(DataId(1)), (0, 0));
    dialogue.event(Event::DataOpened { id: DataId(1) });
    dialogue.from_server(b"150 go\r\n");
    let end = Event::DataEnded { id: DataId(1), bytes_up: 7, bytes_down: 0, clean: true };
    dialogue.event(end);
    assert_eq!(dialogue.counted(DataId(1)), (7, 0), "the reply has not come yet");
    dialogue.from_server(b"226 done\r\n");
    assert_eq!(dialogue.counted(DataId(1)), (0, 0), "it has been recorded");
}
