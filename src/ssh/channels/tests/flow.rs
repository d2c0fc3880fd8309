//! Data, windows, requests and keepalives: scripted packets, one behaviour a test.

use super::*;

#[test]
fn data_goes_to_its_owner() {
    let (mut mux, first) = one_open();
    let second = opened(&mut mux, 2);
    for (id, owner) in [(second, 2), (first, 1)] {
        let packet = data(id.number(), b"bytes");
        assert_eq!(mux.input(&packet), Ok(Event::Data { id, owner, data: b"bytes" }));
    }
    mux.set_owner(first, 5);
    assert_eq!(mux.owner(first), Some(5));
    let packet = data(first.number(), b"x");
    assert_eq!(mux.input(&packet), Ok(Event::Data { id: first, owner: 5, data: b"x" }));
    assert_eq!(mux.input(&data(first.number(), b"")), Ok(Event::Nothing));
}

#[test]
fn sending_stops_at_the_window_and_goes_on_after_an_adjustment() {
    let (mut mux, id) = one_open();
    assert_eq!((mux.send_room(id), mux.window_room(id)), (60, 100));
    assert_eq!(mux.data_header(id, 61), None);
    assert_eq!(mux.data_header(id, 0), None);
    assert_eq!(mux.data_header(id, 60), Some(*b"\x5e\0\0\0\x07\0\0\0\x3c"));
    assert_eq!((mux.send_room(id), mux.window_room(id)), (40, 40));
    assert!(mux.data_header(id, 40).is_some());
    assert_eq!((mux.send_room(id), mux.data_header(id, 1)), (0, None));
    assert_eq!(mux.window_room(id), 0);
    let adjust = |bytes| packet(93, &[id.number(), bytes]);
    assert_eq!(mux.input(&adjust(0)), Ok(Event::Nothing));
    assert_eq!(mux.input(&adjust(10)), Ok(Event::WindowOpened { id, owner: 1 }));
    assert_eq!(mux.input(&adjust(10)), Ok(Event::Nothing));
    assert_eq!(mux.send_room(id), 20);
    assert_eq!(mux.channels().map(|channel| channel.sent).sum::<u64>(), 100);
}

#[test]
fn an_adjustment_after_our_eof_tells_nobody() {
    let (mut mux, id) = one_open();
    assert!(mux.data_header(id, 60).is_some() && mux.data_header(id, 40).is_some());
    mux.send_eof(id);
    assert_eq!(mux.input(&packet(93, &[id.number(), 10])), Ok(Event::Nothing));
}

#[test]
fn an_adjustment_beyond_32_bits_is_refused() {
    let (mut mux, id) = one_open();
    let bytes = u32::MAX - 99;
    assert_eq!(
        mux.input(&packet(93, &[id.number(), bytes])),
        Err(ProtocolError::WindowOverflow { channel: id, window: 100, adjustment: bytes })
    );
    assert_eq!(mux.input(&packet(93, &[id.number(), bytes - 1])), Ok(Event::Nothing));
}

#[test]
fn data_beyond_window_or_packet_size_is_refused() {
    let (mut mux, id) = one_open();
    assert_eq!(
        mux.input(&data(id.number(), &[0; 601])),
        Err(ProtocolError::PacketTooLarge { channel: id, limit: 600, bytes: 601 })
    );
    assert!(mux.input(&data(id.number(), &[0; 600])).is_ok());
    let mut extended = packet(95, &[id.number(), 1, 401]);
    extended.extend([0; 401]);
    assert_eq!(
        mux.input(&extended),
        Err(ProtocolError::WindowExceeded { channel: id, window: 400, bytes: 401 })
    );
}

#[test]
fn credit_counts_only_once_it_has_left() {
    let (mut mux, id) = one_open();
    mux.input(&data(id.number(), &[0; 600])).unwrap();
    mux.consumed(id, 600);
    assert_eq!(
        mux.input(&data(id.number(), &[0; 401])),
        Err(ProtocolError::WindowExceeded { channel: id, window: 400, bytes: 401 })
    );
    // One adjustment carries all that has been taken by the time it leaves.
    mux.input(&data(id.number(), &[0; 400])).unwrap();
    mux.consumed(id, 300);
    assert_eq!(sent(&mut mux), [packet(93, &[PEER, 900])]);
}

#[test]
fn data_after_eof_is_refused() {
    let (mut mux, id) = one_open();
    mux.input(&packet(96, &[id.number()])).unwrap();
    assert_eq!(mux.input(&data(id.number(), b"x")), Err(unexpected(94, id, "EOF received")));
}

#[test]
fn no_adjustment_after_eof_or_close() {
    let (mut mux, id) = one_open();
    mux.input(&data(id.number(), &[0; 600])).unwrap();
    mux.input(&data(id.number(), &[0; 400])).unwrap();
    mux.consumed(id, 500);
    mux.input(&packet(96, &[id.number()])).unwrap();
    mux.consumed(id, 500);
    assert_eq!(sent(&mut mux), [] as [Vec<u8>; 0]);

    let (mut mux, id) = one_open();
    mux.input(&data(id.number(), &[0; 600])).unwrap();
    mux.consumed(id, 600);
    mux.close(id);
    assert_eq!(sent(&mut mux), [packet(97, &[PEER])]);
}

#[test]
fn extended_data_is_dropped_and_credited() {
    let (mut mux, id) = one_open();
    let mut extended = packet(95, &[id.number(), 1, 500]);
    extended.extend([0; 500]);
    assert_eq!(mux.input(&extended), Ok(Event::Nothing));
    assert_eq!(sent(&mut mux), [packet(93, &[PEER, 500])]);
}

#[test]
fn window_of_a_prompt_client_grows_to_its_maximum() {
    let (mut mux, id) = one_open();
    let mut granted = 0;
    for _ in 0..100 {
        mux.input(&data(id.number(), &[0; 500])).unwrap();
        mux.consumed(id, 500);
        for packet in sent(&mut mux) {
            granted += u32::from_be_bytes(packet[5..].try_into().unwrap());
        }
    }
    let view = mux.channels().next().unwrap();
    assert_eq!(view.receive_size, 4000);
    assert_eq!((view.received, view.unconsumed), (50_000, 0));
    assert_eq!(view.receive_window, 1000 + granted - 50_000);
}

#[test]
fn requests_of_the_server_are_declined() {
    let (mut mux, id) = one_open();
    for want_reply in [false, true] {
        for name in ["keepalive@openssh.com", "hostkeys-00@openssh.com"] {
            let message = request(None, name, want_reply);
            assert_eq!(mux.input(&message), Ok(Event::Nothing));
            let expected = if want_reply { vec![packet(82, &[])] } else { vec![] };
            assert_eq!(sent(&mut mux), expected);

            let message = request(Some(id.number()), name, want_reply);
            assert_eq!(mux.input(&message), Ok(Event::Nothing));
            let expected = if want_reply { vec![packet(100, &[PEER])] } else { vec![] };
            assert_eq!(sent(&mut mux), expected);
        }
    }
    assert_eq!(mux.input(&packet(99, &[id.number()])), Ok(Event::Nothing));
}

#[test]
fn channels_of_the_server_are_refused() {
    for kind in ["x11", "auth-agent@openssh.com", "session", "direct-tcpip"] {
        let mut mux = Mux::<u8>::new(LIMITS);
        let mut open = packet(90, &[kind.len() as u32]);
        open.extend(kind.as_bytes());
        open.extend(&packet(0, &[55, 1000, 1000])[1..]);
        open.extend(b"what the type adds");
        assert_eq!(mux.input(&open), Ok(Event::Nothing));
        assert_eq!(sent(&mut mux), [failure(55, 1, b"not requested")]);
    }
}

#[test]
fn a_flood_of_requests_ends_the_session() {
    let (mut mux, id) = one_open();
    let global = request(None, "keepalive@openssh.com", true);
    let channel = request(Some(id.number()), "keepalive@openssh.com", true);
    for message in [&global, &channel, &global] {
        assert_eq!(mux.input(message), Ok(Event::Nothing));
    }
    assert_eq!(mux.input(&request(None, "quiet", false)), Ok(Event::Nothing));
    for message in [&global, &channel] {
        assert_eq!(mux.input(message), Err(ProtocolError::Flood { waiting: 3 }));
    }
    assert!(mux.next_packet().is_some());
    assert_eq!(mux.input(&global), Ok(Event::Nothing));
}

#[test]
fn keepalives_are_answered_in_order() {
    let mut mux = Mux::<u8>::new(LIMITS);
    let keepalive = ControlPacket::keepalive();
    for count in 1..=2 {
        mux.keepalive();
        assert_eq!(mux.unanswered_keepalives(), count);
        assert_eq!(sent(&mut mux), [keepalive.as_bytes()]);
    }
    assert_eq!(mux.input(&packet(82, &[])), Ok(Event::Pong));
    assert_eq!(mux.unanswered_keepalives(), 0);
    assert_eq!(mux.input(&packet(81, &[])), Ok(Event::Pong));
    // One nobody asked for.
    assert_eq!(mux.input(&packet(82, &[])), Ok(Event::Nothing));
}

#[test]
fn keepalives_do_not_pile_up_while_nothing_can_be_sent() {
    let mut mux = Mux::<u8>::new(LIMITS);
    for _ in 0..3 {
        mux.keepalive();
    }
    assert_eq!(mux.unanswered_keepalives(), 3);
    assert_eq!(sent(&mut mux).len(), 1);
}

#[test]
fn any_packet_shows_that_the_server_lives() {
    let (mut mux, id) = one_open();
    mux.keepalive();
    mux.input(&packet(93, &[id.number(), 1])).unwrap();
    assert_eq!(mux.unanswered_keepalives(), 0);
    sent(&mut mux);
    assert_eq!(mux.input(&packet(82, &[])), Ok(Event::Pong));
}

#[test]
fn numbers_that_are_not_in_use_are_refused() {
    let (mut mux, id) = one_open();
    for number in [0, PEER, FIRST_NUMBER - 1, id.number() + 1, u32::MAX] {
        for message in [
            packet(91, &[number, 1, 1, 1]),
            packet(92, &[number, 1]),
            packet(93, &[number, 1]),
            data(number, b"x"),
            packet(96, &[number]),
            packet(97, &[number]),
            request(Some(number), "any", true),
            packet(100, &[number]),
        ] {
            let error = ProtocolError::UnknownChannel { message: message[0], number };
            assert_eq!(mux.input(&message), Err(error));
        }
    }
}

#[test]
fn errors_name_channel_and_numbers() {
    let (mut mux, id) = one_open();
    let error = mux.input(&data(id.number(), &[0; 601])).unwrap_err();
    assert_eq!(error.to_string(), "601 bytes in one packet for channel 0, maximum 600");
    let error = mux.input(&packet(97, &[3])).unwrap_err();
    assert_eq!(error.to_string(), "message 97 for channel number 0x00000003, which is not in use");
}
