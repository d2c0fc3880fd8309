//! The names of libssh2 that zoxy takes over, as in zoxy's own build script.

fn main() {
    for symbol in ["ssh2_crypt_methods", "ssh2_packet_add"] {
        println!("cargo::rustc-link-arg-bins=-Wl,--wrap={symbol}");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
