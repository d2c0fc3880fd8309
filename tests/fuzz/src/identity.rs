//! [`identity::parse`]: a key that is read is one that can be read again, and no message holds any
//! of it.

use zoxy::ssh::identity::{self, Identity};

use crate::pieces::is_one_line;

/// The input is a key file; its first byte says whether there is a passphrase. That is the one of
/// the encrypted seeds, whose rounds are few.
pub fn run(data: &[u8]) {
    let Some((flags, file)) = data.split_first() else { return };
    if file.len() > identity::MAX_FILE {
        return;
    }
    let passphrase = (flags & 1 != 0).then_some(&b"phrase"[..]);
    match identity::parse(file, passphrase) {
        Ok(read) => check(&read),
        Err(error) => {
            let error = error.to_string();
            assert!(is_one_line(&error) && error.len() < 300, "{error}");
        }
    }
}

fn check(read: &Identity) {
    assert_eq!(format!("{read:?}"), format!("Identity({})", read.fingerprint));
    assert!(is_one_line(&read.fingerprint.to_string()));
    let again = identity::parse(&read.private_pem, None).expect("it was just written");
    assert_eq!(again.public_blob, read.public_blob);
    assert_eq!(again.private_pem, read.private_pem);
}
