//! Integration tests: zoxy as a process, between real clients and real servers.
//!
//! One module per behaviour. `ZOXY_BIN` and `ZOXY_RUNNER` choose the binary under test and an
//! emulator for it; the clients and servers are always native. See docs/testing.md.

mod world;

mod access;
mod auth_methods;
mod black_hole_isolation;
mod codepages;
mod console;
mod datasets;
mod deck_check;
mod ebcdic_deck;
mod ftp;
mod ftp_display;
mod ftptun_broken;
mod ftptun_clients;
mod ftptun_composite;
mod ftptun_data;
mod ftptun_login;
mod ftptun_servers;
mod ftptun_sessions;
mod ftptun_transfers;
mod half_close;
mod handshake;
mod host_key;
mod iconv;
mod idle;
mod ivp;
mod jobs;
mod keepalive;
mod limits;
mod many_connections;
mod no_lies;
mod refresh;
mod rekey;
mod reply_codes;
mod service;
mod slow_reader;
mod socks_versions;
mod sshd_killed;
mod stop;
mod tasks;
mod tools;
mod urgent;
