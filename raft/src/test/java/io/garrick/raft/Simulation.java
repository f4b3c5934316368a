package io.garrick.raft;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfChangeSingle;
import io.garrick.proto.eraft.ConfChangeTransition;
import io.garrick.proto.eraft.ConfChangeType;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.raft.member.ConfChangeException;
import io.garrick.raft.member.ConfChanger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A whole group on one thread, in a world that loses, repeats and reorders messages, cuts peers
 * off, crashes them with loss of everything not synced, changes membership and truncates logs.
 * Everything follows from the seed.
 *
 * <p>Checked all the time: at most one leader per term; every committed index holds the same entry
 * everywhere, for ever; equal index and term mean equal logs up to there; a read sees everything
 * applied anywhere before it was asked. At the end, when the world is kind again, everybody must
 * agree and new proposals must go through.
 */
final class Simulation {
    private final RandomGenerator random;
    private final SortedMap<Long, SimPeer> peers = new TreeMap<>();
    private final List<Message> network = new ArrayList<>();
    private final Set<Long> cutOff = new HashSet<>();
    private final Map<Long, Long> leaders = new HashMap<>();
    private final Map<Long, Entry> committed = new HashMap<>();
    private final Map<Long, String> contents = new HashMap<>();
    private final Map<ByteString, Long> readsAsked = new HashMap<>();
    private final boolean asynchronous;
    private final boolean preVote;
    private final boolean checkQuorum;
    private final boolean batchAppend;
    private final int inflight;
    private final long messageBytes;
    private final long allowUnpersisted;
    private final int lossPercent;
    private long nextId;
    private int nextValue;
    private boolean kind;
    int readsAnswered;
    int snapshots;
    int confChanges;

    Simulation(long seed) {
        random = new SplittableRandom(seed);
        asynchronous = random.nextBoolean();
        preVote = random.nextInt(4) != 0;
        checkQuorum = random.nextInt(4) != 0;
        batchAppend = random.nextBoolean();
        inflight = 1 + random.nextInt(5);
        messageBytes = random.nextInt(3) == 0 ? 0 : 60;
        allowUnpersisted = random.nextInt(3) == 0 ? 4 : 0;
        lossPercent = random.nextInt(20);
        int voters = 1 + random.nextInt(5);
        ConfState.Builder conf = ConfState.newBuilder();
        for (long id = 1; id <= voters; id++) {
            conf.addVoters(id);
        }
        for (long id = 1; id <= voters; id++) {
            add(id, MemoryStorage.startingAt(conf.build(), 5, 5));
        }
        nextId = voters + 1L;
    }

    private void add(long id, MemoryStorage storage) {
        RaftConfig.Builder config =
                RaftConfig.builder(id)
                        .preVote(preVote)
                        .checkQuorum(checkQuorum)
                        .batchAppend(batchAppend)
                        .maxInflightMessages(inflight)
                        .maxBytesPerMessage(messageBytes)
                        .maxCommittedBytesPerReady(100)
                        .maxApplyUnpersistedEntries(allowUnpersisted)
                        .priority(random.nextInt(4) == 0 ? 1 : 0);
        peers.put(
                id, new SimPeer(this, config, random, asynchronous, allowUnpersisted > 0, storage));
    }

    // ---- the world ----

    void send(List<Message> messages) {
        network.addAll(messages);
    }

    private boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    private SimPeer anyPeer() {
        List<SimPeer> alive = peers.values().stream().filter(p -> !p.destroyed).toList();
        return alive.get(random.nextInt(alive.size()));
    }

    void run(int steps) {
        for (int i = 0; i < steps; i++) {
            step();
            destroyRemoved();
            checkLeaders();
            if (i % 500 == 0) {
                checkLogs();
            }
        }
        calmDown();
    }

    private void step() {
        SimPeer peer = anyPeer();
        int dice = random.nextInt(1000);
        if (dice < 400) {
            deliverAny();
        } else if (dice < 560) {
            peer.handleReady();
        } else if (dice < 680) {
            peer.sync();
        } else if (dice < 760) {
            peer.apply();
        } else if (dice < 860) {
            peer.node.tick();
        } else if (dice < 920) {
            propose(peer);
        } else if (dice < 945) {
            askRead(peer);
        } else if (dice < 955) {
            SimPeer leader = leader();
            changeConf(leader == null ? peer : leader);
        } else if (dice < 965) {
            peer.compact();
        } else if (dice < 975) {
            peer.checkpoint();
        } else if (dice < 981) {
            peer.crash();
        } else if (dice < 986) {
            cutOff.clear();
            if (random.nextBoolean()) {
                peers.keySet().stream().filter(_ -> chance(40)).forEach(cutOff::add);
            }
        } else if (dice < 989) {
            peer.node.transferLeader(1 + random.nextLong(nextId));
        } else if (dice < 992) {
            peer.node.requestSnapshot();
        } else if (dice < 994) {
            peer.node.campaign();
        } else if (dice < 997) {
            peer.node.reportUnreachable(1 + random.nextLong(nextId));
        } else {
            peer.node.ping();
        }
    }

    private void deliverAny() {
        if (network.isEmpty()) {
            return;
        }
        // Mostly in order: otherwise nothing but old news would arrive.
        int at = chance(70) ? 0 : random.nextInt(network.size());
        Message message = chance(5) && !kind ? network.get(at) : network.remove(at);
        deliver(message);
    }

    private void deliver(Message message) {
        SimPeer to = peers.get(message.getTo());
        SimPeer from = peers.get(message.getFrom());
        // Both sides of the cut talk among themselves.
        boolean cut = cutOff.contains(message.getTo()) != cutOff.contains(message.getFrom());
        boolean lost = !kind && (cut || chance(lossPercent));
        if (to == null && !lost) {
            // The messages on which a TiKV store creates a peer.
            boolean first =
                    switch (message.getMsgType()) {
                        case MsgRequestVote, MsgRequestPreVote -> true;
                        case MsgHeartbeat -> message.getCommit() == 0;
                        default -> false;
                    };
            if (first) {
                add(message.getTo(), new MemoryStorage(ConfState.getDefaultInstance()));
                to = peers.get(message.getTo());
            }
        }
        if (message.getMsgType() == MessageType.MsgSnapshot && from != null && !from.destroyed) {
            snapshots++;
            boolean arrives = !lost && to != null && !to.destroyed;
            from.node.reportSnapshot(
                    message.getTo(), arrives ? SnapshotStatus.FINISHED : SnapshotStatus.FAILED);
        }
        if (!lost && to != null) {
            to.receive(message);
        }
    }

    private void propose(SimPeer peer) {
        peer.node.propose(ByteString.EMPTY, ByteString.copyFromUtf8(" v" + nextValue++));
    }

    private void askRead(SimPeer peer) {
        ByteString context = ByteString.copyFromUtf8("r" + nextValue++);
        long applied = 0;
        for (SimPeer other : peers.values()) {
            applied = Math.max(applied, other.state().index());
        }
        readsAsked.put(context, applied);
        peer.node.readIndex(context);
    }

    private void changeConf(SimPeer peer) {
        ConfState conf = peer.state().conf();
        List<Long> voters = conf.getVotersList();
        ConfChangeV2.Builder change =
                ConfChangeV2.newBuilder()
                        .setTransition(
                                chance(70)
                                        ? ConfChangeTransition.Auto
                                        : chance(50)
                                                ? ConfChangeTransition.Implicit
                                                : ConfChangeTransition.Explicit);
        if (conf.getVotersOutgoingCount() > 0) {
            change.clearTransition(); // leave
        } else {
            for (int count = 1 + random.nextInt(3); count > 0; count--) {
                int kindOfChange = random.nextInt(5);
                if (kindOfChange <= 1 && peers.size() < 12) {
                    add(
                            change,
                            kindOfChange == 0
                                    ? ConfChangeType.AddNode
                                    : ConfChangeType.AddLearnerNode,
                            nextId++);
                } else if (kindOfChange == 2 && conf.getLearnersCount() > 0) {
                    add(change, ConfChangeType.AddNode, conf.getLearners(0));
                } else if (voters.size() > 2) {
                    long id = voters.get(random.nextInt(voters.size()));
                    add(
                            change,
                            chance(50) ? ConfChangeType.RemoveNode : ConfChangeType.AddLearnerNode,
                            id);
                }
            }
            if (change.getChangesCount() == 0) {
                return;
            }
        }
        if (peer.node.isLeader()
                && !peer.node.hasPendingConf()
                && isPossible(conf, change.build())
                && peer.node.proposeConfChange(ByteString.EMPTY, change.build())) {
            confChanges++;
        }
    }

    /** A driver checks this before it proposes: a committed change must be applied. */
    private static boolean isPossible(ConfState conf, ConfChangeV2 change) {
        try {
            ConfChanger.apply(ConfChanger.restore(conf), change);
            return true;
        } catch (ConfChangeException impossible) {
            return false;
        }
    }

    private static void add(ConfChangeV2.Builder change, ConfChangeType type, long id) {
        change.addChanges(ConfChangeSingle.newBuilder().setChangeType(type).setNodeId(id));
    }

    int committedCount() {
        return committed.size();
    }

    int termCount() {
        return leaders.size();
    }

    /**
     * A removed peer goes when all voters of the configuration without it know of that. Sooner,
     * those that do not know could wait for its vote for ever. Its id is never used again.
     */
    private void destroyRemoved() {
        for (SimPeer peer : peers.values()) {
            if (peer.destroyed || peer.removedAt == 0) {
                continue;
            }
            boolean known = true;
            for (long voter : peer.state().conf().getVotersList()) {
                SimPeer other = peers.get(voter);
                known &= other != null && other.state().index() >= peer.removedAt;
            }
            peer.destroyed = known;
        }
    }

    // ---- checks ----

    private static void fail(String what) {
        throw new AssertionError(what);
    }

    private void checkLeaders() {
        for (SimPeer peer : peers.values()) {
            if (!peer.destroyed && peer.node.isLeader()) {
                Long before = leaders.putIfAbsent(peer.node.term(), peer.node.id());
                if (before != null && before != peer.node.id()) {
                    fail("two leaders in term " + peer.node.term());
                }
            }
        }
    }

    void checkCommitted(Entry entry) {
        Entry before = committed.putIfAbsent(entry.getIndex(), entry);
        if (before != null && !before.equals(entry)) {
            fail("two entries committed at " + entry.getIndex() + ": " + before + " " + entry);
        }
    }

    void checkState(SimPeer.State state) {
        String before = contents.putIfAbsent(state.index(), state.content());
        if (before != null && !before.equals(state.content())) {
            fail("two states at " + state.index() + ": " + before + " and " + state.content());
        }
    }

    void answered(ReadState read) {
        Long applied = readsAsked.get(read.context());
        if (applied == null || read.index() < applied) {
            fail("read at " + read.index() + " misses what was applied at " + applied);
        }
        readsAnswered++;
    }

    private void checkLogs() {
        List<SortedMap<Long, Entry>> logs = new ArrayList<>();
        for (SimPeer peer : peers.values()) {
            SortedMap<Long, Entry> log = new TreeMap<>();
            peer.logEntries().forEach(entry -> log.put(entry.getIndex(), entry));
            logs.add(log);
        }
        for (SortedMap<Long, Entry> one : logs) {
            for (SortedMap<Long, Entry> other : logs) {
                boolean sameFromHere = false;
                for (Entry entry : List.copyOf(one.values()).reversed()) {
                    Entry there = other.get(entry.getIndex());
                    if (there == null) {
                        continue;
                    }
                    sameFromHere |= there.getTerm() == entry.getTerm();
                    if (sameFromHere && !there.equals(entry)) {
                        fail("logs differ before a common entry: " + entry + " " + there);
                    }
                }
            }
        }
    }

    // ---- the end ----

    /** No more accidents: the group must come together and go on. */
    private void calmDown() {
        kind = true;
        cutOff.clear();
        for (int round = 0; round < 400; round++) {
            for (SimPeer peer : List.copyOf(peers.values())) {
                if (!peer.destroyed) {
                    peer.node.tick();
                }
            }
            settle();
            destroyRemoved();
            checkLeaders();
            if (round % 20 == 19 && leader() != null) {
                long before = commonIndex();
                propose(leaderOrFail());
                settle();
                if (before >= 0 && commonIndex() > before) {
                    checkLogs();
                    return;
                }
            }
        }
        fail("no agreement: " + describe());
    }

    private void settle() {
        for (int i = 0; i < 2000; i++) {
            boolean busy = !network.isEmpty();
            for (SimPeer peer : List.copyOf(peers.values())) {
                while (peer.hasWork()) {
                    busy = true;
                    peer.handleReady();
                    peer.sync();
                    peer.apply();
                }
            }
            List<Message> now = List.copyOf(network);
            network.clear();
            now.forEach(this::deliver);
            if (!busy) {
                return;
            }
        }
        fail("the group never falls silent: " + describe());
    }

    private @Nullable SimPeer leader() {
        SimPeer best = null;
        for (SimPeer peer : peers.values()) {
            if (!peer.destroyed
                    && peer.node.isLeader()
                    && (best == null || peer.node.term() > best.node.term())) {
                best = peer;
            }
        }
        return best;
    }

    private SimPeer leaderOrFail() {
        SimPeer leader = leader();
        if (leader == null) {
            throw new AssertionError("no leader");
        }
        return leader;
    }

    /** The index that all members have applied, or -1 if they differ or somebody is missing. */
    private long commonIndex() {
        SimPeer leader = leaderOrFail();
        ConfState conf = leader.state().conf();
        List<Long> members = new ArrayList<>(conf.getVotersList());
        members.addAll(conf.getLearnersList());
        members.addAll(conf.getVotersOutgoingList());
        for (long id : members) {
            SimPeer member = peers.get(id);
            if (member == null || member.state().index() != leader.state().index()) {
                return -1;
            }
        }
        return leader.state().index();
    }

    private String describe() {
        StringBuilder out = new StringBuilder();
        for (SimPeer peer : peers.values()) {
            out.append('\n').append(peer.destroyed ? "destroyed " : "");
            out.append(peer.node.status().toString().replace('\n', ' '));
        }
        return out.toString();
    }
}
