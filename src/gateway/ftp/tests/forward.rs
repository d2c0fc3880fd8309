//! PORT and EPRT under ACTIVE FORWARD.

use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};

use super::*;
use crate::config::Forward;

const PORT: &str = "PORT 10,1,1,1,200,10\r\n";
/// What the server gets in its place: 127.0.0.1 port 40001.
const NAMED: &str = "PORT 127,0,0,1,156,65\r\n";
const TAKEN: &str = "200 PORT command successful. Consider using PASV.\r\n";

/// FWDADDR by default.
pub(super) fn loopback() -> Forward {
    let address = IpAddr::from(Ipv4Addr::LOCALHOST);
    Forward { address, bind: address, from: None }
}

/// A dialogue with the profile's credential, after the greeting.
fn forwarding(turns: &[Turn]) {
    let mut settings = settings(LoginMode::Own);
    settings.forward = Some(loopback());
    let mut all = greeted();
    all.extend_from_slice(turns);
    play(&settings, &all);
}

fn forwarded(id: u32) -> Turn {
    event(Event::Forwarded { id: DataId(id), port: 40_001 })
}

fn refused(id: u32) -> Turn {
    event(Event::ForwardFailed { id: DataId(id), text: "no".into() })
}

fn absent(id: u32) -> Turn {
    event(Event::DataFailed { id: DataId(id), text: "it did not come".into() })
}

const ABSENT: &str = "425 ZOX4052E no data connection from the FTP server: it did not come\r\n";
const GONE: &str = "425 ZOX4032E the data connection prepared for this transfer is gone\r\n";

fn bind(number: u64) -> Turn {
    let address = SocketAddrV4::new(Ipv4Addr::new(10, 9, 9, 9), 4000);
    event(Event::BindWaiting { bind: BindId(number), address })
}

/// A PORT up to its 200; `number` counts them from 1.
fn port(number: u32) -> Vec<Turn> {
    vec![
        client(PORT),
        acts(&[&format!("Forward {number}")]),
        sent(""),
        forwarded(number),
        sent(NAMED),
        told(""),
        server(TAKEN),
        told(TAKEN),
    ]
}

fn after_port(turns: &[Turn]) {
    let mut all = port(1);
    all.extend_from_slice(turns);
    forwarding(&all);
}

/// The transfer command after a PORT.
fn asked(command: &str, number: u32) -> Vec<Turn> {
    let started = format!("Started {}", command.trim_end());
    let started = if started.ends_with("LIST") { format!("{started} ") } else { started };
    vec![client(command), sent(command), acts(&[&format!("ExpectServer {number}"), &started])]
}

fn after_command(command: &str, turns: &[Turn]) {
    let mut all = asked(command, 1);
    all.extend_from_slice(turns);
    after_port(&all);
}

#[test]
fn the_client_is_connected_when_the_server_has_and_says_so() {
    let end = [
        acts(&["ConnectClient 1 10.1.1.1:51210"]),
        eof(1, Origin::Server, 77),
        server("226 sent\r\n"),
        told("226 sent\r\n"),
        acts(&["FinishData 1", "Ended RETR a 77 226 COMPLETE"]),
    ];
    // The connection first, as vsftpd does it; and the other way round.
    let mut turns = vec![opened(1), acts(&[]), server("150 here\r\n"), told("150 here\r\n")];
    turns.extend_from_slice(&end);
    after_command("RETR a\r\n", &turns);
    let mut turns =
        vec![server("150 here\r\n"), told("150 here\r\n"), acts(&["AdmitServer 1"]), opened(1)];
    turns.extend_from_slice(&end);
    after_command("RETR a\r\n", &turns);
}

#[test]
fn bind_is_accepted_when_both_are_there() {
    let mut turns = vec![bind(5), client("PORT 10,9,9,9,15,160\r\n"), acts(&["Forward 1"])];
    turns.extend([forwarded(1), sent(NAMED), server(TAKEN), told(TAKEN)]);
    turns.extend(asked("STOR x\r\n", 1));
    turns.extend([
        opened(1),
        acts(&[]),
        server("125 go\r\n"),
        told("125 go\r\n"),
        acts(&["AcceptBind 1 5"]),
        ended(1, 9, 0, true),
        server("250 stored\r\n"),
        told("250 stored\r\n"),
        acts(&["Ended STOR x 9 250 COMPLETE"]),
    ]);
    forwarding(&turns);
}

#[test]
fn eprt_of_the_client_and_of_the_server() {
    let mut settings = settings(LoginMode::Own);
    settings.client = "2001:db8::1".parse().expect("an address");
    let address = "2001:db8::5".parse().expect("an address");
    settings.forward = Some(Forward { address, bind: address, from: None });
    let mut turns = greeted();
    turns.extend([
        client("EPRT |2|2001:db8::1|5000|\r\n"),
        acts(&["Forward 1"]),
        forwarded(1),
        sent("EPRT |2|2001:db8::5|40001|\r\n"),
        server("200-EPRT\r\n200 fine\r\n"),
        told("200 fine\r\n"),
    ]);
    play(&settings, &turns);
}

#[test]
fn a_small_file_is_complete_before_its_connection_is_reported() {
    after_command(
        "RETR a\r\n",
        &[
            server("150 here\r\n226 sent\r\n"),
            told("150 here\r\n"),
            acts(&["AdmitServer 1", "HurryServer 1"]),
            client("NOOP\r\n"),
            sent("NOOP\r\n"),
            server("200 ok\r\n"),
            told(""),
            opened(1),
            acts(&["ConnectClient 1 10.1.1.1:51210"]),
            told(""),
            eof(1, Origin::Server, 3),
            told("226 sent\r\n200 ok\r\n"),
            acts(&["FinishData 1", "Ended RETR a 3 226 COMPLETE"]),
        ],
    );
    // A server without 150.
    after_command(
        "LIST\r\n",
        &[
            server("226 done\r\n"),
            acts(&["AdmitServer 1", "HurryServer 1"]),
            opened(1),
            acts(&["ConnectClient 1 10.1.1.1:51210"]),
            ended(1, 0, 3, true),
            told("226 done\r\n"),
            acts(&["Ended LIST  3 226 COMPLETE"]),
        ],
    );
}

#[test]
fn a_success_without_a_connection_is_none() {
    for command in ["RETR a\r\n", "STOR a\r\n"] {
        let verb = &command[..4];
        after_command(
            command,
            &[
                server("150 here\r\n226 done\r\n"),
                told("150 here\r\n"),
                acts(&["AdmitServer 1", "HurryServer 1"]),
                absent(1),
                told(ABSENT),
                acts(&[&format!("Ended {verb} a 0 425 FAILED")]),
            ],
        );
    }
    // In MODE B too, where no 2xx waits for data.
    let mut turns =
        vec![client("MODE B\r\n"), sent("MODE B\r\n"), server("200 B\r\n"), told("200 B\r\n")];
    turns.extend(port(1));
    turns.extend(asked("RETR a\r\n", 1));
    turns.extend([
        server("226 done\r\n"),
        told(""),
        acts(&["AdmitServer 1", "HurryServer 1"]),
        opened(1),
    ]);
    turns.extend([told("226 done\r\n"), acts(&["ConnectClient 1 10.1.1.1:51210"])]);
    turns.extend([ended(1, 0, 3, true), acts(&["Ended RETR a 3 226 COMPLETE"])]);
    forwarding(&turns);
}

#[test]
fn a_server_that_does_not_come_is_told_at_once() {
    after_command(
        "RETR a\r\n",
        &[
            absent(1),
            told(ABSENT),
            client("NOOP\r\n"),
            sent("NOOP\r\n"),
            server("425 Failed to establish connection.\r\n200 ok\r\n"),
            told("200 ok\r\n"),
            acts(&["Ended RETR a 0 425 REFUSED"]),
        ],
    );
}

#[test]
fn a_server_that_refuses_the_transfer_gives_the_port_back() {
    after_command(
        "RETR a\r\n",
        &[
            server("425 cannot\r\n"),
            told("425 cannot\r\n"),
            acts(&["DropData 1", "Ended RETR a 0 425 REFUSED"]),
        ],
    );
    after_command(
        "RETR a\r\n",
        &[
            server("150 opening\r\n425 cannot\r\n"),
            told("150 opening\r\n425 cannot\r\n"),
            acts(&["AdmitServer 1", "DropData 1", "Ended RETR a 0 425 FAILED"]),
        ],
    );
    // Also after its connection.
    after_command(
        "RETR a\r\n",
        &[
            opened(1),
            server("550 no such file\r\n"),
            told("550 no such file\r\n"),
            acts(&["DropData 1", "Ended RETR a 0 550 REFUSED"]),
        ],
    );
}

#[test]
fn an_ssh_server_that_does_not_forward() {
    forwarding(&[
        client("PORT 10,1,1,1,200,10\r\nNOOP\r\n"),
        acts(&["Forward 1"]),
        sent(""),
        refused(1),
        told("425 ZOX4050E no port for the FTP server to connect to: no\r\n"),
        sent("NOOP\r\n"),
    ]);
}

#[test]
fn an_ftp_server_that_does_not_take_the_address() {
    let port = [client(PORT), acts(&["Forward 1"]), forwarded(1), sent(NAMED)];
    let with = |turns: &[Turn]| forwarding(&[&port, turns].concat());
    with(&[
        server("500-Illegal\r\n500 Illegal PORT command.\r\n"),
        told(
            "425 ZOX4051E the FTP server does not take PORT 127.0.0.1:40001: \
             500 Illegal PORT command.\r\n",
        ),
        acts(&[
            "DropData 1",
            "Say PortRefused { command: \"PORT\", address: 127.0.0.1:40001, \
             reply: \"500 Illegal PORT command.\" }",
        ]),
    ]);
    for reply in ["530 Please login.\r\n", "425 no\r\n", "452 full\r\n"] {
        with(&[server(reply), told(reply), acts(&["DropData 1"])]);
    }
}

#[test]
fn what_is_lost_before_the_servers_reply_is_told_after_it() {
    let with = |lost: Turn, actions: &[&str], answer: &str| {
        forwarding(&[
            bind(5),
            client("PORT 10,9,9,9,15,160\r\nNOOP\r\n"),
            acts(&["Forward 1"]),
            forwarded(1),
            sent(NAMED),
            lost,
            acts(actions),
            told(""),
            server(TAKEN),
            told(answer),
            sent("NOOP\r\n"),
        ]);
    };
    with(absent(1), &[], ABSENT);
    with(event(Event::BindGone { bind: BindId(5) }), &["DropData 1"], GONE);
}

#[test]
fn what_is_lost_before_the_transfer_is_425_without_asking_the_server() {
    after_port(&[
        absent(1),
        client("STOR a\r\n"),
        told(ABSENT),
        acts(&["Ended STOR a 0 425 REFUSED"]),
        sent(""),
    ]);
    forwarding(&[
        bind(5),
        client("PORT 10,9,9,9,15,160\r\n"),
        acts(&["Forward 1"]),
        event(Event::BindGone { bind: BindId(5) }),
        told(GONE),
        acts(&["DropData 1"]),
        // Too late: the port is given back already.
        forwarded(1),
        sent(""),
    ]);
}

#[test]
fn a_client_that_cannot_be_reached() {
    after_command(
        "STOR a\r\n",
        &[
            opened(1),
            server("150 go\r\n"),
            told("150 go\r\n"),
            acts(&["ConnectClient 1 10.1.1.1:51210"]),
            event(Event::ClientConnectFailed { id: DataId(1), text: "refused".into() }),
            told("425 ZOX4031E no data connection to the client: refused\r\n"),
            acts(&["DropData 1"]),
            server("226 stored\r\n"),
            told(""),
            acts(&["Ended STOR a 0 425 FAILED"]),
        ],
    );
}

#[test]
fn abor_gives_up_what_has_not_come() {
    // Before the server heard of the PORT: the order of the answers stays.
    forwarding(&[
        client("PORT 10,1,1,1,200,10\r\nABOR\r\n"),
        acts(&["Forward 1", "DropData 1"]),
        told(GONE),
        sent("ABOR\r\n"),
        server("225 nothing\r\n"),
        told("225 nothing\r\n"),
        forwarded(1),
        sent(""),
    ]);
    // While the server has the PORT.
    forwarding(&[
        client(PORT),
        acts(&["Forward 1"]),
        forwarded(1),
        client("ABOR\r\n"),
        sent(format!("{NAMED}ABOR\r\n")),
        server(format!("{TAKEN}225 nothing\r\n")),
        told(format!("{TAKEN}225 nothing\r\n")),
        client("QUIT\r\n"),
        sent("QUIT\r\n"),
    ]);
    // While the server is to connect, up or down.
    for command in ["RETR a\r\n", "STOR a\r\n"] {
        let verb = &command[..4];
        after_command(
            command,
            &[
                client("ABOR\r\n"),
                sent("ABOR\r\n"),
                acts(&["DropData 1"]),
                server("426 aborted\r\n226 done\r\n"),
                told("426 aborted\r\n226 done\r\n"),
                acts(&[&format!("Ended {verb} a 0 426 ABORTED")]),
            ],
        );
    }
}

#[test]
fn several_transfers_in_a_row() {
    let mut turns = Vec::new();
    for number in 1..4 {
        turns.extend(port(number));
        turns.extend(asked("STOR a\r\n", number));
        turns.extend([
            opened(number),
            server("150 go\r\n"),
            told("150 go\r\n"),
            acts(&[&format!("ConnectClient {number} 10.1.1.1:51210")]),
            ended(number, 10, 0, true),
            server("226 got it\r\n"),
            told("226 got it\r\n"),
            acts(&["Ended STOR a 10 226 COMPLETE"]),
        ]);
    }
    forwarding(&turns);
}

#[test]
fn a_port_behind_a_running_transfer_keeps_its_place() {
    let turns = [
        opened(1),
        server("150 go\r\n"),
        told("150 go\r\n"),
        acts(&["ConnectClient 1 10.1.1.1:51210"]),
        client(PORT),
        acts(&["Forward 2"]),
        // The server has not heard of it: all it says is the transfer's.
        eof(1, Origin::Server, 5),
        server("226 sent\r\n"),
        told("226 sent\r\n"),
        acts(&["FinishData 1", "Ended RETR a 5 226 COMPLETE"]),
        forwarded(2),
        sent(NAMED),
        server(TAKEN),
        told(TAKEN),
    ];
    after_command("RETR a\r\n", &turns);
}

#[test]
fn ports_without_transfers_replace_each_other() {
    let mut turns = port(1);
    turns.extend([client(PORT), acts(&["DropData 1", "Forward 2"]), forwarded(2), sent(NAMED)]);
    turns.extend([server(TAKEN), told(TAKEN)]);
    // So do PASV and REIN.
    turns.extend([
        client("PASV\r\n"),
        sent("PASV\r\n"),
        server("227 (127,0,0,1,8,0)\r\n"),
        // The client is told what it asked for, the channel goes where the control channel does.
        told("227 (192,0,2,7,8,0)\r\n"),
        acts(&["DropData 2", "Expect 3 127.0.0.1:2048 as 192.0.2.7"]),
    ]);
    forwarding(&turns);
}

#[test]
fn passive_clients_hear_what_the_server_says() {
    forwarding(&[
        client("PASV\r\n"),
        sent("PASV\r\n"),
        server("550 Permission denied.\r\n"),
        told("550 Permission denied.\r\n"),
        client("EPSV ALL\r\n"),
        sent("EPSV ALL\r\n"),
        server("200 fine\r\n"),
        told("200 fine\r\n"),
        client(PORT),
        told("503 ZOX4023E PORT refused: EPSV ALL is in effect\r\n"),
    ]);
}

#[test]
fn bounces_are_refused_before_anything_is_asked() {
    forwarding(&[
        client("PORT 10,1,1,2,200,10\r\n"),
        told("504 ZOX4021E PORT 10.1.1.2:51210 refused: neither this client nor a BIND of it\r\n"),
        acts(&["Say Bounce { command: \"PORT\", address: 10.1.1.2:51210 }"]),
        sent(""),
    ]);
}

#[test]
fn two_connections_for_one_transfer_make_no_success() {
    let disputed = event(Event::DataDisputed { id: DataId(1) });
    after_command(
        "RETR a\r\n",
        &[
            opened(1),
            server("150 here\r\n"),
            told("150 here\r\n"),
            acts(&["ConnectClient 1 10.1.1.1:51210"]),
            disputed,
            acts(&["DropData 1"]),
            told(""),
            server("226 sent\r\n"),
            told("426 ZOX4053E more than one data connection came for this transfer\r\n"),
            acts(&[
                "Say Contradicted { command: \"RETR\", code: 226 }",
                "Ended RETR a 0 426 FAILED",
            ]),
        ],
    );
}

#[test]
fn the_end_of_a_dialogue_gives_ports_back() {
    let lost = "421 ZOX4005E control connection to the FTP server lost\r\n";
    let reason = "Close control connection to the FTP server lost";
    // Asked for, named, prepared, expected.
    forwarding(&[
        client(PORT),
        acts(&["Forward 1"]),
        event(Event::ControlClosed),
        told(format!("{GONE}{lost}")),
        acts(&["DropData 1", reason]),
    ]);
    forwarding(&[
        client(PORT),
        acts(&["Forward 1"]),
        forwarded(1),
        sent(NAMED),
        event(Event::ControlClosed),
        told(format!("{GONE}{lost}")),
        acts(&["DropData 1", reason]),
    ]);
    after_port(&[event(Event::ClientClosed), acts(&["DropData 1", "Close client closed"])]);
    after_command(
        "RETR a\r\n",
        &[
            event(Event::Stopping),
            told("421 ZOX4006W zoxy is stopping\r\n"),
            acts(&["DropData 1", "Ended RETR a 0 421 FAILED", "Close zoxy stops"]),
        ],
    );
}

#[test]
fn a_composite_user_has_the_forward_of_its_filter() {
    let mut dialogue = Dialogue::new(settings(LoginMode::Own));
    assert_eq!(dialogue.server_host().to_string(), "192.0.2.7");
    dialogue.set_forward(Some(loopback()));
    assert_eq!(dialogue.server_host().to_string(), "127.0.0.1");
    assert!(dialogue.sources().contains([192, 0, 2, 7].into()));
    dialogue.set_forward(None);
    assert!(!dialogue.sources().contains([127, 0, 0, 1].into()));
}
