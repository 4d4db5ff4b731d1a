//! A TCP proxy before a broker, whose network fails: connections are reset, bytes are late, or go
//! nowhere.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
};

/// How the network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    Good,
    /// Every packet takes so long.
    Slow(Duration),
    /// Nothing gets through; what was sent arrives when that is over.
    Hole,
    /// The broker has lost all connections and nobody told the clients.
    HalfOpen,
}

#[derive(Debug, Clone, Copy)]
struct State {
    network: Network,
    /// How often all connections were reset so far.
    resets: u64,
}

/// The proxy; clients come to [`Proxy::port`].
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    broker: Arc<OnceLock<SocketAddr>>,
    state: watch::Sender<State>,
}

impl Proxy {
    /// Listens; the broker is told where before it starts, and tells where it is after that.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (state, _) = watch::channel(State { network: Network::Good, resets: 0 });
        let broker = Arc::new(OnceLock::new());
        tokio::spawn(accept(listener, Arc::clone(&broker), state.clone()));
        Self { port, broker, state }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn lead_to(&self, broker: SocketAddr) {
        self.broker.set(broker).unwrap();
    }

    pub(crate) fn set(&self, network: Network) {
        self.state.send_modify(|state| state.network = network);
    }

    /// Resets all connections there are.
    pub(crate) fn reset(&self) {
        self.state.send_modify(|state| state.resets += 1);
    }
}

async fn accept(
    listener: TcpListener,
    broker: Arc<OnceLock<SocketAddr>>,
    state: watch::Sender<State>,
) {
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        // Clients start after the broker.
        let Some(broker) = broker.get().copied() else { continue };
        tokio::spawn(connection(client, broker, state.subscribe()));
    }
}

async fn connection(mut client: TcpStream, broker: SocketAddr, mut state: watch::Receiver<State>) {
    let resets = state.borrow().resets;
    // A packet that asks for a connection gets nowhere, either.
    if state
        .wait_for(|state| {
            !matches!(state.network, Network::Hole | Network::HalfOpen) || state.resets != resets
        })
        .await
        .is_err()
    {
        return;
    }
    if let Ok(mut server) = TcpStream::connect(broker).await {
        let (requests, to_client) = client.split();
        let (answers, to_server) = server.split();
        let pumped = async {
            tokio::join!(
                pump(requests, to_server, state.clone()),
                pump(answers, to_client, state.clone())
            )
        };
        let mut network = state.clone();
        tokio::select! {
            // One of them closed in order.
            _ = pumped => return,
            changed = network.wait_for(|network| network.network == Network::HalfOpen || network.resets != resets) => drop(changed),
        }
    }
    // The broker's side is closed; the client's stays until it is told, by a reset.
    if state
        .wait_for(|state| state.network != Network::HalfOpen || state.resets != resets)
        .await
        .is_ok()
    {
        client.set_zero_linger().ok();
    }
}

async fn pump(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, mut state: watch::Receiver<State>) {
    let mut buffer = vec![0; 256 << 10];
    while let Ok(read) = from.read(&mut buffer).await {
        if read == 0 {
            break;
        }
        let network = match state.wait_for(|state| state.network != Network::Hole).await {
            Ok(state) => state.network,
            Err(_) => break,
        };
        if let Network::Slow(delay) = network {
            tokio::time::sleep(delay).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    to.shutdown().await.ok();
}
