//! For `tests/micro` alone: a [`Transport`] behind its login, without a server.
//!
//! Both directions have the same keys, so that what it sends it can be given to receive. Keys are constant and known
//! to everybody: nothing else may use it, and nothing in zoxy does.

use super::{Transport, TransportError, TransportOptions};
use crate::ssh::cipher::{ChaCha, Ctr, CtrEtm, Direction, Gcm, Hmac, Keys, Protection};

/// What protects the packets, one of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// aes128-gcm@openssh.com.
    Aes128Gcm,
    /// chacha20-poly1305@openssh.com.
    ChaCha20Poly1305,
    /// aes256-ctr with hmac-sha2-256-etm@openssh.com.
    Aes256CtrHmacSha256,
}

/// A transport that is logged in. An error: OpenSSL lacks the cipher, or there is no memory.
pub fn logged_in(suite: Suite) -> Result<Transport, TransportError> {
    let mut transport = Transport::new(&TransportOptions::default())?;
    let io = transport.session.io_mut();
    for direction in [Direction::Seal, Direction::Open] {
        let protection = protection(suite, direction).ok_or(TransportError::OutOfMemory)?;
        io.new_keys(direction, Keys::Whole(protection), false);
    }
    io.open(false);
    Ok(transport)
}

fn protection(suite: Suite, direction: Direction) -> Option<Protection> {
    Some(match suite {
        Suite::Aes128Gcm => Protection::Gcm(Gcm::new(direction, &[1; 16], &[2; 12])?),
        Suite::ChaCha20Poly1305 => Protection::ChaCha(Box::new(ChaCha::new(&[3; 64])?)),
        Suite::Aes256CtrHmacSha256 => {
            let stream = Ctr::new(direction, &[4; 32], &[5; 16])?;
            Protection::CtrEtm(Box::new(CtrEtm::new(stream, Hmac::new(&[6; 32])?)))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::transport::Sent;

    #[test]
    fn what_is_sent_can_be_received() {
        for suite in [Suite::Aes128Gcm, Suite::ChaCha20Poly1305, Suite::Aes256CtrHmacSha256] {
            let mut transport = logged_in(suite).unwrap();
            for size in [1, 64, 32_768] {
                let body = vec![7; size];
                assert_eq!(transport.send(&[94; 9], &body).unwrap(), Sent::Yes);
                let sent = transport.output().to_vec();
                transport.output_sent(sent.len());
                transport.input_space()[..sent.len()].copy_from_slice(&sent);
                transport.input_filled(sent.len());
                let packet = transport.next_packet().unwrap().unwrap();
                assert_eq!(transport.bytes(&packet), [&[94; 9][..], &body].concat(), "{suite:?}");
            }
        }
    }
}
