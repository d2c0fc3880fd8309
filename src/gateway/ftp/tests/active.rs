//! PORT and EPRT, with and without BIND.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::*;

const PORT: &str = "PORT 10,1,1,1,200,10\r\n";
const ACCEPTED: &str = "200 PORT accepted\r\n";

/// A PORT up to its 200; `number` counts them from 1.
fn port(number: u32) -> Vec<Turn> {
    vec![
        client(PORT),
        sent("EPSV\r\n"),
        server("229-\r\n229 Extended (|||2000|)\r\n"),
        told(""),
        event(Event::DataOpened { id: DataId(number) }),
        told(ACCEPTED),
        acts(&[&format!("OpenData {number} 192.0.2.7:2000")]),
    ]
}

fn bind(number: u64) -> Turn {
    let address = SocketAddrV4::new(Ipv4Addr::new(10, 9, 9, 9), 4000);
    event(Event::BindWaiting { bind: BindId(number), address })
}

fn after_port(turns: &[Turn]) {
    let mut all = port(1);
    all.extend_from_slice(turns);
    relaying(&all);
}

#[test]
fn port_becomes_epsv_and_the_client_is_connected_at_150() {
    after_port(&[
        client("RETR a b\r\n"),
        sent("RETR a b\r\n"),
        acts(&["Started RETR a b"]),
        server("150 here\r\n"),
        told("150 here\r\n"),
        acts(&["ConnectClient 1 10.1.1.1:51210"]),
        server("226 sent\r\n"),
        told(""),
        event(Event::ClientConnected { id: DataId(1) }),
        told(""),
        eof(1, Origin::Server, 77),
        told("226 sent\r\n"),
        acts(&["FinishData 1", "Ended RETR a b 77 226 COMPLETE"]),
        ended(1, 0, 77, true),
    ]);
}

#[test]
fn bind_is_accepted_at_150() {
    let mut turns = vec![bind(5)];
    turns.extend([
        client("PORT 10,9,9,9,15,160\r\nSTOR x\r\n"),
        sent("EPSV\r\n"),
        server("229 (|||2000|)\r\n"),
        acts(&["OpenData 1 192.0.2.7:2000"]),
        opened(1),
        told(ACCEPTED),
        sent("STOR x\r\n"),
        server("125 go\r\n"),
        told("125 go\r\n"),
        acts(&["Started STOR x", "AcceptBind 1 5"]),
        ended(1, 9, 0, true),
        server("250 stored\r\n"),
        told("250 stored\r\n"),
        acts(&["Ended STOR x 9 250 COMPLETE"]),
        // The BIND is used up.
        client("PORT 10,9,9,9,15,160\r\n"),
        told("504 ZOX4021E PORT 10.9.9.9:4000 refused: neither this client nor a BIND of it\r\n"),
        acts(&["Say Bounce { command: \"PORT\", address: 10.9.9.9:4000 }"]),
    ]);
    relaying(&turns);
}

#[test]
fn eprt_of_both_families() {
    let mut settings = settings(LoginMode::Own);
    settings.client = "2001:db8::1".parse().expect("an address");
    let mut turns = greeted();
    turns.extend([
        client("EPRT |2|2001:db8::1|5000|\r\n"),
        sent("EPSV\r\n"),
        server("229 (|||2000|)\r\n"),
        opened(1),
        told("200 EPRT accepted\r\n"),
        client("LIST\r\n"),
        sent("LIST\r\n"),
        server("150 x\r\n"),
        told("150 x\r\n"),
        acts(&["OpenData 1 192.0.2.7:2000", "Started LIST ", "ConnectClient 1 [2001:db8::1]:5000"]),
        client("EPRT |3|x|1|\r\n"),
    ]);
    // The answer to a later command waits for the transfer's final reply.
    turns.extend([
        eof(1, Origin::Server, 1),
        server("226 x\r\n"),
        told("226 x\r\n522 Network protocol not supported, use (1,2)\r\n"),
        acts(&["FinishData 1", "Ended LIST  1 226 COMPLETE"]),
    ]);
    play(&settings, &turns);
}

#[test]
fn foreign_addresses_and_low_ports_are_refused() {
    relaying(&[
        client("PORT 10,1,1,2,200,10\r\n"),
        told("504 ZOX4021E PORT 10.1.1.2:51210 refused: neither this client nor a BIND of it\r\n"),
        client("PORT 10,1,1,1,3,255\r\n"),
        told("504 ZOX4021E PORT 10.1.1.1:1023 refused: neither this client nor a BIND of it\r\n"),
        client("PORT 10,1,1,1,0\r\n"),
        told("501 ZOX4020E PORT cannot be read: not in the form of an address\r\n"),
        client("LPRT 4,4,1,2,3,4,2,5,6\r\nLPSV\r\n"),
        told(
            "502 ZOX4022E LPRT is not supported, use EPRT or EPSV\r\n\
             502 ZOX4022E LPSV is not supported, use EPRT or EPSV\r\n",
        ),
        acts(&[
            "Say Bounce { command: \"PORT\", address: 10.1.1.2:51210 }",
            "Say Bounce { command: \"PORT\", address: 10.1.1.1:1023 }",
        ]),
        sent(""),
    ]);
}

#[test]
fn a_server_without_epsv_is_remembered() {
    relaying(&[
        client(PORT),
        sent("EPSV\r\n"),
        server("502-no\r\n502 such thing\r\n"),
        sent("PASV\r\n"),
        server("227 (10,0,0,1,8,0)\r\n"),
        acts(&["OpenData 1 192.0.2.7:2048"]),
        opened(1),
        told(ACCEPTED),
        client(PORT),
        sent("PASV\r\n"),
        acts(&["DropData 1"]),
        server("500 no more\r\n"),
        told("425 ZOX4024E the FTP server takes neither EPSV nor PASV\r\n"),
    ]);
}

#[test]
fn refusals_for_want_of_login_or_resources_go_through() {
    for refusal in ["530 Please login.", "425 no port", "421 bye"] {
        let line = format!("{refusal}\r\n");
        relaying(&[client(PORT), sent("EPSV\r\n"), server(&line), told(&line), sent("")]);
    }
    // In the server's own code page.
    let line = b"530 Bitte anmelden f\xfcr alles\r\n";
    relaying(&[client(PORT), sent("EPSV\r\n"), server(line), told(line)]);
}

#[test]
fn a_transfer_confirmed_without_its_begin_leaves_the_next_reply_to_the_port() {
    relaying(&[
        client(["STOR a\r\n", PORT].concat()),
        sent("STOR a\r\nEPSV\r\n"),
        server("200 stored\r\n"),
        told("200 stored\r\n"),
        server("229 (|||2000|)\r\n"),
        acts(&["Started STOR a", "Ended STOR a 0 200 COMPLETE", "OpenData 1 192.0.2.7:2000"]),
        opened(1),
        told(ACCEPTED),
    ]);
}

#[test]
fn a_channel_that_cannot_be_opened_is_425() {
    relaying(&[
        client("PORT 10,1,1,1,200,10\r\nNOOP\r\n"),
        sent("EPSV\r\n"),
        server("229 (|||2000|)\r\n"),
        acts(&["OpenData 1 192.0.2.7:2000"]),
        event(Event::DataFailed { id: DataId(1), text: "refused".into() }),
        told("425 ZOX4030E no data connection to the FTP server: refused\r\n"),
        sent("NOOP\r\n"),
    ]);
}

#[test]
fn a_client_that_cannot_be_reached_is_425_and_the_servers_reply_is_dropped() {
    after_port(&[
        client("RETR a\r\n"),
        sent("RETR a\r\n"),
        server("150 here\r\n"),
        told("150 here\r\n"),
        acts(&["Started RETR a", "ConnectClient 1 10.1.1.1:51210"]),
        event(Event::ClientConnectFailed { id: DataId(1), text: "refused".into() }),
        told("425 ZOX4031E no data connection to the client: refused\r\n"),
        acts(&["DropData 1"]),
        client("NOOP\r\n"),
        sent("NOOP\r\n"),
        server("426-broken\r\n426 pipe\r\n200 ok\r\n"),
        told("200 ok\r\n"),
        acts(&["Ended RETR a 0 425 FAILED"]),
    ]);
}

#[test]
fn a_small_file_to_a_client_that_cannot_be_reached_is_no_success() {
    after_port(&[
        client("RETR a\r\n"),
        sent("RETR a\r\n"),
        server("150 here\r\n226 sent\r\n"),
        told("150 here\r\n"),
        event(Event::ClientConnectFailed { id: DataId(1), text: "refused".into() }),
        told("425 ZOX4031E no data connection to the client: refused\r\n"),
        acts(&[
            "Started RETR a",
            "ConnectClient 1 10.1.1.1:51210",
            "DropData 1",
            "Ended RETR a 0 425 FAILED",
        ]),
    ]);
}

#[test]
fn refused_transfers_drop_the_channel() {
    after_port(&[
        client("RETR none\r\n"),
        sent("RETR none\r\n"),
        server("550 no such file\r\n"),
        told("550 no such file\r\n"),
        acts(&["Started RETR none", "DropData 1", "Ended RETR none 0 550 REFUSED"]),
    ]);
}

#[test]
fn a_transfer_without_150_connects_at_226() {
    after_port(&[
        client("NLST\r\n"),
        sent("NLST\r\n"),
        server("226 done\r\n"),
        told(""),
        acts(&["Started NLST ", "ConnectClient 1 10.1.1.1:51210"]),
        ended(1, 0, 3, true),
        told("226 done\r\n"),
        acts(&["Ended NLST  3 226 COMPLETE"]),
    ]);
}

#[test]
fn what_was_prepared_and_lost_is_425_without_asking_the_server() {
    let gone = "425 ZOX4032E the data connection prepared for this transfer is gone\r\n";
    after_port(&[
        ended(1, 0, 0, true),
        client("STOR a\r\n"),
        told(gone),
        acts(&["Ended STOR a 0 425 REFUSED"]),
        sent(""),
    ]);
    relaying(&[
        bind(5),
        client("PORT 10,9,9,9,15,160\r\n"),
        sent("EPSV\r\n"),
        server("229 (|||2000|)\r\n"),
        event(Event::BindGone { bind: BindId(5) }),
        told(gone),
        acts(&["OpenData 1 192.0.2.7:2000", "DropData 1"]),
        opened(1),
        told(""),
    ]);
    relaying(&[
        bind(5),
        client("PORT 10,9,9,9,15,160\r\n"),
        sent("EPSV\r\n"),
        server("229 (|||2000|)\r\n"),
        opened(1),
        told(ACCEPTED),
        event(Event::BindGone { bind: BindId(5) }),
        client("STOR a\r\n"),
        told(gone),
        acts(&["OpenData 1 192.0.2.7:2000", "DropData 1", "Ended STOR a 0 425 REFUSED"]),
    ]);
}

#[test]
fn several_transfers_in_a_row() {
    let mut turns = Vec::new();
    for number in 1..4 {
        turns.extend(port(number));
        turns.extend([
            client("STOR a\r\n"),
            sent("STOR a\r\n"),
            server("150 go\r\n"),
            told("150 go\r\n"),
            ended(number, 10, 0, true),
            server("226 got it\r\n"),
            told("226 got it\r\n"),
            acts(&[
                "Started STOR a",
                &format!("ConnectClient {number} 10.1.1.1:51210"),
                "Ended STOR a 10 226 COMPLETE",
            ]),
        ]);
    }
    relaying(&turns);
}

#[test]
fn passive_after_port_drops_the_channel() {
    after_port(&[
        client("EPSV\r\n"),
        sent("EPSV\r\n"),
        server("229 (|||3000|)\r\n"),
        told("229 (|||3000|)\r\n"),
        acts(&["DropData 1", "Expect 2 192.0.2.7:3000 as 192.0.2.7"]),
    ]);
}

#[test]
fn a_server_that_goes_while_a_channel_is_opened() {
    relaying(&[
        client(PORT),
        sent("EPSV\r\n"),
        server("229 (|||3000|)\r\n"),
        event(Event::ControlClosed),
        told(
            "425 ZOX4032E the data connection prepared for this transfer is gone\r\n\
             421 ZOX4005E control connection to the FTP server lost\r\n",
        ),
        acts(&[
            "OpenData 1 192.0.2.7:3000",
            "DropData 1",
            "Close control connection to the FTP server lost",
        ]),
    ]);
}

#[test]
fn what_was_not_asked_for_is_not_dropped() {
    relaying(&[
        client(PORT),
        sent("EPSV\r\n"),
        event(Event::ClientLost { reason: "reset".into() }),
        acts(&["Close reset"]),
    ]);
    after_port(&[
        client("STOR a\r\n"),
        sent("STOR a\r\n"),
        server("150 go\r\n"),
        told("150 go\r\n"),
        ended(1, 10, 0, true),
        event(Event::ClientLost { reason: "reset".into() }),
        acts(&[
            "Started STOR a",
            "ConnectClient 1 10.1.1.1:51210",
            "Ended STOR a 10 150 FAILED",
            "Close reset",
        ]),
    ]);
}

#[test]
fn a_second_229_opens_no_second_channel() {
    relaying(&[
        client(["LIST\r\n", PORT].concat()),
        sent("LIST\r\nEPSV\r\n"),
        server("425 no\r\n229 (|||2000|)\r\n229 (|||2001|)\r\n"),
        opened(1),
        told(["425 no\r\n", ACCEPTED, "229 (|||2001|)\r\n"].concat()),
        acts(&["Started LIST ", "Ended LIST  0 425 REFUSED", "OpenData 1 192.0.2.7:2000"]),
    ]);
}
