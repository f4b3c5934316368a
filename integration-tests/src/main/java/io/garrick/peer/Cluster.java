package io.garrick.peer;

import io.garrick.peer.Outcome.Effect;
import io.garrick.peer.Outcome.Result;
import io.garrick.proto.eraft.Entry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * All peers, of both kinds, behind one door. Operations on raft-rs peers travel together in one
 * frame; between two peers only the network orders things, so that changes nothing.
 */
final class Cluster {
    private final RaftRsProcess raftRs;
    private final RandomGenerator random;
    private final SortedMap<Long, OurPeer> ours = new TreeMap<>();

    Cluster(RaftRsProcess raftRs, RandomGenerator random) {
        this.raftRs = raftRs;
        this.random = random;
    }

    /** Whether this peer runs our core. */
    boolean isOurs(long peer) {
        return ours.containsKey(peer);
    }

    OurPeer our(long peer) {
        OurPeer found = ours.get(peer);
        if (found == null) {
            throw new IllegalArgumentException("peer " + peer + " is not ours");
        }
        return found;
    }

    void createOurs(Op.Create create, boolean asynchronous) {
        ours.put(create.peer(), new OurPeer(create, asynchronous, random));
    }

    /**
     * Does the operations and returns their outcomes in the same order.
     *
     * @throws Ledger.BrokenPromiseException if a peer breaks
     */
    List<Outcome> perform(List<Op> ops) throws IOException {
        List<Op> theirs = new ArrayList<>();
        for (Op op : ops) {
            if (!isOurs(op.peer())) {
                theirs.add(op);
            }
        }
        Iterator<Outcome> answers = raftRs.perform(theirs).iterator();
        List<Outcome> outcomes = new ArrayList<>();
        for (Op op : ops) {
            Outcome outcome = isOurs(op.peer()) ? our(op.peer()).perform(op) : answers.next();
            if (outcome.result() == Result.FAILED) {
                throw new Ledger.BrokenPromiseException(
                        "peer " + op.peer() + ": " + outcome.text() + " on " + Trace.text(op));
            }
            outcomes.add(outcome);
        }
        return outcomes;
    }

    /** The entries in a peer's log. */
    List<Entry> log(long peer) throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (Effect effect : perform(List.of(new Op.Dump(peer))).getFirst().effects()) {
            if (effect instanceof Effect.Stored(Entry entry)) {
                entries.add(entry);
            }
        }
        return entries;
    }
}
