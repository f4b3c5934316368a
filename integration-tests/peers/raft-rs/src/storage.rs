//! The durable half of one peer, kept in memory: hard state, configuration, log and last snapshot.
//!
//! Everything handed in is durable at once. A snapshot is never made here: raft is told "not yet",
//! the wish is remembered, and the driver at the other end of the socket supplies one.

use std::cell::Cell;

use raft::eraftpb::{ConfState, Entry, HardState, Snapshot};
use raft::util::limit_size;
use raft::{Error, GetEntriesContext, RaftState, Result, Storage, StorageError};

#[derive(Clone, Default)]
pub struct Log {
    pub hard_state: HardState,
    pub conf_state: ConfState,
    /// The entry before `entries[0]`: gone, but its index and term are known.
    compacted_index: u64,
    compacted_term: u64,
    entries: Vec<Entry>,
    snapshot: Snapshot,
    wanted: Cell<bool>,
}

impl Log {
    /// A log whose first entry will follow `index`, and a configuration that all agree on.
    pub fn starting_at(index: u64, term: u64, conf_state: ConfState) -> Log {
        let mut log = Log {
            compacted_index: index,
            compacted_term: term,
            conf_state,
            ..Log::default()
        };
        log.hard_state.term = term;
        log.hard_state.commit = index;
        log
    }

    pub fn first(&self) -> u64 {
        self.compacted_index + 1
    }

    pub fn last(&self) -> u64 {
        self.compacted_index + self.entries.len() as u64
    }

    pub fn all(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether raft asked for a snapshot that is not here; forgets the wish.
    pub fn take_wanted(&self) -> bool {
        self.wanted.replace(false)
    }

    /// Appends; an entry that is here already goes, with all that follow it.
    pub fn append(&mut self, new: Vec<Entry>) {
        if let Some(head) = new.first() {
            assert!(
                head.index >= self.first() && head.index <= self.last() + 1,
                "append at {} to a log [{}, {}]",
                head.index,
                self.first(),
                self.last()
            );
            self.entries
                .truncate((head.index - self.compacted_index - 1) as usize);
            self.entries.extend(new);
        }
    }

    /// Replaces log and configuration by a snapshot from the leader.
    pub fn install(&mut self, snapshot: Snapshot) {
        let meta = snapshot.get_metadata();
        self.compacted_index = meta.index;
        self.compacted_term = meta.term;
        self.conf_state = meta.get_conf_state().clone();
        self.hard_state.commit = self.hard_state.commit.max(meta.index);
        self.entries.clear();
        self.snapshot = snapshot;
    }

    pub fn offer(&mut self, snapshot: Snapshot) {
        self.snapshot = snapshot;
    }

    /// Drops entries up to and including `index`.
    pub fn compact(&mut self, index: u64) {
        if index > self.compacted_index {
            let term = self.term(index).expect("compact within the log");
            self.entries
                .drain(..(index - self.compacted_index) as usize);
            self.compacted_index = index;
            self.compacted_term = term;
        }
    }
}

impl Storage for Log {
    fn initial_state(&self) -> Result<RaftState> {
        Ok(RaftState::new(
            self.hard_state.clone(),
            self.conf_state.clone(),
        ))
    }

    fn entries(
        &self,
        low: u64,
        high: u64,
        max_size: impl Into<Option<u64>>,
        _: GetEntriesContext,
    ) -> Result<Vec<Entry>> {
        if low < self.first() {
            return Err(Error::Store(StorageError::Compacted));
        }
        assert!(
            high <= self.last() + 1,
            "entries up to {} of {}",
            high,
            self.last()
        );
        let from = (low - self.first()) as usize;
        let to = (high - self.first()) as usize;
        let mut found = self.entries[from..to].to_vec();
        limit_size(&mut found, max_size.into());
        Ok(found)
    }

    fn term(&self, index: u64) -> Result<u64> {
        if index == self.compacted_index {
            return Ok(self.compacted_term);
        }
        if index < self.first() {
            return Err(Error::Store(StorageError::Compacted));
        }
        if index > self.last() {
            return Err(Error::Store(StorageError::Unavailable));
        }
        Ok(self.entries[(index - self.first()) as usize].term)
    }

    fn first_index(&self) -> Result<u64> {
        Ok(self.first())
    }

    fn last_index(&self) -> Result<u64> {
        Ok(self.last())
    }

    fn snapshot(&self, request_index: u64, to: u64) -> Result<Snapshot> {
        let meta = self.snapshot.get_metadata();
        let conf = meta.get_conf_state();
        // A peer refuses a snapshot from before it was a member.
        let member = conf.voters.contains(&to)
            || conf.learners.contains(&to)
            || conf.voters_outgoing.contains(&to);
        if !member || meta.index < request_index || meta.index < self.compacted_index {
            self.wanted.set(true);
            return Err(Error::Store(StorageError::SnapshotTemporarilyUnavailable));
        }
        Ok(self.snapshot.clone())
    }
}
