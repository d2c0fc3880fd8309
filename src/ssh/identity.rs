//! Private key files of a profile: read, decrypted and turned into the one form that a login takes.
//!
//! Called on a helper thread before a login: an encrypted key costs its key derivation, up to
//! seconds. Read are OpenSSH's own format and PEM (PKCS#1, SEC 1, PKCS#8; encrypted or not), with
//! RSA, ECDSA over the NIST curves, and Ed25519. What comes out is unencrypted PKCS#8 PEM for all
//! of them, which libssh2 gives to OpenSSL as it is. Secrets are wiped when dropped.
//!
//! As ssh(1) does, a file that belongs to this process's user and that others can read is not
//! used; a file of another owner (root's, say) is that owner's business.

mod openssh;

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;

use openssl::bn::{BigNumContext, BigNumRef};
use openssl::ec::PointConversionForm;
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use zeroize::Zeroizing;

use super::hostkey::Fingerprint;
use crate::dataset::FileName;
use crate::dataset::input::Input;

/// Most bytes of a key file; an RSA key of 16384 bits takes 13 KB.
pub const MAX_FILE: usize = 64 << 10;

/// A private key, ready for a login.
pub struct Identity {
    /// Unencrypted PKCS#8 PEM.
    pub private_pem: Zeroizing<Vec<u8>>,
    /// Public key blob (RFC 4253 section 6.6).
    pub public_blob: Vec<u8>,
    /// Type and hash of the public key, for messages.
    pub fingerprint: Fingerprint,
}

/// Why a file gives no [`Identity`].
#[derive(Debug)]
pub enum IdentityError {
    /// It cannot be read.
    Read(io::Error),
    /// It is larger than [`MAX_FILE`].
    TooLarge,
    /// It is ours and others can read it; its permission bits.
    TooOpen(u32),
    /// It holds a public key or a certificate.
    PublicKey,
    /// It is in a format of others; which one, and what converts it.
    Foreign(&'static str),
    /// It is no key at all.
    NotAKey,
    /// It is encrypted, and there is no passphrase.
    NeedsPassphrase,
    /// It is encrypted with another passphrase.
    WrongPassphrase,
    /// A type of key that cannot be used; its name.
    UnsupportedType(String),
    /// An OpenSSH key under a cipher or key derivation that is not known; its name.
    UnsupportedCipher(String),
    /// An OpenSSH key whose derivation takes more than [`MAX_ROUNDS`]; its rounds.
    TooManyRounds(u32),
    /// It is damaged; what the decoder says.
    Damaged(String),
}

/// Reads a private key file.
pub fn load(name: &FileName, passphrase: Option<&[u8]>) -> Result<Identity, IdentityError> {
    parse(&read(name)?, passphrase)
}

/// Takes the contents of a private key file.
pub fn parse(file: &[u8], passphrase: Option<&[u8]>) -> Result<Identity, IdentityError> {
    let key = match recognise(file)? {
        Format::OpenSsh => openssh::read(file, passphrase)?,
        Format::Pem => from_pem(file, passphrase)?,
    };
    let public_blob = public_blob(&key)?;
    Ok(Identity {
        private_pem: Zeroizing::new(key.private_key_to_pem_pkcs8()?),
        fingerprint: Fingerprint::of(&public_blob),
        public_blob,
    })
}

fn read(name: &FileName) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
    let mut input = Input::open(name)?;
    let metadata = input.file.metadata()?;
    let mode = metadata.mode() & 0o777;
    if metadata.uid() == rustix::process::geteuid().as_raw()
        && mode & 0o077 != 0
        && metadata.is_file()
    {
        return Err(IdentityError::TooOpen(mode));
    }
    input.text(MAX_FILE).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => IdentityError::TooLarge,
        _ => IdentityError::Read(error),
    })
}

enum Format {
    OpenSsh,
    Pem,
}

/// Tells formats apart by what the first line says.
fn recognise(file: &[u8]) -> Result<Format, IdentityError> {
    let contains = |text: &[u8]| file.windows(text.len()).any(|window| window == text);
    if contains(openssh::BEGIN) {
        Ok(Format::OpenSsh)
    } else if contains(b"PRIVATE KEY-----") {
        Ok(Format::Pem)
    } else if contains(b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----") {
        Err(IdentityError::Foreign("SSH2 (Tectia), convert it by ssh-keygen -i"))
    } else if contains(b"PuTTY-User-Key-File-") {
        Err(IdentityError::Foreign("PuTTY, convert it by puttygen -O private-openssh"))
    } else if PUBLIC_SIGNS.iter().any(|sign| contains(sign)) {
        Err(IdentityError::PublicKey)
    } else {
        Err(IdentityError::NotAKey)
    }
}

fn from_pem(file: &[u8], passphrase: Option<&[u8]>) -> Result<PKey<Private>, IdentityError> {
    let mut is_encrypted = false;
    // Always a callback: without one OpenSSL would ask at the terminal.
    let result = PKey::private_key_from_pem_callback(file, |buffer| {
        is_encrypted = true;
        let passphrase = passphrase.unwrap_or_default();
        match buffer.get_mut(..passphrase.len()) {
            Some(room) if !room.is_empty() => room.copy_from_slice(passphrase),
            _ => return Err(ErrorStack::get()),
        }
        Ok(passphrase.len())
    });
    result.map_err(|errors| match (is_encrypted, passphrase) {
        (false, _) => errors.into(),
        (true, None | Some(b"")) => IdentityError::NeedsPassphrase,
        (true, Some(_)) => IdentityError::WrongPassphrase,
    })
}

/// The public half as SSH writes it (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709
/// section 4).
fn public_blob(key: &PKey<Private>) -> Result<Vec<u8>, IdentityError> {
    let mut blob = Vec::new();
    match key.id() {
        Id::RSA => {
            let rsa = key.rsa()?;
            put_string(&mut blob, b"ssh-rsa");
            put_mpint(&mut blob, rsa.e());
            put_mpint(&mut blob, rsa.n());
        }
        Id::EC => {
            let ec = key.ec_key()?;
            let (name, curve) = match ec.group().curve_name() {
                Some(Nid::X9_62_PRIME256V1) => ("ecdsa-sha2-nistp256", "nistp256"),
                Some(Nid::SECP384R1) => ("ecdsa-sha2-nistp384", "nistp384"),
                Some(Nid::SECP521R1) => ("ecdsa-sha2-nistp521", "nistp521"),
                other => {
                    let curve = other.and_then(|nid| nid.short_name().ok()).unwrap_or("?");
                    return Err(IdentityError::UnsupportedType(format!("EC over {curve}")));
                }
            };
            let mut context = BigNumContext::new()?;
            let form = PointConversionForm::UNCOMPRESSED;
            let point = ec.public_key().to_bytes(ec.group(), form, &mut context)?;
            put_string(&mut blob, name.as_bytes());
            put_string(&mut blob, curve.as_bytes());
            put_string(&mut blob, &point);
        }
        Id::ED25519 => {
            put_string(&mut blob, b"ssh-ed25519");
            put_string(&mut blob, &key.raw_public_key()?);
        }
        other => {
            let name = Nid::from_raw(other.as_raw()).short_name().unwrap_or("?").to_owned();
            return Err(IdentityError::UnsupportedType(name));
        }
    }
    Ok(blob)
}

/// string of RFC 4251 section 5. Key files are bounded, no field comes near 4 GiB.
fn put_string(blob: &mut Vec<u8>, bytes: &[u8]) {
    blob.extend((bytes.len() as u32).to_be_bytes());
    blob.extend(bytes);
}

/// mpint of RFC 4251 section 5, of a number that is not negative.
fn put_mpint(blob: &mut Vec<u8>, number: &BigNumRef) {
    let mut bytes = number.to_vec();
    if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        bytes.insert(0, 0);
    }
    put_string(blob, &bytes);
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.fingerprint)
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::TooLarge => write!(f, "larger than {MAX_FILE} bytes, not a private key"),
            Self::TooOpen(mode) => {
                write!(
                    f,
                    "others can use the private key (mode {mode:04o}): it must be 0600 or less"
                )
            }
            Self::PublicKey => f.write_str("a public key, not the private one"),
            Self::Foreign(format) => write!(f, "in the format of {format}"),
            Self::NotAKey => f.write_str("not a private key"),
            Self::NeedsPassphrase => {
                f.write_str("the private key is encrypted, a passphrase is needed")
            }
            Self::WrongPassphrase => f.write_str("the passphrase does not open the private key"),
            Self::UnsupportedType(name) => {
                write!(f, "private keys of type {name} are not supported")
            }
            Self::UnsupportedCipher(name) => {
                write!(f, "the private key is encrypted by {name}, which is not supported")
            }
            Self::TooManyRounds(rounds) => {
                write!(
                    f,
                    "the private key asks for {rounds} rounds of bcrypt, the limit is {MAX_ROUNDS}"
                )
            }
            Self::Damaged(detail) => write!(f, "the private key is damaged: {detail}"),
        }
    }
}

impl std::error::Error for IdentityError {}

impl From<io::Error> for IdentityError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

impl From<ErrorStack> for IdentityError {
    fn from(errors: ErrorStack) -> Self {
        // The last one is the outermost, the first one says what happened.
        let reason = errors.errors().first().and_then(|error| error.reason());
        Self::Damaged(reason.unwrap_or("OpenSSL cannot read it").to_owned())
    }
}

/// What a public key or a certificate has in it.
const PUBLIC_SIGNS: &[&[u8]] = &[
    b"PUBLIC KEY-----",
    b"---- BEGIN SSH2 PUBLIC KEY ----",
    b"-----BEGIN CERTIFICATE",
    b"ssh-ed25519",
    b"ssh-rsa",
    b"ssh-dss",
    b"ecdsa-sha2-",
];

/// Most rounds of bcrypt_pbkdf; ssh-keygen's default is 16 or 24, 1000 take tens of seconds.
pub const MAX_ROUNDS: u32 = 1000;

#[cfg(test)]
mod tests;
