//! Remote forwards: scripted packets, one behaviour a test.

use std::net::IpAddr;

use super::*;
use crate::config::rules::AddressSet;
use crate::ssh::channels::forward::MAX_TURNED_AWAY;
use crate::ssh::channels::{ForwardError, ForwardEvent, ForwardId, Refusal};

const LOOPBACK: &str = "127.0.0.1";

/// Who may connect in most tests.
const LOCAL: &str = "127.0.0.0/8,::1";

/// The port that the server gives to the first forward.
const PORT: u16 = 40_001;

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u32).to_be_bytes());
    bytes.extend(text.as_bytes());
}

/// tcpip-forward or cancel-tcpip-forward as the RFC has them.
fn global(name: &str, address: &str, port: u16) -> Vec<u8> {
    let mut bytes = request(None, name, true);
    text(&mut bytes, address);
    bytes.extend(u32::from(port).to_be_bytes());
    bytes
}

fn cancel(port: u16) -> Vec<u8> {
    global("cancel-tcpip-forward", LOOPBACK, port)
}

/// CHANNEL_OPEN of a forwarded connection: the server's number is [`PEER`], its window 100, its
/// maximum packet 60.
pub(super) fn connection(address: &str, port: u32, origin: &str) -> Vec<u8> {
    let mut bytes = vec![90];
    text(&mut bytes, "forwarded-tcpip");
    bytes.extend([PEER, 100, 60].into_iter().flat_map(u32::to_be_bytes));
    text(&mut bytes, address);
    bytes.extend(port.to_be_bytes());
    text(&mut bytes, origin);
    bytes.extend(2020_u32.to_be_bytes());
    bytes
}

fn here(origin: &str) -> Vec<u8> {
    connection(LOOPBACK, PORT.into(), origin)
}

/// CHANNEL_OPEN_FAILURE for [`PEER`].
fn refusal(reason: u32) -> Vec<u8> {
    failure(PEER, reason, b"not expected")
}

fn set(text: &str) -> AddressSet {
    AddressSet::parse(text).unwrap()
}

fn turned_away<'p>(
    forward: Option<(ForwardId, u8)>,
    origin: &'p str,
    refusal: Refusal,
) -> Result<Event<'p, u8>, ProtocolError> {
    let (port, origin_port, parked, given_up) = (PORT.into(), 2020, None, false);
    Ok(Event::Forward(ForwardEvent::TurnedAway {
        forward,
        port,
        origin,
        origin_port,
        refusal,
        parked,
        given_up,
    }))
}

/// Asks for a forward and has the request handed out.
fn requested(mux: &mut Mux<u8>, owner: u8) -> ForwardId {
    let id = mux.forward(owner, LOOPBACK.parse().unwrap(), set(LOCAL)).unwrap();
    assert_eq!(sent(mux), [global("tcpip-forward", LOOPBACK, 0)]);
    id
}

/// The server listens on this port.
fn listening(mux: &mut Mux<u8>, owner: u8, port: u16) -> ForwardId {
    let id = requested(mux, owner);
    let answer = packet(81, &[port.into()]);
    assert_eq!(mux.input(&answer), Ok(Event::Forward(ForwardEvent::Listening { id, owner, port })));
    id
}

/// A forward that expects the FTP server of its host.
fn expecting() -> (Mux<u8>, ForwardId) {
    let mut mux = Mux::new(LIMITS);
    let id = listening(&mut mux, 1, PORT);
    mux.expect(id);
    (mux, id)
}

/// Its connection has come.
fn connected() -> (Mux<u8>, ForwardId, ChannelId) {
    let (mut mux, forward) = expecting();
    match mux.input(&here(LOOPBACK)) {
        Ok(Event::Forward(ForwardEvent::Connected {
            id,
            forward: of,
            owner: 1,
            origin,
            parked: None,
        })) if of == forward => {
            assert_eq!(origin, "127.0.0.1:2020".parse().unwrap());
            (mux, forward, id)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_expected_connection_becomes_a_channel_and_ends_the_forward() {
    let (mut mux, _, id) = connected();
    assert_eq!((mux.owner(id), mux.open_channels(), mux.forwards_in_use()), (Some(1), 1, 1));
    // Nothing may overtake the confirmation.
    assert_eq!((mux.send_room(id), mux.window_room(id), mux.data_header(id, 1)), (0, 0, None));
    let confirmation = packet(91, &[PEER, id.number(), 1000, 600]);
    assert_eq!(sent(&mut mux), [confirmation, cancel(PORT)]);
    assert_eq!(mux.send_room(id), 60);
    assert_eq!(mux.data_header(id, 1), Some(*b"\x5e\0\0\0\x07\0\0\0\x01"));
    let bytes = data(id.number(), b"file");
    assert_eq!(mux.input(&bytes), Ok(Event::Data { id, owner: 1, data: b"file" }));
    assert_eq!(mux.input(&packet(81, &[])), Ok(Event::Nothing));
    assert_eq!(mux.forwards_in_use(), 0);
    assert_eq!(mux.input(&packet(96, &[id.number()])), Ok(Event::Eof { id, owner: 1 }));
    mux.send_eof(id);
    mux.close(id);
    assert_eq!(sent(&mut mux), [packet(96, &[PEER]), packet(97, &[PEER])]);
    assert_eq!(mux.input(&packet(97, &[id.number()])), Ok(Event::Nothing));
    assert_eq!((mux.open_channels(), mux.channels_in_use()), (0, 0));
}

#[test]
fn a_connection_closed_at_once_is_confirmed_first() {
    let (mut mux, _, id) = connected();
    mux.close(id);
    let confirmation = packet(91, &[PEER, id.number(), 1000, 600]);
    assert_eq!(sent(&mut mux), [confirmation, cancel(PORT), packet(97, &[PEER])]);
    assert_eq!(mux.input(&packet(97, &[id.number()])), Ok(Event::Nothing));
    assert_eq!(mux.channels_in_use(), 0);
}

#[test]
fn the_server_may_not_send_before_the_confirmation() {
    for message in [96, 97] {
        let (mut mux, _, id) = connected();
        let early = packet(message, &[id.number()]);
        assert_eq!(mux.input(&early), Err(unexpected(message, id, "open")));
    }
    let (mut mux, _, id) = connected();
    assert_eq!(mux.input(&data(id.number(), b"x")), Err(unexpected(94, id, "open")));
}

#[test]
fn a_connection_without_packet_size_is_malformed() {
    let (mut mux, _) = expecting();
    let mut bytes = here(LOOPBACK);
    let at = bytes.windows(4).position(|four| four == [0, 0, 0, 60]).unwrap();
    bytes[at + 3] = 0;
    assert_eq!(mux.input(&bytes), Err(ProtocolError::Malformed { message: 90 }));
}

#[test]
fn strangers_are_turned_away_and_the_expected_one_still_comes() {
    let (mut mux, id) = expecting();
    for origin in ["192.0.2.1", "::2", "host.example", "", "127.0.0.1x"] {
        let bytes = here(origin);
        assert_eq!(mux.input(&bytes), turned_away(Some((id, 1)), origin, Refusal::Stranger));
        assert_eq!(sent(&mut mux), [refusal(1)]);
    }
    let bytes = here("::ffff:127.0.0.9");
    assert!(matches!(
        mux.input(&bytes),
        Ok(Event::Forward(ForwardEvent::Connected { owner: 1, .. }))
    ));
}

#[test]
fn nobody_is_let_in_after_the_expected_one() {
    let (mut mux, id, _) = connected();
    sent(&mut mux);
    mux.expect(id);
    assert_eq!(mux.admit(id), None);
    let bytes = here(LOOPBACK);
    assert_eq!(mux.input(&bytes), turned_away(Some((id, 1)), LOOPBACK, Refusal::TooLate));
    let other = here("192.0.2.1");
    assert_eq!(mux.input(&other), turned_away(Some((id, 1)), "192.0.2.1", Refusal::Stranger));
    assert_eq!(sent(&mut mux), [refusal(1), refusal(1)]);
    // The server has stopped to listen: no connection can come any more.
    assert_eq!(mux.input(&packet(81, &[])), Ok(Event::Nothing));
    assert_eq!(mux.input(&bytes), turned_away(None, LOOPBACK, Refusal::NotRequested));
}

/// The same, by a server whose number of the connection is another one.
fn numbered(number: u8) -> Vec<u8> {
    let mut bytes = here(LOOPBACK);
    let at = bytes.windows(4).position(|four| four == PEER.to_be_bytes()).unwrap();
    bytes[at + 3] = number;
    bytes
}

#[test]
fn one_that_comes_early_is_let_in_if_no_other_comes() {
    let mut mux = Mux::new(LIMITS);
    let id = listening(&mut mux, 1, PORT);
    assert_eq!(mux.input(&numbered(8)), Ok(Event::Nothing));
    assert_eq!(mux.admit(id), None, "nobody is expected");
    mux.expect(id);
    assert_eq!(sent(&mut mux), [] as [Vec<u8>; 0], "it has no answer");
    let (channel, origin) = mux.admit(id).expect("it waits");
    assert_eq!(origin, "127.0.0.1:2020".parse().unwrap());
    assert_eq!((mux.owner(channel), mux.admit(id)), (Some(1), None));
    assert_eq!(sent(&mut mux), [packet(91, &[8, channel.number(), 1000, 600]), cancel(PORT)]);
    assert_eq!(mux.send_room(channel), 60);
}

#[test]
fn the_expected_one_comes_before_one_that_was_early() {
    let mut mux = Mux::new(LIMITS);
    let id = listening(&mut mux, 1, PORT);
    assert_eq!(mux.input(&numbered(8)), Ok(Event::Nothing));
    mux.expect(id);
    let bytes = numbered(9);
    let parked = Some("127.0.0.1:2020".parse().unwrap());
    match mux.input(&bytes) {
        Ok(Event::Forward(ForwardEvent::Connected { parked: found, .. })) => {
            assert_eq!(found, parked);
        }
        other => panic!("{other:?}"),
    }
    let packets = sent(&mut mux);
    assert_eq!(packets[0], failure(8, 1, b"not expected"));
    assert_eq!(packets[1][..5], [91, 0, 0, 0, 9]);
    assert_eq!(packets[2..], [cancel(PORT)]);
}

#[test]
fn of_several_that_come_early_none_is_let_in() {
    let mut mux = Mux::new(LIMITS);
    let id = listening(&mut mux, 1, PORT);
    assert_eq!(mux.input(&numbered(8)), Ok(Event::Nothing));
    let bytes = numbered(9);
    let parked = Some("127.0.0.1:2020".parse().unwrap());
    match mux.input(&bytes) {
        Ok(Event::Forward(ForwardEvent::TurnedAway {
            refusal: Refusal::Contested,
            parked: found,
            given_up: false,
            ..
        })) => assert_eq!(found, parked),
        other => panic!("{other:?}"),
    }
    let both = [8, 9].map(|number| failure(number, 1, b"not expected"));
    assert_eq!(sent(&mut mux), both);
    let bytes = here(LOOPBACK);
    assert_eq!(mux.input(&bytes), turned_away(Some((id, 1)), LOOPBACK, Refusal::Contested));
    mux.expect(id);
    assert_eq!(mux.admit(id), None);
    // The next one is the expected one.
    assert!(matches!(
        mux.input(&bytes),
        Ok(Event::Forward(ForwardEvent::Connected { owner: 1, parked: None, .. }))
    ));
}

#[test]
fn strangers_are_not_parked() {
    let mut mux = Mux::new(LIMITS);
    let id = listening(&mut mux, 1, PORT);
    let bytes = here("192.0.2.1");
    assert_eq!(mux.input(&bytes), turned_away(Some((id, 1)), "192.0.2.1", Refusal::Stranger));
    assert_eq!(sent(&mut mux), [refusal(1)]);
    mux.expect(id);
    assert_eq!(mux.admit(id), None);
}

#[test]
fn a_forward_that_is_given_up_refuses_whom_it_had_parked() {
    let mut mux = Mux::new(LIMITS);
    let id = listening(&mut mux, 1, PORT);
    assert_eq!(mux.input(&here(LOOPBACK)), Ok(Event::Nothing));
    mux.cancel_forward(id);
    assert_eq!(sent(&mut mux), [refusal(1), cancel(PORT)]);
    assert_eq!(mux.admit(id), None);
}

#[test]
fn one_that_was_early_waits_for_room_for_a_channel() {
    let mut mux = Mux::new(LIMITS);
    let id = listening(&mut mux, 1, PORT);
    mux.input(&here(LOOPBACK)).unwrap();
    mux.expect(id);
    let ids = [1, 2, 3, 4].map(|owner| opened(&mut mux, owner));
    assert_eq!(mux.admit(id), None);
    mux.close(ids[0]);
    sent(&mut mux);
    mux.input(&packet(97, &[ids[0].number()])).unwrap();
    assert!(mux.admit(id).is_some());
}

#[test]
fn ports_that_were_not_asked_for_are_refused() {
    let mut mux = Mux::new(LIMITS);
    let bytes = here(LOOPBACK);
    for count in 1..=2 * MAX_TURNED_AWAY {
        let told = mux.input(&bytes);
        let is_told = count <= MAX_TURNED_AWAY;
        let expected = turned_away(None, LOOPBACK, Refusal::NotRequested);
        assert_eq!(told, if is_told { expected } else { Ok(Event::Nothing) });
        assert_eq!(sent(&mut mux), [refusal(1)], "all are answered");
    }
    // A request that has no answer yet has no port.
    requested(&mut mux, 1);
    let zero = connection(LOOPBACK, 0, LOOPBACK);
    assert_eq!(mux.input(&zero), Ok(Event::Nothing));
    assert_eq!(sent(&mut mux), [refusal(1)]);
}

#[test]
fn too_many_strangers_end_the_forward() {
    let (mut mux, id) = expecting();
    let bytes = here("192.0.2.1");
    for _ in 1..MAX_TURNED_AWAY {
        let expected = turned_away(Some((id, 1)), "192.0.2.1", Refusal::Stranger);
        assert_eq!(mux.input(&bytes), expected);
        assert_eq!(sent(&mut mux), [refusal(1)]);
    }
    let Ok(Event::Forward(ForwardEvent::TurnedAway { given_up: true, .. })) = mux.input(&bytes)
    else {
        panic!("the forward goes on")
    };
    assert_eq!(sent(&mut mux), [refusal(1), cancel(PORT)]);
    for origin in ["192.0.2.1", LOOPBACK] {
        assert_eq!(mux.input(&here(origin)), Ok(Event::Nothing));
        assert_eq!(sent(&mut mux), [refusal(1)]);
    }
}

#[test]
fn a_connection_without_room_for_a_channel_is_refused() {
    let (mut mux, id) = expecting();
    let ids = [1, 2, 3, 4].map(|owner| opened(&mut mux, owner));
    let bytes = here(LOOPBACK);
    assert_eq!(mux.input(&bytes), turned_away(Some((id, 1)), LOOPBACK, Refusal::Full));
    assert_eq!(sent(&mut mux), [refusal(4)]);
    mux.close(ids[0]);
    sent(&mut mux);
    mux.input(&packet(97, &[ids[0].number()])).unwrap();
    assert!(matches!(mux.input(&bytes), Ok(Event::Forward(ForwardEvent::Connected { .. }))));
}

#[test]
fn refused_forwards_are_told_and_gone() {
    let mut mux = Mux::new(LIMITS);
    let id = requested(&mut mux, 3);
    assert_eq!(
        mux.input(&packet(82, &[])),
        Ok(Event::Forward(ForwardEvent::Refused { id, owner: 3 }))
    );
    assert_eq!(mux.forwards_in_use(), 0);
    mux.expect(id);
    mux.cancel_forward(id);
    assert_eq!((mux.admit(id), sent(&mut mux)), (None, vec![]));
}

#[test]
fn a_success_has_to_name_a_port() {
    for answer in [packet(81, &[]), packet(81, &[0]), packet(81, &[65_536]), packet(81, &[1, 1])] {
        let mut mux = Mux::new(LIMITS);
        requested(&mut mux, 1);
        assert_eq!(mux.input(&answer), Err(ProtocolError::Malformed { message: 81 }));
    }
}

#[test]
fn answers_come_in_the_order_of_requests() {
    let mut mux = Mux::new(LIMITS);
    mux.keepalive();
    sent(&mut mux);
    mux.keepalive();
    let first = mux.forward(1, LOOPBACK.parse().unwrap(), set(LOCAL)).unwrap();
    let second = mux.forward(2, IpAddr::from([10, 0, 0, 5]), set("*")).unwrap();
    let asked = sent(&mut mux);
    assert_eq!(
        asked[1..],
        [global("tcpip-forward", LOOPBACK, 0), global("tcpip-forward", "10.0.0.5", 0)]
    );
    mux.keepalive();
    sent(&mut mux);
    assert_eq!(mux.input(&packet(82, &[])), Ok(Event::Pong));
    assert_eq!(mux.input(&packet(82, &[])), Ok(Event::Pong));
    assert_eq!(
        mux.input(&packet(81, &[PORT.into()])),
        Ok(Event::Forward(ForwardEvent::Listening { id: first, owner: 1, port: PORT }))
    );
    // The first one's end is asked for before the second one's begin is answered.
    mux.cancel_forward(first);
    assert_eq!(sent(&mut mux), [cancel(PORT)]);
    assert_eq!(
        mux.input(&packet(81, &[7777])),
        Ok(Event::Forward(ForwardEvent::Listening { id: second, owner: 2, port: 7777 }))
    );
    assert_eq!(mux.input(&packet(81, &[])), Ok(Event::Pong), "the keepalive");
    assert_eq!((mux.input(&packet(81, &[])), mux.forwards_in_use()), (Ok(Event::Nothing), 1));
    assert_eq!(mux.input(&packet(81, &[])), Ok(Event::Nothing), "nothing was asked");
}

#[test]
fn forwards_of_two_addresses_may_have_one_port() {
    let mut mux = Mux::new(LIMITS);
    let near = listening(&mut mux, 1, PORT);
    let far = mux.forward(2, IpAddr::from([10, 0, 0, 5]), set("*")).unwrap();
    sent(&mut mux);
    mux.input(&packet(81, &[PORT.into()])).unwrap();
    for id in [near, far] {
        mux.expect(id);
    }
    let to_far = connection("10.0.0.5", PORT.into(), "10.0.0.9");
    assert!(matches!(
        mux.input(&to_far),
        Ok(Event::Forward(ForwardEvent::Connected { owner: 2, .. }))
    ));
    assert!(matches!(
        mux.input(&here(LOOPBACK)),
        Ok(Event::Forward(ForwardEvent::Connected { owner: 1, .. }))
    ));
    // A server may write the address in another way.
    let mut mux = Mux::new(LIMITS);
    let id = listening(&mut mux, 1, PORT);
    mux.expect(id);
    let named = connection("localhost", PORT.into(), LOOPBACK);
    assert!(matches!(
        mux.input(&named),
        Ok(Event::Forward(ForwardEvent::Connected { owner: 1, .. }))
    ));
}

#[test]
fn a_forward_is_given_up_in_every_state() {
    // In the queue: the server never hears of it.
    let mut mux = Mux::new(LIMITS);
    let id = mux.forward(1, LOOPBACK.parse().unwrap(), set(LOCAL)).unwrap();
    mux.cancel_forward(id);
    mux.cancel_forward(id);
    assert_eq!((sent(&mut mux), mux.forwards_in_use()), (vec![], 0));
    // Asked for: a port that comes all the same is given back.
    let id = requested(&mut mux, 1);
    mux.cancel_forward(id);
    assert_eq!(sent(&mut mux), [] as [Vec<u8>; 0]);
    assert_eq!(mux.input(&packet(81, &[PORT.into()])), Ok(Event::Nothing));
    assert_eq!(sent(&mut mux), [cancel(PORT)]);
    assert_eq!(mux.input(&packet(81, &[])), Ok(Event::Nothing));
    assert_eq!(mux.forwards_in_use(), 0);
    let id = requested(&mut mux, 1);
    mux.cancel_forward(id);
    assert_eq!(mux.input(&packet(82, &[])), Ok(Event::Nothing));
    assert_eq!(mux.forwards_in_use(), 0);
    // Listening, expected or not.
    for expected in [false, true] {
        let id = listening(&mut mux, 1, PORT);
        if expected {
            mux.expect(id);
        }
        mux.cancel_forward(id);
        mux.cancel_forward(id);
        let bytes = here(LOOPBACK);
        assert_eq!(mux.input(&bytes), turned_away(Some((id, 1)), LOOPBACK, Refusal::TooLate));
        assert_eq!(sent(&mut mux), [cancel(PORT), refusal(1)]);
        assert_eq!(mux.input(&packet(81, &[])), Ok(Event::Nothing));
        assert_eq!(mux.forwards_in_use(), 0);
    }
}

#[test]
fn a_server_that_goes_on_listening_is_told_of() {
    let mut mux = Mux::new(LIMITS);
    let id = listening(&mut mux, 1, PORT);
    mux.cancel_forward(id);
    assert_eq!(sent(&mut mux), [cancel(PORT)]);
    let address = LOOPBACK.parse().unwrap();
    assert_eq!(
        mux.input(&packet(82, &[])),
        Ok(Event::Forward(ForwardEvent::Left { address, port: PORT }))
    );
}

#[test]
fn forwards_are_limited_while_they_end_too() {
    let mut mux = Mux::new(LIMITS);
    let first = listening(&mut mux, 1, PORT);
    listening(&mut mux, 2, 40_002);
    let full = Err(ForwardError::Full { forwards: 2 });
    assert_eq!(mux.forward(3, LOOPBACK.parse().unwrap(), set(LOCAL)), full);
    mux.cancel_forward(first);
    sent(&mut mux);
    assert_eq!(mux.forward(3, LOOPBACK.parse().unwrap(), set(LOCAL)), full);
    mux.input(&packet(81, &[])).unwrap();
    let third = mux.forward(3, LOOPBACK.parse().unwrap(), set(LOCAL)).unwrap();
    assert_ne!(third, first, "an id is never used again");
    mux.cancel_forward(first);
    assert_eq!(sent(&mut mux), [global("tcpip-forward", LOOPBACK, 0)]);
}

#[test]
fn a_silent_server_costs_no_memory() {
    let mut mux = Mux::<u8>::new(LIMITS);
    for _ in 0..10_000 {
        mux.keepalive();
        sent(&mut mux);
    }
    assert_eq!(mux.requests.len(), 1);
}

#[test]
fn a_cut_open_is_malformed() {
    let whole = here(LOOPBACK);
    for length in 1..whole.len() {
        let (mut mux, _) = expecting();
        let error = Err(ProtocolError::Malformed { message: 90 });
        let found = mux.input(&whole[..length]);
        assert_eq!(found, error, "cut at {length}");
    }
    let (mut mux, _) = expecting();
    let error = Err(ProtocolError::Malformed { message: 90 });
    assert_eq!(mux.input(&[&whole[..], b"x"].concat()), error);
}
