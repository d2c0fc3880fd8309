use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::symm::Cipher;

use super::*;

fn load(path: &Path, passphrase: Option<&[u8]>) -> Result<Identity, IdentityError> {
    super::load(&path.into(), passphrase)
}

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("zoxy-identity-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, contents: &[u8], mode: u32) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.0.join(name);
        std::fs::write(&path, contents).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// A key by ssh-keygen: its path and the blob of its .pub file.
    fn keygen(&self, options: &[&str]) -> (PathBuf, Vec<u8>) {
        let path = self.0.join("key");
        for old in [path.clone(), path.with_extension("pub")] {
            let _ = std::fs::remove_file(old);
        }
        let status = Command::new("ssh-keygen")
            .args(["-q", "-a", "1", "-C", "zoxy test", "-f"])
            .arg(&path)
            .args(options)
            .stdin(Stdio::null())
            .status()
            .expect("ssh-keygen is needed: install the Debian package openssh-client");
        assert!(status.success(), "ssh-keygen {options:?}");
        let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
        let blob = openssl::base64::decode_block(public.split(' ').nth(1).unwrap()).unwrap();
        (path, blob)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The identity must be the key of `blob`, and OpenSSL must take it back and find it sound.
fn assert_sound(identity: &Identity, blob: &[u8]) {
    assert_eq!(identity.public_blob, blob);
    assert_eq!(identity.fingerprint, Fingerprint::of(blob));
    let key = PKey::private_key_from_pem(&identity.private_pem).unwrap();
    if let Ok(rsa) = key.rsa() {
        assert!(rsa.check_key().unwrap());
    }
    if let Ok(ec) = key.ec_key() {
        ec.check_key().unwrap();
    }
    assert_eq!(public_blob(&key).unwrap(), blob);
}

const TYPES: &[&[&str]] = &[
    &["-t", "ed25519"],
    &["-t", "rsa", "-b", "2048"],
    &["-t", "ecdsa", "-b", "256"],
    &["-t", "ecdsa", "-b", "384"],
    &["-t", "ecdsa", "-b", "521"],
];

#[test]
fn every_type_and_format_of_ssh_keygen_plain_and_encrypted() {
    let folder = Folder::new();
    for key_type in TYPES {
        for format in ["RFC4716", "PEM", "PKCS8"] {
            let (path, blob) = folder.keygen(&[*key_type, &["-m", format, "-N", ""]].concat());
            assert_sound(&load(&path, None).unwrap(), &blob);
            assert_sound(&load(&path, Some(b"not needed")).unwrap(), &blob);

            let (path, blob) =
                folder.keygen(&[*key_type, &["-m", format, "-N", "open sesame"]].concat());
            let identity = load(&path, Some(b"open sesame"));
            let identity =
                identity.unwrap_or_else(|error| panic!("{key_type:?} {format}: {error}"));
            assert_sound(&identity, &blob);
            for (passphrase, is_wrong) in
                [(None, false), (Some(&b""[..]), false), (Some(b"x"), true)]
            {
                let error = load(&path, passphrase).unwrap_err();
                match error {
                    IdentityError::WrongPassphrase if is_wrong => {}
                    IdentityError::NeedsPassphrase if !is_wrong => {}
                    other => panic!("{key_type:?} {format} {passphrase:?}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn every_cipher_of_openssh_keys() {
    let folder = Folder::new();
    for cipher in [
        "aes128-cbc",
        "aes256-cbc",
        "aes128-ctr",
        "aes256-ctr",
        "aes128-gcm@openssh.com",
        "aes256-gcm@openssh.com",
        "chacha20-poly1305@openssh.com",
    ] {
        let (path, blob) = folder.keygen(&["-t", "ed25519", "-N", "secret", "-Z", cipher]);
        assert_sound(&load(&path, Some(b"secret")).unwrap(), &blob);
        assert!(
            matches!(load(&path, Some(b"other")), Err(IdentityError::WrongPassphrase)),
            "{cipher}"
        );
    }
}

/// An ECDSA key whose number is short has a short field for it, which a fixed width would refuse.
#[test]
fn short_numbers_of_ecdsa_keys() {
    let group = EcGroup::from_curve_name(Nid::SECP521R1).unwrap();
    for (number, want) in [(1, true), (0x7f, true), (0x8000, true), (0, false)] {
        let private = BigNum::from_u32(number).unwrap();
        let mut context = BigNumContext::new().unwrap();
        let mut point = EcPoint::new(&group).unwrap();
        point.mul_generator2(&group, &private, &mut context).unwrap();
        let form = PointConversionForm::UNCOMPRESSED;
        let point = point.to_bytes(&group, form, &mut context).unwrap();
        let mut inner = vec![7; 8];
        put_string(&mut inner, b"ecdsa-sha2-nistp521");
        put_string(&mut inner, b"nistp521");
        put_string(&mut inner, &point);
        put_mpint(&mut inner, &private);
        put_string(&mut inner, b"comment");
        inner.extend([1, 2, 3]);
        let result = parse(&openssh_file(b"none", b"none", b"", &inner), None);
        assert_eq!(result.is_ok(), want, "{number}: {result:?}");
    }
}

/// An OpenSSH private key file of these parts.
fn openssh_file(cipher: &[u8], kdf: &[u8], options: &[u8], private: &[u8]) -> Vec<u8> {
    let mut bytes = b"openssh-key-v1\0".to_vec();
    put_string(&mut bytes, cipher);
    put_string(&mut bytes, kdf);
    put_string(&mut bytes, options);
    bytes.extend(1_u32.to_be_bytes());
    put_string(&mut bytes, b"the public half is not looked at");
    put_string(&mut bytes, private);
    let base64 = openssl::base64::encode_block(&bytes);
    [openssh::BEGIN, b"\n", base64.as_bytes(), b"\n", openssh::END, b"\n"].concat()
}

#[test]
fn ed25519_in_pkcs8() {
    let key = PKey::generate_ed25519().unwrap();
    let blob = public_blob(&key).unwrap();
    let plain = key.private_key_to_pem_pkcs8().unwrap();
    assert_sound(&parse(&plain, None).unwrap(), &blob);
    let encrypted =
        key.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), b"secret").unwrap();
    assert_sound(&parse(&encrypted, Some(b"secret")).unwrap(), &blob);
    assert!(matches!(parse(&encrypted, None), Err(IdentityError::NeedsPassphrase)));
    let long = vec![b'x'; 5000];
    assert!(matches!(parse(&encrypted, Some(&long)), Err(IdentityError::WrongPassphrase)));
}

#[test]
fn line_width_and_line_ends_of_an_openssh_key_do_not_matter() {
    let folder = Folder::new();
    let (path, blob) = folder.keygen(&["-t", "ed25519", "-N", ""]);
    let text = std::fs::read_to_string(path).unwrap();
    assert_sound(&parse(text.replace('\n', "\r\n").as_bytes(), None).unwrap(), &blob);
    let (first, body) = text.split_once('\n').unwrap();
    let rewrapped =
        format!("{first}\n{}", body.replacen("b3B", "b3\n  B", 1).replacen("bm", "b\nm", 1));
    assert_sound(&parse(rewrapped.as_bytes(), None).unwrap(), &blob);
}

#[test]
fn what_is_no_private_key_is_named() {
    let folder = Folder::new();
    let (path, _) = folder.keygen(&["-t", "ed25519", "-N", ""]);
    let public = std::fs::read(path.with_extension("pub")).unwrap();
    assert!(matches!(parse(&public, None), Err(IdentityError::PublicKey)));
    let pem = PKey::generate_ed25519().unwrap().public_key_to_pem().unwrap();
    assert!(matches!(parse(&pem, None), Err(IdentityError::PublicKey)));
    let ssh2 = b"---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n";
    assert!(matches!(parse(ssh2, None), Err(IdentityError::PublicKey)));
    let tectia = b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n";
    assert!(matches!(parse(tectia, None), Err(IdentityError::Foreign(_))));
    let putty = b"PuTTY-User-Key-File-3: ssh-ed25519\n";
    assert!(matches!(parse(putty, None), Err(IdentityError::Foreign(_))));
    for junk in [&b""[..], b"hello", b"\xff\x00"] {
        assert!(matches!(parse(junk, None), Err(IdentityError::NotAKey)));
    }
}

#[test]
fn unsupported_types_are_named() {
    let ed448 = PKey::generate_ed448().unwrap().private_key_to_pem_pkcs8().unwrap();
    let error = parse(&ed448, None).unwrap_err();
    assert_eq!(error.to_string(), "private keys of type ED448 are not supported");
    let group = EcGroup::from_curve_name(Nid::SECP256K1).unwrap();
    let key = EcKey::generate(&group).unwrap().private_key_to_pem().unwrap();
    let error = parse(&key, None).unwrap_err();
    assert_eq!(error.to_string(), "private keys of type EC over secp256k1 are not supported");
}

#[test]
fn damaged_keys_are_errors_wherever_they_are_damaged() {
    let folder = Folder::new();
    for options in [&["-t", "ed25519", "-N", ""][..], &["-t", "ecdsa", "-m", "PKCS8", "-N", ""]] {
        let (path, _) = folder.keygen(options);
        let text = std::fs::read(path).unwrap();
        for cut in 0..text.len() - 2 {
            // Without its last newline or dash a file may still be whole.
            if let Ok(identity) = parse(&text[..cut], None) {
                panic!("{identity:?} from {cut} of {} bytes", text.len());
            }
        }
        for at in (0..text.len()).step_by(3) {
            let mut text = text.clone();
            text[at] ^= 0x11;
            let _ = parse(&text, None);
        }
    }
}

#[test]
fn files_are_checked_before_they_are_used() {
    let folder = Folder::new();
    let missing = load(&folder.0.join("missing"), None).unwrap_err();
    assert!(
        matches!(missing, IdentityError::Read(error) if error.kind() == io::ErrorKind::NotFound)
    );
    assert!(matches!(load(&folder.0, None), Err(IdentityError::Read(_))));

    let key = PKey::generate_ed25519().unwrap().private_key_to_pem_pkcs8().unwrap();
    for mode in [0o640, 0o604, 0o660] {
        let path = folder.file("open", &key, mode);
        assert!(matches!(load(&path, None), Err(IdentityError::TooOpen(found)) if found == mode));
    }
    assert!(load(&folder.file("closed", &key, 0o600), None).is_ok());
    let large = folder.file("large", &vec![b'x'; MAX_FILE + 1], 0o600);
    assert!(matches!(load(&large, None), Err(IdentityError::TooLarge)));
}

#[test]
fn too_many_rounds_are_refused_unopened() {
    let mut options = Vec::new();
    put_string(&mut options, &[7; 16]);
    options.extend(1_000_000_u32.to_be_bytes());
    let file = openssh_file(b"aes256-ctr", b"bcrypt", &options, &[0; 160]);
    assert!(matches!(parse(&file, Some(b"x")), Err(IdentityError::TooManyRounds(1_000_000))));
}

#[test]
fn foreign_fields_of_openssh_keys_are_named() {
    let error = |cipher: &[u8], kdf: &[u8], private: &[u8]| {
        parse(&openssh_file(cipher, kdf, b"", private), Some(b"x")).unwrap_err().to_string()
    };
    assert!(error(b"rot13", b"bcrypt", &[0; 64]).contains("by rot13"));
    assert!(error(b"aes256-ctr", b"scrypt", &[0; 64]).contains("by scrypt"));
    let mut inner = vec![7; 8];
    put_string(&mut inner, b"sk-ssh-ed25519@openssh.com");
    assert!(error(b"none", b"none", &inner).contains("type sk-ssh-ed25519@openssh.com"));
    assert!(error(b"none", b"none", &[0; 7]).contains("damaged"));
}

#[test]
fn debug_output_has_no_secret() {
    let key = PKey::generate_ed25519().unwrap().private_key_to_pem_pkcs8().unwrap();
    let identity = parse(&key, None).unwrap();
    assert!(format!("{identity:?}").starts_with("Identity(ssh-ed25519 SHA256:"));
}
