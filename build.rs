//! Passes the linker the names of libssh2 that `src/ssh/ffi` and `src/ssh/cipher` take over.

fn main() {
    for symbol in ["ssh2_crypt_methods", "ssh2_packet_add"] {
        println!("cargo::rustc-link-arg=-Wl,--wrap={symbol}");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
