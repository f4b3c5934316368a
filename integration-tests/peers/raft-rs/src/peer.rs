//! One peer: a RawNode, its storage, and the loop that does what each Ready says.

use std::cmp::max;

use protobuf::Message as _;
use raft::eraftpb::{ConfChange, ConfChangeV2, ConfState, Entry, EntryType, Message, Snapshot};
use raft::prelude::ReadState;
use raft::{Config, RawNode, Result, SnapshotStatus, StateRole, INVALID_ID};
use slog::{o, Discard, Logger};

use crate::storage::Log;
use crate::wire::{Input, Output};

/// Ticks of the shortest election timeout, and how many are added at random.
const ELECTION_TICKS: usize = 10;

pub struct Peer {
    node: RawNode<Log>,
    config: Config,
    /// What election timeouts are drawn from, so that a run repeats.
    seed: u64,
    applied: u64,
}

/// What an operation caused, written in order of happening.
pub struct Effects<'a>(pub &'a mut Output);

impl Effects<'_> {
    const SEND: u8 = 1;
    const INSTALLED: u8 = 2;
    const APPLIED: u8 = 3;
    const CONFIGURED: u8 = 4;
    const READ: u8 = 5;
    const SNAPSHOT_WANTED: u8 = 6;
    const STORED: u8 = 7;

    fn put(&mut self, tag: u8, content: &[u8]) {
        self.0.u8(tag);
        self.0.bytes(content);
    }

    fn message(&mut self, tag: u8, content: &impl protobuf::Message) {
        self.put(tag, &content.write_to_bytes().expect("encodes"));
    }

    fn send(&mut self, messages: Vec<Message>) {
        for message in messages {
            self.message(Self::SEND, &message);
        }
    }

    fn reads(&mut self, reads: Vec<ReadState>) {
        for read in reads {
            self.0.u8(Self::READ);
            self.0.u64(read.index);
            self.0.bytes(&read.request_ctx);
        }
    }
}

fn logger() -> Logger {
    Logger::root(Discard, o!())
}

/// Spreads neighbouring inputs over all of u64 (the finalizer of SplitMix64).
fn mixed(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Peer {
    /// Reads what `Create` carries.
    pub fn create(id: u64, seed: u64, input: &mut Input) -> Result<Peer> {
        let mut config = Config::new(id);
        config.election_tick = ELECTION_TICKS;
        config.heartbeat_tick = 2;
        config.pre_vote = input.flag();
        config.check_quorum = input.flag();
        config.batch_append = input.flag();
        config.skip_bcast_commit = input.flag();
        config.max_inflight_msgs = input.u32() as usize;
        config.max_size_per_msg = input.u64();
        config.max_committed_size_per_ready = input.u64();
        config.priority = input.u64() as i64;
        let (index, term) = (input.u64(), input.u64());
        let conf_state = ConfState::parse_from_bytes(input.bytes())?;
        let log = if index == 0 {
            Log::default()
        } else {
            Log::starting_at(index, term, conf_state)
        };
        Peer::start(config, log, seed, index)
    }

    fn start(mut config: Config, log: Log, seed: u64, applied: u64) -> Result<Peer> {
        config.applied = applied;
        let node = RawNode::new(&config, log, &logger())?;
        let mut peer = Peer {
            node,
            config,
            seed,
            applied,
        };
        peer.draw_timeout();
        Ok(peer)
    }

    /// The same peer after a restart: only what is in its storage is left.
    pub fn restarted(self) -> Result<Peer> {
        let log = self.node.store().clone();
        Peer::start(self.config, log, self.seed, self.applied)
    }

    /// raft-rs draws election timeouts from the thread's own generator. They are overruled after
    /// every operation, and read only by the next one, so that chance never gets in.
    fn draw_timeout(&mut self) {
        let raft = &self.node.raft;
        let state = self.seed ^ mixed(raft.id) ^ mixed(raft.term << 3 | raft.state as u64);
        let timeout = ELECTION_TICKS + (mixed(state) % ELECTION_TICKS as u64) as usize;
        self.node.raft.set_randomized_election_timeout(timeout);
    }

    // ---- operations; each returns whether raft took it ----

    pub fn step(&mut self, message: &[u8]) -> Result<bool> {
        self.node.step(Message::parse_from_bytes(message)?)?;
        Ok(true)
    }

    pub fn tick(&mut self) -> Result<bool> {
        self.node.tick();
        Ok(true)
    }

    pub fn propose(&mut self, data: &[u8], context: &[u8]) -> Result<bool> {
        self.node.propose(context.to_vec(), data.to_vec())?;
        Ok(true)
    }

    pub fn propose_change(&mut self, change: &[u8], one_step_format: bool) -> Result<bool> {
        if one_step_format {
            let change = ConfChange::parse_from_bytes(change)?;
            self.node.propose_conf_change(vec![], change)?;
        } else {
            let change = ConfChangeV2::parse_from_bytes(change)?;
            self.node.propose_conf_change(vec![], change)?;
        }
        Ok(true)
    }

    pub fn transfer(&mut self, to: u64) -> Result<bool> {
        self.node.transfer_leader(to);
        Ok(true)
    }

    /// raft-rs itself lets even a learner campaign, and panics if it wins.
    pub fn campaign(&mut self) -> Result<bool> {
        let may = self.node.raft.promotable();
        if may {
            self.node.campaign()?;
        }
        Ok(may)
    }

    pub fn read_index(&mut self, context: &[u8]) -> Result<bool> {
        self.node.read_index(context.to_vec());
        Ok(true)
    }

    /// A peer with a tail that is not committed must not ask: raft-rs then takes an older snapshot
    /// that comes late, and forgets entries it has acknowledged.
    pub fn request_snapshot(&mut self) -> Result<bool> {
        let log = &self.node.raft.raft_log;
        let may = log.last_index() == log.committed;
        if may {
            self.node.request_snapshot()?;
        }
        Ok(may)
    }

    pub fn report_snapshot(&mut self, to: u64, arrived: bool) -> Result<bool> {
        let status = if arrived {
            SnapshotStatus::Finish
        } else {
            SnapshotStatus::Failure
        };
        self.node.report_snapshot(to, status);
        Ok(true)
    }

    pub fn report_unreachable(&mut self, to: u64) -> Result<bool> {
        self.node.report_unreachable(to);
        Ok(true)
    }

    pub fn ping(&mut self) -> Result<bool> {
        self.node.ping();
        Ok(true)
    }

    pub fn compact(&mut self, index: u64) -> Result<bool> {
        let index = index.min(self.applied);
        self.node.mut_store().compact(index);
        Ok(true)
    }

    pub fn offer(&mut self, snapshot: &[u8]) -> Result<bool> {
        let snapshot = Snapshot::parse_from_bytes(snapshot)?;
        self.node.mut_store().offer(snapshot);
        Ok(true)
    }

    pub fn dump(&self, effects: &mut Effects) -> Result<bool> {
        for entry in self.node.store().all() {
            effects.message(Effects::STORED, entry);
        }
        Ok(true)
    }

    // ---- Ready ----

    /// Does all that raft has ready: persist, send, apply.
    pub fn work(&mut self, effects: &mut Effects) -> Result<()> {
        while self.node.has_ready() {
            let mut ready = self.node.ready();
            effects.send(ready.take_messages());
            effects.reads(ready.take_read_states());
            if !ready.snapshot().is_empty() {
                let snapshot = ready.snapshot().clone();
                effects.message(Effects::INSTALLED, &snapshot);
                self.applied = snapshot.get_metadata().index;
                self.node.mut_store().install(snapshot);
            }
            self.node.mut_store().append(ready.take_entries());
            if let Some(hard_state) = ready.hs() {
                self.node.mut_store().hard_state = hard_state.clone();
            }
            effects.send(ready.take_persisted_messages());
            let mut committed = ready.take_committed_entries();
            let mut light = self.node.advance_append(ready);
            if let Some(commit) = light.commit_index() {
                self.node.mut_store().hard_state.commit = commit;
            }
            effects.send(light.take_messages());
            committed.extend(light.take_committed_entries());
            self.apply(committed, effects)?;
            self.node.advance_apply_to(self.applied);
            self.step_down_if_removed();
        }
        if self.node.store().take_wanted() {
            effects.put(Effects::SNAPSHOT_WANTED, &[]);
        }
        self.draw_timeout();
        Ok(())
    }

    /// raft-rs leaves a leader that is removed or demoted to its driver, and panics if it goes on.
    fn step_down_if_removed(&mut self) {
        let raft = &mut self.node.raft;
        if raft.state == StateRole::Leader && !raft.promotable() {
            let term = raft.term;
            raft.become_follower(term, INVALID_ID);
        }
    }

    fn apply(&mut self, entries: Vec<Entry>, effects: &mut Effects) -> Result<()> {
        for entry in entries {
            effects.message(Effects::APPLIED, &entry);
            self.applied = max(self.applied, entry.index);
            let conf_state = match entry.get_entry_type() {
                EntryType::EntryNormal => continue,
                EntryType::EntryConfChange => self
                    .node
                    .apply_conf_change(&ConfChange::parse_from_bytes(&entry.data)?)?,
                EntryType::EntryConfChangeV2 => self
                    .node
                    .apply_conf_change(&ConfChangeV2::parse_from_bytes(&entry.data)?)?,
            };
            effects.message(Effects::CONFIGURED, &conf_state);
            self.node.mut_store().conf_state = conf_state;
        }
        Ok(())
    }

    /// Term, vote, leader, role, commit, applied, first and last index.
    pub fn status(&self, out: &mut Output) {
        let raft = &self.node.raft;
        out.u64(raft.term);
        out.u64(raft.vote);
        out.u64(raft.leader_id);
        out.u8(match raft.state {
            StateRole::Follower => 0,
            StateRole::PreCandidate => 1,
            StateRole::Candidate => 2,
            StateRole::Leader => 3,
        });
        out.u64(raft.raft_log.committed);
        out.u64(self.applied);
        out.u64(self.node.store().first());
        out.u64(self.node.store().last());
    }
}
