//! Clients that go: in order, and not.

use super::transfer::during;
use super::*;

fn lost() -> Turn {
    event(Event::ClientLost { reason: "reset".into() })
}

const NOT_ABORTED: &str = "Say NotAborted { command: \"STOR\", name: \"a\" }";

#[test]
fn an_orderly_end_lets_a_download_end() {
    during(
        "RETR a",
        &[
            event(Event::ClientClosed),
            acts(&[]),
            server("226 sent\r\n"),
            told(""),
            eof(1, Origin::Server, 9),
            told("226 sent\r\n"),
            acts(&["FinishData 1", "Ended RETR a 9 226 COMPLETE", "Close client closed"]),
        ],
    );
}

#[test]
fn an_upload_is_in_doubt_if_its_client_closed_before_the_data_had_ended() {
    during(
        "STOR a",
        &[
            event(Event::ClientClosed),
            eof(1, Origin::Client, 9),
            acts(&[]),
            server("226 stored\r\n"),
            told("226 stored\r\n"),
            acts(&["Ended STOR a 9 226 FAILED", "Close client closed"]),
        ],
    );
    during(
        "STOR a",
        &[
            eof(1, Origin::Client, 9),
            event(Event::ClientClosed),
            server("226 stored\r\n"),
            told("226 stored\r\n"),
            acts(&["Ended STOR a 9 226 COMPLETE", "Close client closed"]),
        ],
    );
}

#[test]
fn what_was_asked_before_an_orderly_end_is_done() {
    relaying(&[
        client("NOOP\r\nSTAT\r\nQUI"),
        event(Event::ClientClosed),
        sent("NOOP\r\nSTAT\r\n"),
        server("200 ok\r\n211-a\r\n"),
        told("200 ok\r\n211-a\r\n"),
        acts(&[]),
        server("211 b\r\n"),
        told("211 b\r\n"),
        acts(&["Close client closed"]),
    ]);
    // A command that waits for the answer to another one.
    relaying(&[
        client("EPSV\r\nRETR a\r\n"),
        event(Event::ClientClosed),
        sent("EPSV\r\n"),
        server("229 (|||2000|)\r\n"),
        told("229 (|||2000|)\r\n"),
        sent("RETR a\r\n"),
        server("550 no\r\n"),
        told("550 no\r\n"),
        acts(&[
            "Expect 1 192.0.2.7:2000 as 192.0.2.7",
            "Started RETR a",
            "DropData 1",
            "Ended RETR a 0 550 REFUSED",
            "Close client closed",
        ]),
    ]);
    play(
        &settings(LoginMode::FromApplication),
        &[
            told("220 FTP to 192.0.2.7: log in\r\n"),
            client("USER tom\r\nNOOP\r\n"),
            event(Event::ClientClosed),
            told("331 Password needed\r\n200 OK\r\n"),
            acts(&["Close client closed"]),
        ],
    );
}

#[test]
fn a_lost_client_cancels_its_download() {
    during("RETR a", &[lost(), acts(&["DropData 1", "Ended RETR a 0 150 FAILED", "Close reset"])]);
}

#[test]
fn the_server_aborts_the_upload_of_a_lost_client() {
    during(
        "STOR a",
        &[
            lost(),
            acts(&["CutClient 1"]),
            sent("ABOR\r\n"),
            client("NOOP\r\n"),
            server("426 aborted\r\n"),
            told("426 aborted\r\n"),
            acts(&["Ended STOR a 0 426 FAILED", "Close reset"]),
        ],
    );
    // The server has said so for the upload, and takes it for a whole one all the same.
    during(
        "STOR a",
        &[
            client("ABOR\r\n"),
            sent("ABOR\r\n"),
            lost(),
            acts(&["CutClient 1"]),
            server("226 stored\r\n"),
            told("226 stored\r\n"),
            acts(&[NOT_ABORTED, "Ended STOR a 0 226 ABORTED", "Close reset"]),
        ],
    );
}

#[test]
fn a_server_that_does_not_hear_abor_is_not_waited_for() {
    during(
        "STOR a",
        &[
            lost(),
            acts(&["CutClient 1"]),
            sent("ABOR\r\n"),
            lost(),
            acts(&[]),
            event(Event::AbortTimedOut),
            acts(&[NOT_ABORTED, "DropData 1", "Ended STOR a 0 150 FAILED", "Close reset"]),
        ],
    );
}

#[test]
fn an_upload_that_has_ended_is_not_aborted() {
    during(
        "STOR a",
        &[
            eof(1, Origin::Client, 9),
            lost(),
            acts(&["DropData 1", "Ended STOR a 9 150 FAILED", "Close reset"]),
        ],
    );
}

#[test]
fn a_lost_client_without_a_transfer_just_ends() {
    relaying(&[client("NOOP\r\n"), sent("NOOP\r\n"), lost(), acts(&["Close reset"])]);
    let greeting = "220 FTP to 192.0.2.7: log in\r\n";
    let settings = settings(LoginMode::FromApplication);
    play(&settings, &[told(greeting), lost(), acts(&["Close reset"])]);
}

const STOPPING: &str = "421 ZOX4006W zoxy is stopping\r\n";

#[test]
fn a_zoxy_that_stops_ends_a_dialogue_behind_its_transfer() {
    during(
        "RETR a",
        &[
            event(Event::Draining),
            server("226 sent\r\n"),
            told(""),
            eof(1, Origin::Server, 9),
            told(format!("226 sent\r\n{STOPPING}")),
            acts(&["FinishData 1", "Ended RETR a 9 226 COMPLETE", "Close zoxy stops"]),
            client("NOOP\r\n"),
        ],
    );
    // Bytes that are still to be counted.
    during(
        "STOR a",
        &[
            event(Event::Draining),
            server("226 stored\r\n"),
            told("226 stored\r\n"),
            acts(&[]),
            event(Event::DataEnded { id: DataId(1), bytes_up: 9, bytes_down: 0, clean: true }),
            told(STOPPING),
            acts(&["Ended STOR a 9 226 COMPLETE", "Close zoxy stops"]),
        ],
    );
    during(
        "RETR a",
        &[
            event(Event::Draining),
            server("451 disk\r\n"),
            told("451 disk\r\n"),
            acts(&[]),
            event(Event::DataEnded { id: DataId(1), bytes_up: 0, bytes_down: 4, clean: true }),
            told(STOPPING),
            acts(&["Ended RETR a 4 451 FAILED", "Close zoxy stops"]),
        ],
    );
}

#[test]
fn a_zoxy_that_stops_lets_what_was_asked_for_be_answered() {
    relaying(&[event(Event::Draining), told(STOPPING), acts(&["Close zoxy stops"])]);
    relaying(&[
        client("NOOP\r\nSTAT\r\n"),
        sent("NOOP\r\nSTAT\r\n"),
        event(Event::Draining),
        server("200 ok\r\n211-a\r\n"),
        told("200 ok\r\n211-a\r\n"),
        acts(&[]),
        server("211 b\r\n"),
        told(format!("211 b\r\n{STOPPING}")),
        acts(&["Close zoxy stops"]),
    ]);
    // The data connection of a transfer that begins now.
    relaying(&[
        client("EPSV\r\n"),
        sent("EPSV\r\n"),
        server("229 (|||2000|)\r\n"),
        told("229 (|||2000|)\r\n"),
        acts(&["Expect 1 192.0.2.7:2000 as 192.0.2.7"]),
        opened(1),
        event(Event::Draining),
        told(""),
        client("RETR a\r\n"),
        sent("RETR a\r\n"),
        server("550 no\r\n"),
        told(format!("550 no\r\n{STOPPING}")),
        acts(&["Started RETR a", "DropData 1", "Ended RETR a 0 550 REFUSED", "Close zoxy stops"]),
    ]);
}
