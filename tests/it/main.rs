//! Integration tests: zoxy as a process, between real clients and real servers.
//!
//! One module per behaviour. `ZOXY_BIN` and `ZOXY_RUNNER` choose the binary under test and an
//! emulator for it; the clients and servers are always native. See docs/testing.md.

mod world;

mod access;
mod auth_methods;
mod batchftp;
mod batchftp_failures;
mod batchftp_jobs;
mod batchftp_lies;
mod batchftp_terminal;
mod black_hole_isolation;
mod cancel;
mod codepages;
mod console;
mod console_terminal;
mod datasets;
mod deck_check;
mod ebcdic_deck;
mod ftp;
mod ftp_display;
mod ftptun_ahead;
mod ftptun_applogin;
mod ftptun_broken;
mod ftptun_cancelled;

mod ftptun_clients;
mod ftptun_composite;
mod ftptun_data;
mod ftptun_fallback;
mod ftptun_forward;
mod ftptun_forward_order;
mod ftptun_forward_refused;
mod ftptun_idle;
mod ftptun_ipv6;
mod ftptun_login;
mod ftptun_never_plain;
mod ftptun_only_ssh;
mod ftptun_relay;
mod ftptun_servers;
mod ftptun_sessions;
mod ftptun_transfers;
mod half_close;
mod handshake;
mod host_key;
mod hostile_sshd;
mod iconv;
mod idle;
mod ivp;
mod job_output;
mod job_rules;
mod jobs;
mod keepalive;
mod limits;
mod log_routes;
mod lost_after_login;
mod many_connections;
mod no_lies;
mod no_strict_kex;
mod operator;
mod refresh;
mod rekey;
mod reply_codes;
mod report;
mod secrets_in_memory;
mod service;
mod slow_reader;
mod socks_versions;
mod spread;
mod sshd_killed;
mod stop;
mod tasks;
mod tools;
mod urgent;
