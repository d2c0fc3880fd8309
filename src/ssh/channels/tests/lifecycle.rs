//! Channels open and close: scripted packets, one behaviour a test.

use super::*;

#[test]
fn open_carries_window_and_packet_size() {
    let mut mux = Mux::new(LIMITS);
    let id = mux.open_direct_tcpip(1, &target(), origin()).unwrap();
    assert_eq!(id.number(), FIRST_NUMBER);
    let expected = ControlPacket::open_direct_tcpip(FIRST_NUMBER, 1000, 600, &target(), origin());
    assert_eq!(sent(&mut mux), [expected.as_bytes()]);
}

#[test]
fn initial_window_is_never_above_the_largest() {
    let mut mux = Mux::new(Limits { initial_window: 9000, ..LIMITS });
    mux.open_direct_tcpip(1, &target(), origin()).unwrap();
    let expected = ControlPacket::open_direct_tcpip(FIRST_NUMBER, 4000, 600, &target(), origin());
    assert_eq!(sent(&mut mux), [expected.as_bytes()]);
}

#[test]
fn opens_are_answered_in_any_order() {
    let mut mux = Mux::new(LIMITS);
    let ids = [1, 2, 3].map(|owner| asked(&mut mux, owner));
    let [first, second, third] = ids.map(ChannelId::number);
    assert_eq!(mux.counts(), (0, 3));
    assert_eq!(
        mux.input(&packet(91, &[third, 30, 5, 5])),
        Ok(Event::Opened { id: ids[2], owner: 3 })
    );
    assert_eq!(
        mux.input(&failure(first, 2, b"Connection refused")),
        Ok(Event::OpenFailed {
            owner: 1,
            reason: OpenFailure::ConnectFailed,
            description: "Connection refused"
        })
    );
    assert_eq!(
        mux.input(&packet(91, &[second, 20, 5, 5])),
        Ok(Event::Opened { id: ids[1], owner: 2 })
    );
    assert_eq!(mux.data_header(ids[1], 1), Some(*b"\x5e\0\0\0\x14\0\0\0\x01"));
    assert_eq!(mux.data_header(ids[2], 1), Some(*b"\x5e\0\0\0\x1e\0\0\0\x01"));
    assert_eq!((mux.open_channels(), mux.channels_in_use()), (2, 2));
    assert_eq!(mux.counts(), (2, 0));
}

#[test]
fn refusal_carries_reason_and_readable_text() {
    let long = [b'x'; 300];
    for (code, reason) in [
        (1, OpenFailure::AdministrativelyProhibited),
        (2, OpenFailure::ConnectFailed),
        (3, OpenFailure::UnknownChannelType),
        (4, OpenFailure::ResourceShortage),
        (0xfe00_0000, OpenFailure::Other(0xfe00_0000)),
    ] {
        for (words, expected) in [
            (&b""[..], ""),
            ("nicht möglich".as_bytes(), "nicht möglich"),
            (b"no\xffway", "no"),
            (&long, std::str::from_utf8(&long[..256]).unwrap()),
        ] {
            let mut mux = Mux::new(LIMITS);
            let id = asked(&mut mux, 9);
            assert_eq!(reason.code(), code);
            assert_eq!(
                mux.input(&failure(id.number(), code, words)),
                Ok(Event::OpenFailed { owner: 9, reason, description: expected })
            );
            assert_eq!((mux.owner(id), mux.open_channels()), (None, 0));
        }
    }
}

#[test]
fn an_open_is_answered_once() {
    let (mut mux, id) = one_open();
    for answer in [packet(91, &[id.number(), 1, 1, 1]), failure(id.number(), 2, b"")] {
        assert_eq!(mux.input(&answer), Err(unexpected(answer[0], id, "open")));
    }
}

#[test]
fn an_answer_before_the_open_left_is_refused() {
    for answer in [packet(91, &[FIRST_NUMBER, 1, 1, 1]), failure(FIRST_NUMBER, 2, b"")] {
        let mut mux = Mux::new(LIMITS);
        let id = mux.open_direct_tcpip(1, &target(), origin()).unwrap();
        assert_eq!(mux.input(&answer), Err(unexpected(answer[0], id, "opening")));
        mux.close(id);
        assert_eq!(mux.input(&answer), Err(unexpected(answer[0], id, "abandoned")));
    }
}

#[test]
fn a_confirmation_without_packet_size_is_refused() {
    let mut mux = Mux::new(LIMITS);
    let id = asked(&mut mux, 1);
    assert_eq!(
        mux.input(&packet(91, &[id.number(), 1, 100, 0])),
        Err(ProtocolError::NoPacketSize { channel: id })
    );
}

#[test]
fn late_confirmation_of_an_abandoned_open_is_answered_with_close() {
    let mut mux = Mux::new(LIMITS);
    let id = asked(&mut mux, 1);
    mux.close(id);
    assert_eq!(mux.owner(id), None);
    assert_eq!(sent(&mut mux), [] as [Vec<u8>; 0]);
    assert_eq!((mux.open_channels(), mux.channels_in_use()), (0, 1));
    assert_eq!(mux.input(&packet(91, &[id.number(), PEER, 100, 60])), Ok(Event::Nothing));
    assert_eq!(mux.send_room(id), 0);
    assert_eq!(mux.input(&data(id.number(), b"220 hello")), Ok(Event::Nothing));
    assert_eq!(sent(&mut mux), [packet(97, &[PEER])]);
    assert_eq!(mux.input(&packet(97, &[id.number()])), Ok(Event::Nothing));
    assert_eq!(mux.channels_in_use(), 0);
}

#[test]
fn late_refusal_of_an_abandoned_open_just_frees() {
    let mut mux = Mux::new(LIMITS);
    let id = asked(&mut mux, 1);
    mux.close(id);
    assert_eq!(mux.input(&failure(id.number(), 2, b"timed out")), Ok(Event::Nothing));
    assert_eq!(mux.channels_in_use(), 0);
    assert_eq!(mux.next_packet().map(|packet| packet.as_bytes().to_vec()), None);
}

#[test]
fn an_open_withdrawn_in_the_queue_is_never_sent() {
    let mut mux = Mux::new(LIMITS);
    let first = mux.open_direct_tcpip(1, &target(), origin()).unwrap();
    mux.open_direct_tcpip(2, &target(), origin()).unwrap();
    mux.close(first);
    mux.close(first);
    assert_eq!(state(&mux), ["abandoned", "opening"]);
    assert_eq!((mux.open_channels(), mux.channels_in_use()), (1, 2));
    let packets = sent(&mut mux);
    assert_eq!(packets.len(), 1);
    assert!(packets[0].windows(4).any(|bytes| bytes == (FIRST_NUMBER + 1).to_be_bytes()));
    assert_eq!(mux.channels_in_use(), 1);
}

#[test]
fn eof_of_the_server_first() {
    let (mut mux, id) = one_open();
    assert_eq!(mux.input(&packet(96, &[id.number()])), Ok(Event::Eof { id, owner: 1 }));
    assert_eq!(mux.input(&packet(96, &[id.number()])), Ok(Event::Nothing));
    assert_eq!(state(&mux), ["EOF received"]);
    // Our direction goes on.
    assert_eq!(mux.send_room(id), 60);
    assert!(mux.data_header(id, 60).is_some());
    mux.send_eof(id);
    assert_eq!(state(&mux), ["finished"]);
    mux.close(id);
    assert_eq!(sent(&mut mux), [packet(96, &[PEER]), packet(97, &[PEER])]);
    assert_eq!(mux.input(&packet(97, &[id.number()])), Ok(Event::Nothing));
    assert_eq!(mux.channels_in_use(), 0);
}

#[test]
fn eof_of_the_client_first() {
    let (mut mux, id) = one_open();
    mux.send_eof(id);
    mux.send_eof(id);
    assert_eq!(sent(&mut mux), [packet(96, &[PEER])]);
    assert_eq!((mux.send_room(id), mux.data_header(id, 1)), (0, None));
    assert_eq!(state(&mux), ["EOF sent"]);
    // The server's direction goes on, its window included.
    for _ in 0..3 {
        assert!(matches!(mux.input(&data(id.number(), &[1; 200])), Ok(Event::Data { .. })));
        mux.consumed(id, 200);
    }
    assert_eq!(sent(&mut mux), [packet(93, &[PEER, 600])]);
    assert_eq!(mux.input(&packet(96, &[id.number()])), Ok(Event::Eof { id, owner: 1 }));
    let close = packet(97, &[id.number()]);
    assert_eq!(mux.input(&close), Ok(Event::Closed { id, owner: 1, eof: true }));
    assert_eq!(sent(&mut mux), [packet(97, &[PEER])]);
    assert_eq!(mux.channels_in_use(), 0);
}

#[test]
fn close_of_the_server_is_told_once_and_answered() {
    for eof in [false, true] {
        let (mut mux, id) = one_open();
        if eof {
            mux.input(&packet(96, &[id.number()])).unwrap();
        }
        let close = packet(97, &[id.number()]);
        assert_eq!(mux.input(&close), Ok(Event::Closed { id, owner: 1, eof }));
        assert_eq!((mux.owner(id), mux.send_room(id)), (None, 0));
        assert_eq!((mux.open_channels(), mux.channels_in_use()), (0, 1));
        // Too late for any of these; nothing comes of them.
        mux.consumed(id, 1000);
        mux.send_eof(id);
        mux.close(id);
        assert_eq!(mux.data_header(id, 1), None);
        assert_eq!(mux.open_channels(), 0);
        assert_eq!(sent(&mut mux), [packet(97, &[PEER])]);
        assert_eq!(mux.channels_in_use(), 0);
    }
}

#[test]
fn nothing_may_follow_the_servers_close() {
    let (mut mux, id) = one_open();
    let number = id.number();
    mux.input(&packet(97, &[number])).unwrap();
    let messages = [
        packet(97, &[number]),
        packet(96, &[number]),
        packet(93, &[number, 1]),
        data(number, b"x"),
        request(Some(number), "exit-status", false),
        packet(99, &[number]),
    ];
    for message in &messages {
        let error = unexpected(message[0], id, "closed by the server");
        assert_eq!(mux.input(message), Err(error));
    }
    // Our CLOSE leaves, the number is free.
    sent(&mut mux);
    for message in &messages {
        let error = ProtocolError::UnknownChannel { message: message[0], number };
        assert_eq!(mux.input(message), Err(error));
    }
}

#[test]
fn what_arrives_after_our_close_is_checked_and_dropped() {
    let (mut mux, id) = one_open();
    let number = id.number();
    mux.close(id);
    assert_eq!(sent(&mut mux), [packet(97, &[PEER])]);
    assert_eq!(mux.input(&data(number, &[0; 600])), Ok(Event::Nothing));
    assert_eq!(mux.input(&packet(93, &[number, 100])), Ok(Event::Nothing));
    assert_eq!(mux.input(&request(Some(number), "any", true)), Ok(Event::Nothing));
    assert_eq!(
        mux.input(&data(number, &[0; 401])),
        Err(ProtocolError::WindowExceeded { channel: id, window: 400, bytes: 401 })
    );
    assert_eq!(mux.input(&packet(96, &[number])), Ok(Event::Nothing));
    assert_eq!(mux.input(&data(number, b"x")), Err(unexpected(94, id, "closing")));
    assert_eq!(mux.input(&packet(97, &[number])), Ok(Event::Nothing));
    assert_eq!(sent(&mut mux), [] as [Vec<u8>; 0]);
    assert_eq!(mux.channels_in_use(), 0);
}

#[test]
fn both_close_at_once() {
    let (mut mux, id) = one_open();
    mux.close(id);
    assert_eq!(mux.input(&packet(97, &[id.number()])), Ok(Event::Nothing));
    assert_eq!(mux.channels_in_use(), 1);
    assert_eq!(sent(&mut mux), [packet(97, &[PEER])]);
    assert_eq!(mux.channels_in_use(), 0);
}

#[test]
fn a_number_is_used_again_only_after_both_closes() {
    let (mut mux, old) = one_open();
    mux.close(old);
    sent(&mut mux);
    let other = mux.open_direct_tcpip(2, &target(), origin()).unwrap();
    assert_ne!(other.number(), old.number());
    mux.input(&packet(97, &[old.number()])).unwrap();
    let new = mux.open_direct_tcpip(3, &target(), origin()).unwrap();
    assert_eq!(new.number(), old.number());
    // The old id does not reach the new channel.
    mux.close(old);
    mux.set_owner(old, 9);
    assert_eq!((mux.owner(old), mux.owner(new)), (None, Some(3)));
    assert_eq!(sent(&mut mux).len(), 2);
}

#[test]
fn channels_are_limited_while_they_close_too() {
    let mut mux = Mux::new(LIMITS);
    let ids = [1, 2, 3, 4].map(|owner| opened(&mut mux, owner));
    let full = Err(OpenError::Full { channels: 4 });
    assert_eq!(mux.open_direct_tcpip(5, &target(), origin()), full);
    mux.close(ids[0]);
    sent(&mut mux);
    assert_eq!(mux.open_channels(), 3);
    assert_eq!(mux.open_direct_tcpip(5, &target(), origin()), full);
    mux.input(&packet(97, &[ids[0].number()])).unwrap();
    assert!(mux.open_direct_tcpip(5, &target(), origin()).is_ok());
}

#[test]
fn only_an_answer_may_come_while_opening() {
    let mut mux = Mux::new(LIMITS);
    let id = asked(&mut mux, 1);
    let number = id.number();
    for message in
        [packet(93, &[number, 1]), data(number, b""), packet(96, &[number]), packet(97, &[number])]
    {
        assert_eq!(mux.input(&message), Err(unexpected(message[0], id, "opening")));
    }
    mux.send_eof(id);
    assert_eq!((mux.send_room(id), mux.data_header(id, 1)), (0, None));
    assert_eq!(sent(&mut mux), [] as [Vec<u8>; 0]);
}
