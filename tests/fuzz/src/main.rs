//! Fuzz targets: each takes bytes from libFuzzer and checks what zoxy promises of them, not only
//! that it does not panic. One program; the variable FUZZ_TARGET names the target. See `../run`.
//!
//! A new target is a module with a `run`, a line in [`TARGETS`], and a folder of seeds of its name.

#![no_main]

mod codepage;
mod deck;
mod ftp_address;
mod ftp_command;
mod ftp_dialogue;
mod ftp_reply;
mod identity;
mod jcl;
mod known_hosts;
mod names;
mod pieces;
mod records;
mod rules;
mod socks;
mod ssh_channels;
mod telnet;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

type Target = fn(&[u8]);

const TARGETS: &[(&str, Target)] = &[
    ("codepage", codepage::run),
    ("deck", deck::run),
    ("ftp_address", ftp_address::run),
    ("ftp_command", ftp_command::run),
    ("ftp_dialogue", ftp_dialogue::run),
    ("ftp_reply", ftp_reply::run),
    ("identity", identity::run),
    ("jcl", jcl::run),
    ("known_hosts", known_hosts::run),
    ("names", names::run),
    ("records", records::run),
    ("rules", rules::run),
    ("socks", socks::run),
    ("ssh_channels", ssh_channels::run),
    ("telnet", telnet::run),
];

static TARGET: OnceLock<Target> = OnceLock::new();

fuzz_target!(
    init: {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        let Some((_, target)) = TARGETS.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
            eprintln!("FUZZ_TARGET={name}: no such target; there are {}", names.join(", "));
            std::process::exit(2);
        };
        TARGET.get_or_init(|| *target);
    },
    |data: &[u8]| TARGET.get().expect("init comes first")(data)
);
