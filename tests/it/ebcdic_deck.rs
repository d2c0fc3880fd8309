//! Decks as a mainframe stores them start the proxy: EBCDIC, fixed records without line ends.

use crate::world::{Server, Sshd, World, Zoxy, free_port, proxy, socks, translate};

fn starts_from(encode: impl Fn(&[String]) -> Vec<u8>) {
    let world = World::new();
    let sshd = Sshd::start(&world, &[]);
    let port = free_port();
    let deck = proxy::tunnel_deck(&world, &sshd, port).filter("REST", "TUNNEL", "SSHD", "*", "*");
    let _zoxy = Zoxy::start_encoded(&world, &deck, encode);
    let echo = Server::echo();
    socks::connect(port, echo.address);
}

#[test]
fn fixed_80_ibm_1047() {
    starts_from(|records| translate(&records.concat(), "IBM-1047"));
}

#[test]
fn fixed_80_ibm_037() {
    starts_from(|records| translate(&records.concat(), "IBM037"));
}

#[test]
fn variable_with_record_descriptor_words() {
    starts_from(|records| {
        let mut bytes = Vec::new();
        for record in records {
            let text = translate(record.trim_end(), "IBM-1047");
            bytes.extend((text.len() as u16 + 4).to_be_bytes());
            bytes.extend([0, 0]);
            bytes.extend(text);
        }
        bytes
    });
}

#[test]
fn sequence_numbers_are_ignored() {
    starts_from(|records| {
        let numbered = records.iter().enumerate();
        let lines = numbered.map(|(n, record)| format!("{}{:08}\r\n", &record[..72], n * 100));
        lines.collect::<String>().into_bytes()
    });
}
