//! What is offered in the key exchange, what came of it, and why nothing did.

use super::TransportError;
use crate::ssh::ffi::{self, Method, Session, first_common};

/// Ciphers offered when the profile names none: whole-packet AES-GCM, then what needs more time; no CBC.
const CIPHERS: &str = "aes256-gcm@openssh.com,aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,\
                       aes256-ctr,aes192-ctr,aes128-ctr";

/// MACs offered when the profile names none: the length is authenticated before it is believed where possible.
pub(super) const MACS: &str =
    "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512";

/// Host keys offered when the profile names none: plain ones, as pins and known_hosts files hold them.
const HOST_KEY_ALGORITHMS: &str = "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,\
                                   ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256";

/// Longest text of the server's that is put into an error, in characters.
const TEXT_LIMIT: usize = 256;

/// What to offer in the key exchange: names in order of preference, comma-separated. None: zoxy's choice.
#[derive(Debug, Clone, Copy, Default)]
pub struct TransportOptions<'a> {
    /// Ciphers, the same for both directions.
    pub ciphers: Option<&'a str>,
    /// MACs, the same for both directions; unused with AES-GCM and ChaCha20-Poly1305.
    pub macs: Option<&'a str>,
    /// Key exchange methods.
    pub kex: Option<&'a str>,
    /// Public key algorithms of the server.
    pub host_key_algorithms: Option<&'a str>,
    /// Offer zlib@openssh.com.
    pub compression: bool,
}

/// What was agreed on. Empty names: the key exchange is not over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Algorithms {
    /// Key exchange method.
    pub kex: String,
    /// Algorithm of the server's public key.
    pub host_key: String,
    /// Cipher from us to the server.
    pub cipher_to_server: String,
    /// Cipher from the server to us.
    pub cipher_to_client: String,
    /// MAC from us to the server; "implicit" with ciphers that authenticate.
    pub mac_to_server: String,
    /// MAC from the server to us.
    pub mac_to_client: String,
    /// Compression from us to the server.
    pub compression_to_server: String,
}

impl Algorithms {
    pub(super) fn of(session: &Session) -> Self {
        let name = |method| session.negotiated(method);
        let mac = |cipher: &str, method| match authenticates(cipher) {
            true => "implicit".into(),
            false => name(method),
        };
        let cipher_to_server = name(Method::CipherToServer);
        let cipher_to_client = name(Method::CipherToClient);
        Self {
            kex: name(Method::Kex),
            host_key: name(Method::HostKey),
            mac_to_server: mac(&cipher_to_server, Method::MacToServer),
            mac_to_client: mac(&cipher_to_client, Method::MacToClient),
            cipher_to_server,
            cipher_to_client,
            compression_to_server: name(Method::CompressionToServer),
        }
    }
}

/// Names offered, kept for the message when nothing is in common.
pub(super) struct Offer {
    /// None: all of libssh2's.
    kex: Option<String>,
    host_key: String,
    ciphers: String,
    macs: String,
}

impl Offer {
    /// Tells a fresh session what to offer.
    pub(super) fn make(
        options: &TransportOptions<'_>,
        session: &mut Session,
    ) -> Result<Self, TransportError> {
        let offer = Self {
            kex: options.kex.map(Into::into),
            host_key: options.host_key_algorithms.unwrap_or(HOST_KEY_ALGORITHMS).into(),
            ciphers: options.ciphers.unwrap_or(CIPHERS).into(),
            macs: options.macs.unwrap_or(MACS).into(),
        };
        if options.compression {
            // First: without it libssh2 does not know the names.
            session.offer_compression();
        }
        let mut prefer = |kind, method, names: &str| match session.prefer(method, names) {
            0 => Ok(()),
            _ => Err(TransportError::UnknownAlgorithms { kind, names: names.into() }),
        };
        if let Some(kex) = &offer.kex {
            prefer("key exchange", Method::Kex, kex)?;
        }
        prefer("host key", Method::HostKey, &offer.host_key)?;
        prefer("cipher", Method::CipherToServer, &offer.ciphers)?;
        prefer("cipher", Method::CipherToClient, &offer.ciphers)?;
        prefer("MAC", Method::MacToServer, &offer.macs)?;
        prefer("MAC", Method::MacToClient, &offer.macs)?;
        if options.compression {
            let names = "zlib@openssh.com,none";
            prefer("compression", Method::CompressionToServer, names)?;
            prefer("compression", Method::CompressionToClient, names)?;
        }
        Ok(offer)
    }

    /// Why a first key exchange failed, as far as the lists tell: the first kind of algorithm of which the server has
    /// none of ours.
    pub(super) fn failed(&self, session: &mut Session) -> Option<TransportError> {
        let Some(kexinit) = &session.io().server_kexinit else {
            return Some(TransportError::Protocol("its first packet is no key exchange"));
        };
        let [their_kex, their_key, cipher_out, cipher_in, mac_out, mac_in, ..] =
            ffi::parse_kexinit(kexinit)?;
        let kex = self.kex.clone();
        let kex = kex.unwrap_or_else(|| session.supported(Method::Kex).join(","));
        let mac_matters = !first_common(&self.ciphers, &cipher_out).is_some_and(authenticates);
        let pairs = [
            ("key exchange", &kex, their_kex, true),
            ("host key", &self.host_key, their_key, true),
            ("cipher", &self.ciphers, cipher_out, true),
            ("cipher", &self.ciphers, cipher_in, true),
            ("MAC", &self.macs, mac_out, mac_matters),
            ("MAC", &self.macs, mac_in, mac_matters),
        ];
        let (kind, ours, theirs, _) = pairs
            .into_iter()
            .find(|(_, ours, theirs, matters)| *matters && first_common(ours, theirs).is_none())?;
        let (ours, theirs) = (ours.clone(), shortened(&theirs));
        Some(TransportError::NothingInCommon { kind, ours, theirs })
    }
}

/// Whether a cipher needs no MAC beside it.
fn authenticates(cipher: &str) -> bool {
    cipher.contains("-gcm@") || cipher.contains("-poly1305@")
}

/// As much of a text of the server's as an error holds.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(TEXT_LIMIT).collect()
}
