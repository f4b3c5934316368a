package io.garrick.raft;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Peers joined by a network that delivers everything at once, except from and to cut off peers. */
final class TestCluster {
    final SortedMap<Long, TestPeer> peers = new TreeMap<>();
    final Set<Long> cutOff = new HashSet<>();

    static TestCluster ofVoters(long... ids) {
        ConfState.Builder conf = ConfState.newBuilder();
        for (long id : ids) {
            conf.addVoters(id);
        }
        TestCluster cluster = new TestCluster();
        for (long id : ids) {
            cluster.add(RaftConfig.builder(id), MemoryStorage.startingAt(conf.build(), 5, 5));
        }
        return cluster;
    }

    TestPeer add(RaftConfig.Builder config, MemoryStorage storage) {
        TestPeer peer = new TestPeer(config.build(), storage);
        peers.put(peer.node.id(), peer);
        return peer;
    }

    /** A peer that knows nothing, as a store creates it on the leader's first message. */
    TestPeer addEmpty(long id) {
        return add(RaftConfig.builder(id), new MemoryStorage(ConfState.getDefaultInstance()));
    }

    TestPeer peer(long id) {
        TestPeer peer = peers.get(id);
        if (peer == null) {
            throw new AssertionError("no peer " + id);
        }
        return peer;
    }

    RaftNode node(long id) {
        return peer(id).node;
    }

    void elect(long id) {
        node(id).campaign();
        settle();
    }

    boolean propose(long id, String text) {
        boolean taken = node(id).propose(ByteString.EMPTY, ByteString.copyFromUtf8(text));
        settle();
        return taken;
    }

    void tick(int times) {
        for (int i = 0; i < times; i++) {
            for (TestPeer peer : List.copyOf(peers.values())) {
                peer.node.tick();
            }
            settle();
        }
    }

    /** Until nobody has anything to say. */
    void settle() {
        Deque<Message> network = new ArrayDeque<>();
        do {
            for (TestPeer peer : peers.values()) {
                network.addAll(peer.handleReady());
            }
            Message message = network.poll();
            if (message != null) {
                deliver(message);
            }
        } while (!network.isEmpty() || peers.values().stream().anyMatch(p -> p.node.hasReady()));
    }

    private void deliver(Message message) {
        TestPeer to = peers.get(message.getTo());
        boolean lost =
                to == null
                        || cutOff.contains(message.getTo())
                        || cutOff.contains(message.getFrom());
        if (message.getMsgType() == MessageType.MsgSnapshot) {
            node(message.getFrom())
                    .reportSnapshot(
                            message.getTo(),
                            lost ? SnapshotStatus.FAILED : SnapshotStatus.FINISHED);
        }
        if (!lost && to != null) {
            to.node.step(message);
        }
    }
}
