package io.garrick.peer;

import com.google.protobuf.ByteString;
import io.garrick.peer.LogComparison.PeerLog;
import io.garrick.peer.Membership.Software;
import io.garrick.peer.Network.Delivery;
import io.garrick.peer.Network.Packet;
import io.garrick.peer.Outcome.Effect;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.EntryType;
import io.garrick.proto.eraft.MessageType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One group of our peers and raft-rs peers, and all that happens to it, from one seed.
 *
 * <p>In turns: some messages arrive, some clocks tick, some data is proposed, and {@link Accidents}
 * adds what goes wrong. Every effect goes to the {@link Ledger}. At last all accidents end; the
 * group must come together, and the logs of all members are laid side by side.
 */
final class World {
    private static final Op.Start START_AT = new Op.Start(5, 5, ConfState.getDefaultInstance());
    private static final int MAX_TURNS = 60_000;
    private static final int CALM_ROUNDS = 600;
    // More would only make a log that no follower can catch up with before the next accident.
    private static final int MAX_UNCOMMITTED = 40;

    private final SplittableRandom random;
    private final Trace trace;
    final Scenario scenario;
    final Count.Sheet counts = new Count.Sheet();
    final Network network;
    final Membership membership;
    final SortedMap<Long, Member> members = new TreeMap<>();
    private final Cluster cluster;
    private final Accidents accidents;
    private final Ledger ledger;
    private long turn;
    private long proposed;
    private long committed;

    World(long seed, RaftRsProcess process, Trace trace) throws IOException {
        random = new SplittableRandom(seed);
        this.trace = trace;
        scenario = Scenario.draw(random);
        network = new Network(random, counts);
        membership = new Membership(random, scenario.oursMayVote());
        cluster = new Cluster(process, random);
        accidents = new Accidents(this, random);
        trace.note("seed " + seed + ": " + scenario);
        process.reset(seed);
        ledger = new Ledger(found());
    }

    private Op.Start found() throws IOException {
        for (int i = 0; i < scenario.raftRsVoters(); i++) {
            membership.add(Software.RAFT_RS);
        }
        for (int i = 0; i < scenario.ourVoters(); i++) {
            membership.add(Software.OURS);
        }
        ConfState.Builder conf = ConfState.newBuilder();
        int voters = scenario.raftRsVoters() + scenario.ourVoters();
        for (long id = 1; id <= voters; id++) {
            conf.addVoters(id);
        }
        Op.Start start = new Op.Start(START_AT.index(), START_AT.term(), conf.build());
        for (long id = 1; id <= voters; id++) {
            create(id, start);
        }
        return start;
    }

    private void create(long id, Op.Start start) throws IOException {
        Op.Create create = new Op.Create(id, scenario.settings(random), start);
        Member member = new Member(id, membership.isOurs(id));
        members.put(id, member);
        if (member.ours) {
            cluster.createOurs(create, random.nextBoolean());
        } else {
            Outcome.Status status = cluster.perform(List.of(create)).getFirst().status();
            member.status = status == null ? member.status : status;
        }
    }

    // ---- the run ----

    /** Runs until {@code target} proposals are committed, then to the end. */
    void run(long target) throws IOException {
        members.keySet().forEach(id -> ledger.started(id, START_AT.index()));
        while (committed < target) {
            if (turn++ == MAX_TURNS) {
                throw new Ledger.BrokenPromiseException(
                        "only " + committed + " commits in " + MAX_TURNS + " turns" + describe());
            }
            List<Op> ops = new ArrayList<>();
            accidents.changeConf(ops); // first: it was drawn for the state as it is now
            deliver(ops, 2 + random.nextInt(14));
            propose(ops);
            accidents.draw(ops);
            for (Member member : alive()) {
                if (random.nextInt(100) < scenario.tickPercent()) {
                    ops.add(new Op.Tick(member.id));
                }
                if (member.ours) {
                    ourWork(ops, member.id);
                }
            }
            perform(ops);
            destroyRemoved();
        }
        calmDown();
        compare();
    }

    private void ourWork(List<Op> ops, long id) {
        if (random.nextInt(4) > 0) {
            ops.add(new Op.Write(id));
        }
        if (random.nextInt(2) > 0) {
            ops.add(new Op.Sync(id, 1 + random.nextInt(3)));
        }
        if (random.nextInt(3) > 0) {
            ops.add(new Op.Apply(id, 1 + random.nextInt(20)));
        }
        if (random.nextInt(20) == 0) {
            ops.add(new Op.Checkpoint(id));
        }
    }

    private void propose(List<Op> ops) {
        Member leader = leader();
        if (leader == null
                || leader.status.last() - leader.status.commit() > MAX_UNCOMMITTED
                || random.nextInt(4) == 0) {
            return;
        }
        // Sometimes a leader that was deposed and does not know it: its entries must go again.
        long at = random.nextInt(4) == 0 ? anyone().id : leader.id;
        for (int count = 1 + random.nextInt(4); count > 0; count--) {
            byte[] data = new byte[1 + random.nextInt(random.nextInt(20) == 0 ? 2000 : 60)];
            random.nextBytes(data);
            byte[] context = new byte[random.nextInt(4) == 0 ? 1 : 0];
            random.nextBytes(context);
            ops.add(new Op.Propose(at, ByteString.copyFrom(data), ByteString.copyFrom(context)));
        }
    }

    // ---- messages ----

    private void deliver(List<Op> ops, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            Delivery delivery = network.next();
            if (delivery == null) {
                return;
            }
            deliver(ops, delivery);
        }
    }

    private void deliver(List<Op> ops, Delivery delivery) throws IOException {
        Packet packet = delivery.packet();
        Member to = members.get(packet.to());
        if (to == null && delivery.arrives() && packet.opensPeer()) {
            create(packet.to(), Op.Start.EMPTY);
            ledger.started(packet.to(), 0);
            to = members.get(packet.to());
        }
        boolean arrives = delivery.arrives() && to != null && !to.destroyed;
        if (arrives) {
            ops.add(new Op.Step(packet.to(), packet.message()));
        }
        Member from = members.get(packet.from());
        if (from == null || from.destroyed) {
            return;
        }
        if (packet.type() == MessageType.MsgSnapshot) {
            ops.add(new Op.ReportSnapshot(packet.from(), packet.to(), arrives));
            if (!arrives) {
                counts.add(Count.SNAPSHOTS_LOST);
            }
        } else if (!arrives && random.nextInt(4) == 0) {
            ops.add(new Op.ReportUnreachable(packet.from(), packet.to()));
        }
    }

    // ---- outcomes ----

    private void perform(List<Op> ops) throws IOException {
        List<Outcome> outcomes = cluster.perform(ops);
        for (int i = 0; i < ops.size(); i++) {
            trace.step(turn, ops.get(i), outcomes.get(i));
            settle(ops.get(i), outcomes.get(i));
        }
    }

    private void settle(Op op, Outcome outcome) {
        Member member = members.get(op.peer());
        if (member == null || member.destroyed) {
            return;
        }
        if (outcome.status() != null) {
            member.status = outcome.status();
        }
        if (op instanceof Op.Restart) {
            ledger.started(member.id, member.status.applied());
        }
        if (op instanceof Op.Propose && outcome.result() == Outcome.Result.TAKEN) {
            proposed++;
        }
        accidents.counted(op, outcome);
        for (Effect effect : outcome.effects()) {
            settle(member, effect);
        }
        if (ledger.observe(member.id, member.status, terms(member))) {
            counts.add(member.ours ? Count.TERMS_WITH_OUR_LEADER : Count.TERMS_WITH_RAFT_RS_LEADER);
        }
    }

    private void settle(Member member, Effect effect) {
        switch (effect) {
            case Effect.Sent(ByteString message) -> network.send(message);
            case Effect.Installed(var snapshot) -> {
                ledger.installed(member.id, snapshot);
                counts.add(
                        member.ours
                                ? Count.SNAPSHOTS_INSTALLED_BY_US
                                : Count.SNAPSHOTS_INSTALLED_BY_RAFT_RS);
            }
            case Effect.Applied(Entry entry) -> {
                if (ledger.applied(member.id, entry)
                        && entry.getEntryType() == EntryType.EntryNormal
                        && !entry.getData().isEmpty()) {
                    committed++;
                }
            }
            case Effect.Configured(ConfState conf) -> {
                ConfState before = ledger.conf();
                ledger.configured(member.id, conf);
                accidents.counted(before, ledger.conf());
                noteRemoved(before);
            }
            case Effect.ReadAnswered(long index, ByteString context) -> {
                ledger.readAnswered(member.id, index, context);
                counts.add(
                        member.ours ? Count.READS_ANSWERED_TO_US : Count.READS_ANSWERED_TO_RAFT_RS);
            }
            case Effect.SnapshotWanted _ -> member.wantsSnapshot = true;
            case Effect.Stored _ -> {}
        }
    }

    private LongUnaryOperator terms(Member member) {
        if (member.ours) {
            return cluster.our(member.id)::entryTerm;
        }
        SortedMap<Long, Long> log = new TreeMap<>();
        return index -> {
            if (log.isEmpty()) {
                logOf(member).forEach(entry -> log.put(entry.getIndex(), entry.getTerm()));
            }
            return log.isEmpty() || index < log.firstKey() ? -1 : log.getOrDefault(index, 0L);
        };
    }

    private List<Entry> logOf(Member member) {
        try {
            return cluster.log(member.id);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    // ---- members ----

    private void noteRemoved(ConfState before) {
        for (long peer : Membership.members(before)) {
            Member member = members.get(peer);
            if (member != null && !Membership.members(ledger.conf()).contains(peer)) {
                member.removedAt = ledger.lastIndex();
            }
        }
    }

    /**
     * A removed peer goes when all voters know that it is removed: sooner, those that do not could
     * wait for its vote for ever. Its id is never used again.
     */
    private void destroyRemoved() throws IOException {
        for (Member member : alive()) {
            if (member.removedAt == 0) {
                continue;
            }
            boolean known = true;
            for (long id : Membership.members(ledger.conf())) {
                Member other = members.get(id);
                known &=
                        !Membership.isVoter(ledger.conf(), id)
                                || (other != null && other.status.applied() >= member.removedAt);
            }
            if (known) {
                member.destroyed = true;
                trace.note("peer " + member.id + " is destroyed");
                if (!member.ours) {
                    cluster.perform(List.of(new Op.Destroy(member.id)));
                }
            }
        }
    }

    Collection<Member> alive() {
        return members.values().stream().filter(member -> !member.destroyed).toList();
    }

    Member anyone() {
        List<Member> alive = List.copyOf(alive());
        return alive.get(random.nextInt(alive.size()));
    }

    /** The leader of the highest term; null when nobody leads. */
    @Nullable Member leader() {
        Member best = null;
        for (Member member : alive()) {
            if (member.leads() && (best == null || member.status.term() > best.status.term())) {
                best = member;
            }
        }
        return best;
    }

    Ledger ledger() {
        return ledger;
    }

    // ---- the end ----

    private void calmDown() throws IOException {
        trace.note("accidents end");
        network.calmDown();
        for (int round = 0; round < CALM_ROUNDS; round++) {
            List<Op> ticks = new ArrayList<>();
            alive().forEach(member -> ticks.add(new Op.Tick(member.id)));
            perform(ticks);
            comeToRest();
            destroyRemoved();
            if (round % 20 == 9) {
                proposeLast();
            } else if (round % 20 == 19 && agreed()) {
                return;
            }
        }
        throw new Ledger.BrokenPromiseException("no agreement" + describe());
    }

    private void proposeLast() throws IOException {
        Member leader = leader();
        if (leader != null) {
            ByteString last = ByteString.copyFromUtf8("last");
            perform(List.of(new Op.Propose(leader.id, last, ByteString.EMPTY)));
            comeToRest();
        }
    }

    private boolean agreed() {
        for (long id : Membership.members(ledger.conf())) {
            Member member = members.get(id);
            if (member == null
                    || member.status.applied() != ledger.lastIndex()
                    || member.status.last() != ledger.lastIndex()) {
                return false;
            }
        }
        Member leader = leader();
        return leader != null && leader.status.applied() == ledger.lastIndex();
    }

    private void comeToRest() throws IOException {
        for (int i = 0; i < 2000; i++) {
            List<Op> ops = new ArrayList<>();
            deliver(ops, network.size());
            accidents.offerSnapshots(ops, 100);
            for (Member member : alive()) {
                if (member.ours && cluster.our(member.id).hasWork()) {
                    ops.add(new Op.Write(member.id));
                    ops.add(new Op.Sync(member.id, Integer.MAX_VALUE));
                    ops.add(new Op.Apply(member.id, Integer.MAX_VALUE));
                }
            }
            if (ops.isEmpty() && network.size() == 0) {
                return;
            }
            perform(ops);
        }
        throw new Ledger.BrokenPromiseException("the group never falls silent" + describe());
    }

    private void compare() {
        SortedMap<Long, PeerLog> logs = new TreeMap<>();
        for (long id : Membership.members(ledger.conf())) {
            Member member = members.get(id);
            if (member == null) {
                continue;
            }
            List<Entry> entries = logOf(member);
            counts.add(Count.PEERS_COMPARED);
            counts.add(Count.ENTRIES_COMPARED, entries.size());
            logs.put(
                    id,
                    new PeerLog(
                            member.status.first(),
                            entries,
                            member.status.applied(),
                            ledger.configurationAt(member.status.applied())));
        }
        List<Entry> agreed = new ArrayList<>();
        for (long index = ledger.startIndex() + 1; index <= ledger.lastIndex(); index++) {
            agreed.add(ledger.entry(index));
        }
        List<String> differences = LogComparison.differences(ledger.startIndex() + 1, agreed, logs);
        if (!differences.isEmpty()) {
            throw new Ledger.BrokenPromiseException(String.join("; ", differences));
        }
        for (Member member : members.values()) {
            if (member.ours) {
                counts.add(Count.OUR_UNSYNCED_ENTRIES_LOST, cluster.our(member.id).entriesLost());
            }
        }
    }

    private String describe() {
        StringBuilder out = new StringBuilder(":");
        for (Member member : alive()) {
            out.append("\n  peer ").append(member.id).append(member.ours ? " (ours) " : " ");
            out.append(member.status);
        }
        return out.append("\n  ").append(ledger.conf().toString().replace('\n', ' ')).toString();
    }

    /** Proposals that a peer took. */
    long proposed() {
        return proposed;
    }

    /** Proposals that the group agreed on. */
    long committed() {
        return committed;
    }
}
