//! Where everything is: addresses and files.

use std::{
    io,
    net::TcpListener,
    path::{Path, PathBuf},
};

/// Where the processes listen.
#[derive(Clone, Copy)]
pub(crate) enum Where {
    /// On a row of ports from this one on.
    Fixed(u16),
    /// On ports that are free now.
    Free,
}

/// Before which services something stands, once a test has put it there.
#[derive(Clone, Copy)]
pub(crate) struct Between {
    pub(crate) relay: bool,
    pub(crate) directory: bool,
}

/// The ports of all processes. Each is an origin of its own.
pub(crate) struct Ports {
    pub(crate) client: u16,
    pub(crate) relay: u16,
    /// Where the relay listens: the same, unless something stands in between.
    pub(crate) relay_behind: u16,
    pub(crate) directory: u16,
    /// Where the directory listens, likewise.
    pub(crate) directory_behind: u16,
    pub(crate) scotaccount: u16,
    pub(crate) attributes: u16,
}

impl Ports {
    pub(crate) fn choose(location: Where, between: Between) -> io::Result<Self> {
        let [client, relay, directory, scotaccount, attributes, behind_relay, behind_directory] =
            ports(location)?;
        let relay_behind = if between.relay { behind_relay } else { relay };
        let directory_behind = if between.directory { behind_directory } else { directory };
        Ok(Self { client, relay, relay_behind, directory, directory_behind, scotaccount, attributes })
    }
}

/// Seven ports. Free ones are held together until all are known, so that they differ.
fn ports(location: Where) -> io::Result<[u16; 7]> {
    let mut ports = [0; 7];
    match location {
        Where::Fixed(first) => {
            for (port, number) in ports.iter_mut().zip(first..) {
                *port = number;
            }
        }
        Where::Free => {
            let mut held = Vec::new();
            for port in &mut ports {
                let listener = TcpListener::bind(("127.0.0.1", 0))?;
                *port = listener.local_addr()?.port();
                held.push(listener);
            }
        }
    }
    Ok(ports)
}

/// The origin of a port on this machine, as a browser writes it.
pub(crate) fn origin(port: u16) -> String {
    format!("http://localhost:{port}")
}

/// What a process listens on.
pub(crate) fn listen(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// The folder that holds what has to last: keys, settings, stores.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder, readable by its owner alone, if it is not there.
    pub(crate) fn make(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        for part in ["keys", "relay", "directory", "scotaccount"] {
            builder.create(path.join(part))?;
        }
        Ok(Self(path.canonicalize()?))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn key(&self, name: &str) -> PathBuf {
        self.0.join("keys").join(name)
    }
}
