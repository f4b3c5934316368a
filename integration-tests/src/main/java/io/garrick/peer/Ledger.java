package io.garrick.peer;

import com.google.protobuf.ByteString;
import io.garrick.peer.Outcome.Status;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.eraft.SnapshotMetadata;
import io.garrick.raft.RaftRole;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.LongUnaryOperator;

/**
 * What the group has agreed on, and whether each peer keeps to it.
 *
 * <p>It keeps the one log of entries that anybody applied. Every peer applies without gaps, and
 * each applied entry is compared with the one at its index, so a peer's state is a prefix of this
 * log; a snapshot must carry the digest of that prefix. Besides: one leader per term, and a leader
 * has all that was committed in terms before its own (Raft thesis, figure 3.2).
 */
final class Ledger {
    /** A promise of raft is broken. */
    static final class BrokenPromiseException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BrokenPromiseException(String what) {
            super(what);
        }
    }

    /** Known to be committed since somebody saw it so in {@code seenInTerm}. */
    private record Committed(long seenInTerm, long term) {}

    private final long startIndex;
    private final List<Entry> log = new ArrayList<>();
    private final List<ByteString> digests = new ArrayList<>();
    private final Map<Long, ConfState> configurations = new HashMap<>();
    private final List<Committed> committed = new ArrayList<>();
    private final Map<Long, Long> leaders = new HashMap<>();
    private final Map<Long, Long> appliedByPeer = new HashMap<>();
    private final Map<ByteString, Long> readsAsked = new HashMap<>();
    private ConfState conf;
    private long startTerm;

    Ledger(Op.Start start) {
        startIndex = start.index();
        startTerm = start.term();
        conf = sorted(start.conf());
        configurations.put(startIndex, conf);
        digests.add(ByteString.copyFromUtf8("start"));
    }

    // ---- what peers do ----

    /** A peer begins, or begins again, with its state at this index. */
    void started(long peer, long appliedIndex) {
        appliedByPeer.put(peer, appliedIndex);
    }

    /** Returns whether nobody has applied this entry before. */
    boolean applied(long peer, Entry entry) {
        long index = entry.getIndex();
        long before = appliedByPeer.getOrDefault(peer, 0L);
        check(index == before + 1, () -> "peer " + peer + " applies " + index + " after " + before);
        appliedByPeer.put(peer, index);
        if (index <= lastIndex()) {
            Entry agreed = entry(index);
            check(
                    same(agreed, entry),
                    () -> "peer " + peer + " applies " + text(entry) + ", not " + text(agreed));
            return false;
        }
        log.add(entry);
        digests.add(digest(digests.getLast(), entry));
        return true;
    }

    /** The entry that the peer applied last left it with this configuration. */
    void configured(long peer, ConfState state) {
        long index = appliedByPeer.getOrDefault(peer, 0L);
        ConfState mine = sorted(state);
        ConfState agreed = configurations.putIfAbsent(index, mine);
        check(
                agreed == null || agreed.equals(mine),
                () -> "peer " + peer + " is configured at " + index + " as " + mine + agreed);
        if (index == lastIndex()) {
            conf = mine;
        }
    }

    void installed(long peer, Snapshot snapshot) {
        SnapshotMetadata meta = snapshot.getMetadata();
        long index = meta.getIndex();
        long before = appliedByPeer.getOrDefault(peer, 0L);
        check(
                index >= before,
                () -> "peer " + peer + " goes back from " + before + " to snapshot " + index);
        check(
                index >= startIndex && index <= lastIndex(),
                () -> "peer " + peer + " installs a snapshot at " + index + ", never applied");
        boolean same =
                snapshot.getData().equals(digests.get((int) (index - startIndex)))
                        && meta.getTerm() == termAt(index)
                        && sorted(meta.getConfState()).equals(configurationAt(index));
        check(same, () -> "peer " + peer + " installs another snapshot at " + index);
        appliedByPeer.put(peer, index);
    }

    /**
     * Looks at a peer after an operation.
     *
     * @param terms the peer's log: index to term, 0 where it has no entry, -1 where it is compacted
     * @return whether this peer has just been elected
     */
    boolean observe(long peer, Status status, LongUnaryOperator terms) {
        boolean elected = status.role() == RaftRole.LEADER && isNewLeader(peer, status.term());
        if (elected) {
            checkComplete(peer, status, terms);
        }
        while (startIndex + committed.size() < status.commit()) {
            long index = startIndex + committed.size() + 1;
            long term = index <= lastIndex() ? termAt(index) : terms.applyAsLong(index);
            committed.add(new Committed(status.term(), term));
        }
        return elected;
    }

    private boolean isNewLeader(long peer, long term) {
        Long before = leaders.putIfAbsent(term, peer);
        check(
                before == null || before == peer,
                () -> "peers " + before + " and " + peer + " lead term " + term);
        return before == null;
    }

    private void checkComplete(long peer, Status leader, LongUnaryOperator terms) {
        for (long index = startIndex + committed.size(); index >= leader.first(); index--) {
            Committed before = committed.get((int) (index - startIndex - 1));
            if (before.seenInTerm() >= leader.term() || before.term() <= 0) {
                continue;
            }
            long at = index;
            long there = terms.applyAsLong(at);
            check(
                    there == before.term() || there < 0,
                    () ->
                            "leader "
                                    + peer
                                    + " of term "
                                    + leader.term()
                                    + " lacks entry "
                                    + at
                                    + ", committed in term "
                                    + before.seenInTerm()
                                    + ": its term is "
                                    + before.term()
                                    + ", there "
                                    + there);
        }
    }

    void readAsked(ByteString context) {
        long newest = startIndex;
        for (long applied : appliedByPeer.values()) {
            newest = Math.max(newest, applied);
        }
        readsAsked.put(context, newest);
    }

    void readAnswered(long peer, long index, ByteString context) {
        Long newest = readsAsked.get(context);
        check(
                newest != null && index >= newest,
                () ->
                        "peer "
                                + peer
                                + " may read at "
                                + index
                                + " although "
                                + newest
                                + " was applied when it asked");
    }

    // ---- what is agreed ----

    long startIndex() {
        return startIndex;
    }

    long lastIndex() {
        return startIndex + log.size();
    }

    Entry entry(long index) {
        return log.get((int) (index - startIndex - 1));
    }

    /** The configuration after the last entry that anybody applied. */
    ConfState conf() {
        return conf;
    }

    int termCount() {
        return leaders.size();
    }

    /** The snapshot that a peer which has applied {@code index} can give. */
    Snapshot snapshotAt(long index) {
        return Snapshot.newBuilder()
                .setData(digests.get((int) (index - startIndex)))
                .setMetadata(
                        SnapshotMetadata.newBuilder()
                                .setIndex(index)
                                .setTerm(termAt(index))
                                .setConfState(configurationAt(index)))
                .build();
    }

    private long termAt(long index) {
        return index == startIndex ? startTerm : entry(index).getTerm();
    }

    ConfState configurationAt(long index) {
        for (long at = index; at >= startIndex; at--) {
            ConfState found = configurations.get(at);
            if (found != null) {
                return found;
            }
        }
        throw new IllegalArgumentException("nothing is known at " + index);
    }

    // ---- comparing ----

    static boolean same(Entry left, Entry right) {
        return left.getIndex() == right.getIndex()
                && left.getTerm() == right.getTerm()
                && left.getEntryType() == right.getEntryType()
                && left.getData().equals(right.getData())
                && left.getContext().equals(right.getContext());
    }

    static String text(Entry entry) {
        return entry.getIndex()
                + "/"
                + entry.getTerm()
                + " "
                + entry.getEntryType()
                + " of "
                + entry.getData().size()
                + " bytes "
                + Integer.toHexString(entry.getData().hashCode());
    }

    /** raft-rs lists ids in the order of a hash set. */
    static ConfState sorted(ConfState state) {
        return ConfState.newBuilder()
                .addAllVoters(new TreeSet<>(state.getVotersList()))
                .addAllVotersOutgoing(new TreeSet<>(state.getVotersOutgoingList()))
                .addAllLearners(new TreeSet<>(state.getLearnersList()))
                .addAllLearnersNext(new TreeSet<>(state.getLearnersNextList()))
                .setAutoLeave(state.getAutoLeave())
                .build();
    }

    private static ByteString digest(ByteString before, Entry entry) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(before.asReadOnlyByteBuffer());
            sha.update(entry.toByteArray());
            return ByteString.copyFrom(sha.digest());
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible); // every Java has it
        }
    }

    private interface Words {
        String get();
    }

    private static void check(boolean kept, Words broken) {
        if (!kept) {
            throw new BrokenPromiseException(broken.get());
        }
    }
}
