//! PASV and EPSV.

use super::*;

#[test]
fn pasv_makes_an_expectation_and_changes_the_address_only() {
    relaying(&[
        client("PASV\r\n"),
        sent("PASV\r\n"),
        server("227 Entering Passive Mode (172,16,0,1,200,10).\r\n"),
        told("227 Entering Passive Mode (192,0,2,7,200,10).\r\n"),
        acts(&["Expect 1 192.0.2.7:51210 as 192.0.2.7"]),
    ]);
    // A rewritten line keeps its shape, a right one its bytes.
    relaying(&[
        client("pasv\n"),
        sent("pasv\n"),
        server("227 =10,0,0,1,4,0\n"),
        told("227 =192,0,2,7,4,0\n"),
        acts(&["Expect 1 192.0.2.7:1024 as 192.0.2.7"]),
    ]);
}

#[test]
fn trusted_addresses_stay() {
    let mut settings = settings(LoginMode::Own);
    settings.trust_pasv_address = true;
    let mut turns = greeted();
    turns.extend([
        client("PASV\r\n"),
        sent("PASV\r\n"),
        server("227 ok (172,16,0,1,200,10)\r\n"),
        told("227 ok (172,16,0,1,200,10)\r\n"),
        acts(&["Expect 1 172.16.0.1:51210 as 192.0.2.7,172.16.0.1"]),
        client("PASV\r\n"),
        sent("PASV\r\n"),
        server("227 ok (0,0,0,0,200,11)\r\n"),
        told("227 ok (192,0,2,7,200,11)\r\n"),
        acts(&["DropData 1", "Expect 2 192.0.2.7:51211 as 192.0.2.7"]),
    ]);
    play(&settings, &turns);
}

#[test]
fn names_accept_both_ways_of_calling_the_server() {
    let mut settings = settings(LoginMode::Own);
    settings.target.host = Host::Name("ftp.example".into());
    let mut turns = greeted();
    turns.extend([
        client("PASV\r\nEPSV\r\n"),
        sent("PASV\r\n"),
        server("227 ok (172,16,0,1,200,10)\r\n"),
        told("227 ok (172,16,0,1,200,10)\r\n"),
        acts(&["Expect 1 ftp.example:51210 as ftp.example,172.16.0.1"]),
        sent("EPSV\r\n"),
        server("229 ok (|||2000|)\r\n"),
        told("229 ok (|||2000|)\r\n"),
        acts(&["DropData 1", "Expect 2 ftp.example:2000 as ftp.example"]),
    ]);
    play(&settings, &turns);
}

#[test]
fn refusals_go_through_and_epsv_falls_back() {
    relaying(&[
        client("EPSV\r\n"),
        sent("EPSV\r\n"),
        server("500 what?\r\n"),
        told("500 what?\r\n"),
        client("PASV\r\n"),
        sent("PASV\r\n"),
        server("227 garbage\r\n"),
        told("227 garbage\r\n"),
        acts(&[]),
    ]);
}

#[test]
fn low_ports_are_refused() {
    relaying(&[
        client("PASV\r\n"),
        sent("PASV\r\n"),
        server("227-x\r\n227 ok (192,0,2,7,0,22)\r\n"),
        told("425 ZOX4025E the FTP server named data port 22, which is under 1024\r\n"),
        acts(&["Say LowDataPort { port: 22 }"]),
    ]);
}

#[test]
fn epsv_all_ends_port() {
    relaying(&[
        client("EPSV ALL\r\n"),
        sent("EPSV ALL\r\n"),
        server("200 all right\r\n"),
        told("200 all right\r\n"),
        client("PORT 10,1,1,1,200,10\r\n"),
        told("503 ZOX4023E PORT refused: EPSV ALL is in effect\r\n"),
        client("REIN\r\n"),
        sent("REIN\r\n"),
        server("220 again\r\n"),
        told("220 again\r\n"),
        client("PORT 10,1,1,1,200,10\r\n"),
        sent("EPSV\r\n"),
    ]);
}

#[test]
fn commands_behind_pasv_wait_for_it() {
    relaying(&[
        client("PASV\r\nRETR a\r\nABOR\r\n"),
        sent("PASV\r\n"),
        server("227 (1,2,3,4,8,1)\r\n"),
        sent("RETR a\r\nABOR\r\n"),
        told("227 (192,0,2,7,8,1)\r\n"),
        acts(&["Expect 1 192.0.2.7:2049 as 192.0.2.7", "Started RETR a", "DropData 1"]),
        server("425 no\r\n225 ok\r\n"),
        told("425 no\r\n225 ok\r\n"),
        acts(&["Ended RETR a 0 425 ABORTED"]),
    ]);
}
