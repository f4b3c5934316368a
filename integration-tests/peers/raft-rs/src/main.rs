//! Raft peers that run raft-rs, driven step by step over one socket. See README.md.

mod peer;
mod storage;
mod wire;

use std::collections::BTreeMap;
use std::io::{BufReader, BufWriter};
use std::net::TcpStream;
use std::panic::{catch_unwind, AssertUnwindSafe};

use peer::{Effects, Peer};
use raft::{Error, Result};
use wire::{Input, Output};

const TAKEN: u8 = 0;
const DROPPED: u8 = 1;
const FAILED: u8 = 2;

#[derive(Default)]
struct Group {
    seed: u64,
    peers: BTreeMap<u64, Peer>,
}

impl Group {
    /// Does one operation and writes its outcome: effects, their end, result, status.
    fn operate(&mut self, input: &mut Input, out: &mut Output) -> Result<bool> {
        let code = input.u8();
        let id = input.u64();
        match code {
            0 => {
                self.seed = input.u64();
                self.peers.clear();
                return Ok(true);
            }
            1 => {
                let peer = Peer::create(id, self.seed, input)?;
                self.peers.insert(id, peer);
                return Ok(true);
            }
            2 => {
                self.peers.remove(&id);
                return Ok(true);
            }
            3 => {
                let peer = self.peers.remove(&id).expect("a peer with this id");
                self.peers.insert(id, peer.restarted()?);
                return Ok(true);
            }
            _ => {}
        }
        let peer = self.peers.get_mut(&id).expect("a peer with this id");
        let mut effects = Effects(out);
        let taken = match code {
            4 => peer.step(input.bytes()),
            5 => peer.tick(),
            6 => {
                let data = input.bytes();
                peer.propose(data, input.bytes())
            }
            7 => {
                let one_step_format = input.flag();
                peer.propose_change(input.bytes(), one_step_format)
            }
            8 => peer.transfer(input.u64()),
            9 => peer.campaign(),
            10 => peer.read_index(input.bytes()),
            11 => peer.request_snapshot(),
            12 => {
                let to = input.u64();
                peer.report_snapshot(to, input.flag())
            }
            13 => peer.report_unreachable(input.u64()),
            14 => peer.ping(),
            15 => peer.compact(input.u64()),
            16 => peer.offer(input.bytes()),
            17 => peer.dump(&mut effects),
            _ => panic!("unknown operation {code}"),
        };
        peer.work(&mut effects)?;
        taken
    }

    fn answer(&mut self, frame: &[u8]) -> Output {
        let mut input = Input(frame);
        let count = input.u32();
        let mut out = Output::default();
        for _ in 0..count {
            let id = u64::from_be_bytes(input.0[1..9].try_into().unwrap());
            // raft-rs panics where an invariant is broken; that is a finding, not an end.
            let result = catch_unwind(AssertUnwindSafe(|| self.operate(&mut input, &mut out)));
            out.u8(0);
            let (code, text) = match result {
                Ok(Ok(true)) => (TAKEN, String::new()),
                Ok(Ok(false)) => (DROPPED, "may not".to_owned()),
                Ok(Err(e @ Error::ProposalDropped))
                | Ok(Err(e @ Error::StepPeerNotFound))
                | Ok(Err(e @ Error::RequestSnapshotDropped)) => (DROPPED, e.to_string()),
                Ok(Err(e)) => (FAILED, e.to_string()),
                Err(panic) => (FAILED, format!("raft-rs panicked: {}", text_of(&*panic))),
            };
            out.u8(code);
            out.bytes(text.as_bytes());
            match self.peers.get(&id) {
                Some(peer) => {
                    out.u8(1);
                    peer.status(&mut out);
                }
                None => out.u8(0),
            }
            if code == FAILED {
                break;
            }
        }
        out
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<String>() {
        return text.clone();
    }
    match panic.downcast_ref::<&str>() {
        Some(text) => (*text).to_owned(),
        None => "without words".to_owned(),
    }
}

fn main() -> std::io::Result<()> {
    let port: u16 = std::env::args()
        .nth(1)
        .and_then(|port| port.parse().ok())
        .expect("usage: garrick-raft-rs-peer PORT");
    // The words go into the outcome; the place would be lost.
    std::panic::set_hook(Box::new(|panic| {
        if let Some(place) = panic.location() {
            eprintln!("panic at {}:{}", place.file(), place.line());
        }
    }));
    let socket = TcpStream::connect(("127.0.0.1", port))?;
    socket.set_nodelay(true)?;
    let mut requests = BufReader::new(socket.try_clone()?);
    let mut answers = BufWriter::new(socket);
    let mut group = Group::default();
    while let Some(frame) = wire::read_frame(&mut requests)? {
        let answer = group.answer(&frame);
        wire::write_frame(&mut answers, &answer.0)?;
    }
    Ok(())
}
