package io.garrick.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Messages under way. It may lose, double and reorder them, and cut some peers off. */
final class Network {
    /**
     * A message as it travels.
     *
     * @param opensPeer whether a store creates a peer that it does not know on this message
     */
    record Packet(long from, long to, MessageType type, boolean opensPeer, ByteString message) {}

    /** A packet that leaves the network. */
    record Delivery(Packet packet, boolean arrives) {}

    private final RandomGenerator random;
    private final Count.Sheet counts;
    private final int lossPercent;
    private final int doublePercent;
    private final int overtakePercent;
    private final List<Packet> underWay = new ArrayList<>();
    private final Set<Long> cutOff = new HashSet<>();
    private boolean kind;

    Network(RandomGenerator random, Count.Sheet counts) {
        this.random = random;
        this.counts = counts;
        lossPercent = 1 + random.nextInt(12);
        doublePercent = 1 + random.nextInt(8);
        overtakePercent = 5 + random.nextInt(30);
    }

    void send(ByteString encoded) {
        try {
            Message message = Message.parseFrom(encoded);
            boolean opens =
                    switch (message.getMsgType()) {
                        case MsgRequestVote, MsgRequestPreVote -> true;
                        case MsgHeartbeat -> message.getCommit() == 0;
                        default -> false;
                    };
            underWay.add(
                    new Packet(
                            message.getFrom(),
                            message.getTo(),
                            message.getMsgType(),
                            opens,
                            encoded));
        } catch (InvalidProtocolBufferException broken) {
            throw new Ledger.BrokenPromiseException("a peer sends what is no message: " + broken);
        }
    }

    /** Takes the next message, mostly the oldest; null when none is under way. */
    @Nullable Delivery next() {
        if (underWay.isEmpty()) {
            return null;
        }
        int at = 0;
        if (!kind && chance(overtakePercent)) {
            at = random.nextInt(underWay.size());
            if (at > 0) {
                counts.add(Count.MESSAGES_OVERTAKEN);
            }
        }
        boolean again = !kind && chance(doublePercent);
        Packet packet = again ? underWay.get(at) : underWay.remove(at);
        boolean cut = cutOff.contains(packet.from()) != cutOff.contains(packet.to());
        boolean lost = !kind && chance(lossPercent);
        if (again) {
            counts.add(Count.MESSAGES_DOUBLED);
        } else if (cut) {
            counts.add(Count.MESSAGES_CUT_OFF);
        } else if (lost) {
            counts.add(Count.MESSAGES_LOST);
        }
        boolean arrives = !cut && !lost;
        if (arrives) {
            counts.add(Count.MESSAGES_DELIVERED);
        }
        return new Delivery(packet, arrives);
    }

    int size() {
        return underWay.size();
    }

    /** From now on these peers reach only each other; none heals all. */
    void cutOff(Set<Long> peers) {
        cutOff.clear();
        cutOff.addAll(peers);
        if (!peers.isEmpty()) {
            counts.add(Count.PARTITIONS);
        }
    }

    /** No more accidents. */
    void calmDown() {
        kind = true;
        cutOff.clear();
    }

    private boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }
}
