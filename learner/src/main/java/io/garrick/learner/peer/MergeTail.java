package io.garrick.learner.peer;

import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftcmd.CommitMergeRequest;
import io.garrick.raft.RaftNode;
import java.util.List;

/** Brings the source of a merge to the entry that its merge begins with. */
final class MergeTail {
    private MergeTail() {}

    /**
     * The tail of the source's log travels in the target's command; raft takes it as an append of
     * its leader.
     */
    static Message appendOf(
            CommitMergeRequest merge, RaftNode node, PeerLog log, Region region, long selfId) {
        List<Entry> entries =
                merge.getEntriesList().stream()
                        .filter(entry -> entry.getIndex() > node.commitIndex())
                        .toList();
        long before = entries.isEmpty() ? merge.getCommit() : entries.getFirst().getIndex() - 1;
        long logTerm =
                log.term(before)
                        .orElseThrow(
                                () -> new IllegalStateException("merge lacks entry " + before));
        long term = entries.isEmpty() ? node.term() : entries.getLast().getTerm();
        long from =
                node.leaderId() != 0
                        ? node.leaderId()
                        : region.getPeersList().stream()
                                .mapToLong(peer -> peer.getId())
                                .filter(id -> id != selfId)
                                .findFirst()
                                .orElse(0);
        return Message.newBuilder()
                .setMsgType(MessageType.MsgAppend)
                .setFrom(from)
                .setTo(selfId)
                .setTerm(Math.max(term, node.term()))
                .setIndex(before)
                .setLogTerm(logTerm)
                .addAllEntries(entries)
                .setCommit(merge.getCommit())
                .build();
    }
}
