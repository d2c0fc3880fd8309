//! Passes the linker the names of libssh2 that `src/ssh/ffi` and `src/ssh/cipher` take over.

fn main() {
    let mut symbols = vec!["ssh2_crypt_methods", "ssh2_mac_methods", "ssh2_packet_add"];
    if std::env::var("CARGO_CFG_TARGET_ENDIAN").is_ok_and(|endian| endian == "big") {
        symbols.push("ssh2_swap_bytes");
    }
    for symbol in symbols {
        println!("cargo::rustc-link-arg=-Wl,--wrap={symbol}");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
