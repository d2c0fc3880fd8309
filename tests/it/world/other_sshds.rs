//! SSH servers that are not OpenSSH: AsyncSSH, as servers were before strict key exchange.

use std::net::TcpStream;
use std::process::Command;

use super::root::RootProcess;
use super::{Log, World, eventually, free_port, python, run, text};

/// AsyncSSH, which lets everybody with the right key in, and through to everywhere.
const ASYNCSSH: &str = "\
import sys, warnings
warnings.simplefilter('ignore')
try:
    import asyncio, asyncssh
except ImportError:
    sys.exit('asyncssh is missing: install the Debian package python3-asyncssh')
port, host_key, authorized, cipher, mac, compression, rekey, moment, trick = sys.argv[1:]

class Server(asyncssh.SSHServer):
    def connection_made(self, connection):
        self.connection = connection
    def do(self, now):
        if now == moment:
            exec(trick, {**globals(), 'connection': self.connection})
    def begin_auth(self, user):
        self.do('login')
        return True
    def connection_requested(self, *addresses):
        self.do('connect')
        return True

def at_once(connection, packets, held_back=0):
    '''Sends what `packets` sends in one piece, but the last `held_back` bytes of it a little later.'''
    sent, send = [], connection._send
    connection._send = sent.append
    packets()
    text = b''.join(sent)
    now = len(text) - held_back
    send(text[:now])
    sent[:] = [text[now:]]
    def rest():
        connection._send = send
        send(b''.join(sent))
    asyncio.get_event_loop().call_later(0.2, rest)

def ignored(connection, size):
    '''Sends SSH_MSG_IGNORE with a text of `size` bytes.'''
    connection.send_packet(2, asyncssh.packet.String(bytes(size)))

def empty(connection, filler):
    '''Sends a packet that has no message, only padding of one value.'''
    length = 16 + -(connection._send_enchdrlen) % connection._send_blocksize
    text = bytes([length]) + bytes([filler]) * length
    header = asyncssh.packet.UInt32(len(text))
    packet, mac = connection._send_encryption.encrypt_packet(connection._send_seq, header, text)
    connection._send(packet + mac)
    connection._send_seq += 1

def kexinit(connection, **lists):
    '''Begins a key exchange, for which it offers other names in some lists.'''
    kept = {name: getattr(connection, name) for name in lists}
    connection.__dict__.update(lists)
    connection._send_kexinit()
    connection._kexinit_sent = True
    connection.__dict__.update(kept)

def kexinits(connection):
    '''Begins a key exchange whenever there is none.'''
    if connection._kex_complete and not connection._next_recv_encryption:
        kexinit(connection)
    asyncio.get_event_loop().call_later(0.001, kexinits, connection)

def pack(connection, packed):
    '''Sends an SSH_MSG_IGNORE that is compressed to `packed`.'''
    class Packer:
        compress = lambda self, data: packed
    packer, connection._compressor = connection._compressor, Packer()
    ignored(connection, 0)
    connection._compressor = packer

# It neither offers strict key exchange nor takes the client's offer: sequence numbers go on.
asyncssh.connection.SSHConnection._get_extra_kex_algs = lambda self: [b'ext-info-s']
asyncssh.connection.SSHConnection._strict_kex = property(lambda self: False, lambda self, on: None)

async def serve():
    await asyncssh.create_server(
        Server, '127.0.0.1', int(port), server_host_keys=[host_key],
        authorized_client_keys=authorized, encryption_algs=[cipher], mac_algs=[mac],
        rekey_bytes=int(rekey), compression_algs=[compression], reuse_address=True)
    print('ready', flush=True)
    await asyncio.Event().wait()

asyncio.run(serve())
";

/// The running server.
pub struct OtherSshd {
    /// Port on 127.0.0.1.
    pub port: u16,
    /// SHA256 fingerprint of its host key.
    pub fingerprint: String,
    log: Log,
    _process: RootProcess,
}

impl OtherSshd {
    /// Starts AsyncSSH without strict key exchange, with one cipher and one MAC; it renews its keys every
    /// `rekey` bytes.
    pub fn asyncssh(world: &World, cipher: &str, mac: &str, rekey: u64) -> Self {
        Self::with_trick(world, [cipher, mac, "none"], rekey, ["connect", "pass"])
    }

    /// The same, with one method of compression; each time a client wants to "login", or to be connected ("connect"), it first does a trick: a piece
    /// of Python for which `connection` is the session.
    pub fn with_trick(
        world: &World,
        [cipher, mac, compression]: [&str; 3],
        rekey: u64,
        [moment, trick]: [&str; 2],
    ) -> Self {
        let port = free_port();
        let host_key = world.key("asyncssh-host", &["-t", "ed25519", "-N", ""]);
        let script = world.write("ssh-server.py", ASYNCSSH);
        let log = world.log("asyncssh");
        let shown = run(Command::new("ssh-keygen").arg("-lf").arg(&host_key));
        let fingerprint = text(&shown.stdout).split(' ').nth(1).unwrap_or_default().to_owned();
        let authorized = world.identity().with_extension("pub");
        let files = [script, host_key, authorized].map(|path| path.display().to_string());
        let [script, host_key, authorized] = &files;
        let (at, rekey) = (port.to_string(), rekey.to_string());
        let arguments =
            [script, &at, host_key, authorized, cipher, mac, compression, &rekey, moment, trick];
        let process = RootProcess::start(&log, &python(), &arguments);
        // Its log is shown if it does not start.
        let server = Self { port, fingerprint, log, _process: process };
        eventually("AsyncSSH to listen", || TcpStream::connect(("127.0.0.1", port)).ok());
        server
    }
}

impl Drop for OtherSshd {
    fn drop(&mut self) {
        self.log.show_on_failure("AsyncSSH");
    }
}
