//! OpenSSH's own private key format (PROTOCOL.key of OpenSSH), read into OpenSSL's keys.
//!
//! Called by [`super::parse`] only. Key derivation and ciphers are those of the ssh-key crate; the
//! fields are read here because numbers in them may be shorter than the curve.

use nom::bytes::complete::{tag, take};
use nom::combinator::{all_consuming, map_opt, rest};
use nom::error::{Error, ErrorKind};
use nom::multi::length_data;
use nom::number::complete::be_u32;
use nom::{Err, IResult, Parser};
use openssl::bn::{BigNum, BigNumContext, BigNumRef};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Rsa;
use ssh_key::{Cipher, Kdf};
use zeroize::Zeroizing;

use super::{IdentityError, MAX_ROUNDS};

/// First line of a file.
pub const BEGIN: &[u8] = b"-----BEGIN OPENSSH PRIVATE KEY-----";
/// Last line of a file.
pub const END: &[u8] = b"-----END OPENSSH PRIVATE KEY-----";

/// Reads a file with [`BEGIN`] in it.
pub fn read(file: &[u8], passphrase: Option<&[u8]>) -> Result<PKey<Private>, IdentityError> {
    let bytes = unwrap_armour(file).ok_or_else(|| damaged("no END line or no base64"))?;
    let (_, container) = container(&bytes).map_err(|_| damaged("the outer fields"))?;
    let cipher = Cipher::new(container.cipher)
        .map_err(|_| IdentityError::UnsupportedCipher(container.cipher.to_owned()))?;
    let private = match cipher {
        Cipher::None => Zeroizing::new(container.private.to_vec()),
        _ => decrypt(&container, cipher, passphrase)?,
    };
    let fields = match private_section(&private) {
        Ok((_, fields)) => fields,
        // The two check numbers differ: after a decryption, the key was wrong.
        Err(Err::Failure(_)) if cipher != Cipher::None => {
            return Err(IdentityError::WrongPassphrase);
        }
        Err(_) => return Err(damaged("the inner fields")),
    };
    to_key(&fields)
}

/// The binary form between the first and the last line, whatever the width of the lines.
fn unwrap_armour(file: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let find = |text: &[u8]| file.windows(text.len()).position(|window| window == text);
    let begin = find(BEGIN)? + BEGIN.len();
    let end = find(END).filter(|end| *end >= begin)?;
    let mut base64 = Zeroizing::new(Vec::with_capacity(end - begin));
    base64.extend(file[begin..end].iter().filter(|byte| !byte.is_ascii_whitespace()));
    let text = std::str::from_utf8(&base64).ok()?;
    openssl::base64::decode_block(text).ok().map(Zeroizing::new)
}

/// The outer fields, in clear.
struct Container<'a> {
    cipher: &'a str,
    kdf: &'a str,
    kdf_options: &'a [u8],
    /// Encrypted unless the cipher is `none`.
    private: &'a [u8],
    /// Tag of an authenticating cipher, or nothing.
    tag: &'a [u8],
}

fn container(bytes: &[u8]) -> IResult<&[u8], Container<'_>> {
    let one_key = map_opt(be_u32, |count| (count == 1).then_some(()));
    let mut fields =
        (tag(&b"openssh-key-v1\0"[..]), name, name, string, one_key, string, string, rest);
    let (left, (_, cipher, kdf, kdf_options, (), _public, private, tag)) = fields.parse(bytes)?;
    Ok((left, Container { cipher, kdf, kdf_options, private, tag }))
}

fn decrypt(
    container: &Container<'_>,
    cipher: Cipher,
    passphrase: Option<&[u8]>,
) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
    if container.kdf != "bcrypt" {
        return Err(IdentityError::UnsupportedCipher(container.kdf.to_owned()));
    }
    let options: IResult<&[u8], (&[u8], u32)> =
        all_consuming((string, be_u32)).parse(container.kdf_options);
    let (_, (salt, rounds)) = options.map_err(|_| damaged("the options of bcrypt"))?;
    if rounds > MAX_ROUNDS {
        return Err(IdentityError::TooManyRounds(rounds));
    }
    let tag = match (cipher.has_tag(), container.tag) {
        (false, b"") => None,
        (true, tag) if tag.len() == 16 => tag.try_into().ok(),
        _ => return Err(damaged("the tag")),
    };
    if container.private.is_empty() || container.private.len() % cipher.block_size() != 0 {
        return Err(damaged("the length of what is encrypted"));
    }
    let passphrase =
        passphrase.filter(|text| !text.is_empty()).ok_or(IdentityError::NeedsPassphrase)?;
    let kdf = Kdf::Bcrypt { salt: salt.to_vec(), rounds };
    let (key, iv) =
        kdf.derive_key_and_iv(cipher, passphrase).map_err(|_| damaged("the options of bcrypt"))?;
    let iv = Zeroizing::new(iv);
    let mut private = Zeroizing::new(container.private.to_vec());
    cipher.decrypt(&key, &iv, &mut private, tag).map_err(|_| IdentityError::WrongPassphrase)?;
    Ok(private)
}

/// The fields of a key, as they stand in the private section.
enum Fields<'a> {
    Ed25519 {
        public: &'a [u8],
        /// Seed and public key.
        pair: &'a [u8],
    },
    Ecdsa {
        curve: &'a str,
        point: &'a [u8],
        private: &'a [u8],
    },
    Rsa {
        n: &'a [u8],
        e: &'a [u8],
        d: &'a [u8],
        iqmp: &'a [u8],
        p: &'a [u8],
        q: &'a [u8],
    },
    Unsupported(&'a str),
}

/// Check numbers, key, comment, padding. A failure, not an error, if the check numbers differ.
fn private_section(bytes: &[u8]) -> IResult<&[u8], Fields<'_>> {
    let (input, (check, again)) = (take(4_usize), take(4_usize)).parse(bytes)?;
    if check != again {
        return Err(Err::Failure(Error::new(bytes, ErrorKind::Verify)));
    }
    let (input, key_type) = name(input)?;
    let (input, fields) = match key_type {
        "ssh-ed25519" => {
            (string, string).map(|(public, pair)| Fields::Ed25519 { public, pair }).parse(input)?
        }
        "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" => {
            (name, string, mpint)
                .map(|(curve, point, private)| Fields::Ecdsa { curve, point, private })
                .parse(input)?
        }
        "ssh-rsa" => (mpint, mpint, mpint, mpint, mpint, mpint)
            .map(|(n, e, d, iqmp, p, q)| Fields::Rsa { n, e, d, iqmp, p, q })
            .parse(input)?,
        other => return Ok((b"", Fields::Unsupported(other))),
    };
    let (input, _comment) = string(input)?;
    let is_padding = input.iter().zip(1..=u8::MAX).all(|(found, count)| *found == count);
    if !is_padding || input.len() > usize::from(u8::MAX) {
        return Err(Err::Error(Error::new(input, ErrorKind::Verify)));
    }
    Ok((b"", fields))
}

fn to_key(fields: &Fields<'_>) -> Result<PKey<Private>, IdentityError> {
    match *fields {
        Fields::Ed25519 { public, pair } => {
            let seed = pair.get(..32).ok_or_else(|| damaged("the length of the key"))?;
            let key = PKey::private_key_from_raw_bytes(seed, Id::ED25519)?;
            if key.raw_public_key()? != public || pair[32..] != *public {
                return Err(damaged("its public and private halves differ"));
            }
            Ok(key)
        }
        Fields::Ecdsa { curve, point, private } => {
            let group = EcGroup::from_curve_name(match curve {
                "nistp256" => Nid::X9_62_PRIME256V1,
                "nistp384" => Nid::SECP384R1,
                "nistp521" => Nid::SECP521R1,
                other => return Err(IdentityError::UnsupportedType(format!("EC over {other}"))),
            })?;
            let mut context = BigNumContext::new()?;
            let public = EcPoint::from_bytes(&group, point, &mut context)?;
            let key = EcKey::from_private_components(&group, &*secret(private)?, &public)?;
            // Also that the point belongs to the number.
            key.check_key()?;
            Ok(PKey::from_ec_key(key)?)
        }
        Fields::Rsa { n, e, d, iqmp, p, q } => {
            let (n, e) = (BigNum::from_slice(n)?, BigNum::from_slice(e)?);
            let (d, p, q) = (secret(d)?, secret(p)?, secret(q)?);
            let mut context = BigNumContext::new_secure()?;
            let mut product = BigNum::new()?;
            product.checked_mul(&p, &q, &mut context)?;
            if product != n || p.num_bits() < 2 || q.num_bits() < 2 {
                return Err(damaged("its public and private halves differ"));
            }
            // The format leaves these two out.
            let dmp1 = remainder(&d, &p, &mut context)?;
            let dmq1 = remainder(&d, &q, &mut context)?;
            let key = Rsa::from_private_components(n, e, d, p, q, dmp1, dmq1, secret(iqmp)?)?;
            Ok(PKey::from_rsa(key)?)
        }
        Fields::Unsupported(key_type) => Err(IdentityError::UnsupportedType(key_type.to_owned())),
    }
}

/// `number mod (prime - 1)`.
fn remainder(
    number: &BigNumRef,
    prime: &BigNumRef,
    context: &mut openssl::bn::BigNumContextRef,
) -> Result<BigNum, ErrorStack> {
    let mut modulus = BigNum::new_secure()?;
    modulus.checked_sub(prime, &*BigNum::from_u32(1)?)?;
    let mut remainder = BigNum::new_secure()?;
    remainder.nnmod(number, &modulus, context)?;
    Ok(remainder)
}

/// A number that OpenSSL wipes when it is dropped.
fn secret(bytes: &[u8]) -> Result<BigNum, ErrorStack> {
    let mut number = BigNum::new_secure()?;
    number.copy_from_slice(bytes)?;
    Ok(number)
}

/// string of RFC 4251 section 5.
fn string(input: &[u8]) -> IResult<&[u8], &[u8]> {
    length_data(be_u32).parse(input)
}

/// The name of an algorithm (RFC 4251 section 6), or none. Names are told in messages: in a damaged
/// file any other string may be a piece of the key.
fn name(input: &[u8]) -> IResult<&[u8], &str> {
    const LONGEST: usize = 64;
    let is_name = |text: &&str| text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_graphic());
    map_opt(string, |bytes| std::str::from_utf8(bytes).ok().filter(is_name)).parse(input)
}

/// mpint of RFC 4251 section 5; a negative one is an error.
fn mpint(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let is_negative = |bytes: &[u8]| bytes.first().is_some_and(|first| first & 0x80 != 0);
    map_opt(string, |bytes| (!is_negative(bytes)).then_some(bytes)).parse(input)
}

fn damaged(what: &str) -> IdentityError {
    IdentityError::Damaged(what.to_owned())
}
