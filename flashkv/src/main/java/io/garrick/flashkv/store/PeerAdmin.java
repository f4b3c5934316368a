package io.garrick.flashkv.store;

import com.google.protobuf.ByteString;
import io.garrick.proto.raftcmd.AdminCmdType;
import io.garrick.proto.raftcmd.AdminRequest;
import io.garrick.proto.raftcmd.ChangePeerRequest;
import io.garrick.proto.raftcmd.ChangePeerV2Request;
import io.garrick.proto.raftcmd.CompactLogRequest;
import io.garrick.proto.raftcmd.RaftCmdRequest;
import io.garrick.raft.ProgressStatus;
import io.garrick.raft.RaftNode;
import io.garrick.raft.RaftStatus;
import java.util.List;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a leader proposes of its own accord or by order: members, and a shorter log. */
final class PeerAdmin {
    private static final Logger log = LoggerFactory.getLogger(PeerAdmin.class);

    private final Peer peer;
    private final PeerStorage storage;
    private final RaftNode node;

    PeerAdmin(Peer peer, PeerStorage storage, RaftNode node) {
        this.peer = peer;
        this.storage = storage;
        this.node = node;
    }

    void proposeChange(List<ChangePeerRequest> changes, boolean oneStep) {
        AdminRequest admin =
                oneStep
                        ? AdminRequest.newBuilder()
                                .setCmdType(AdminCmdType.ChangePeer)
                                .setChangePeer(changes.getFirst())
                                .build()
                        : AdminRequest.newBuilder()
                                .setCmdType(AdminCmdType.ChangePeerV2)
                                .setChangePeerV2(
                                        ChangePeerV2Request.newBuilder().addAllChanges(changes))
                                .build();
        RaftCmdRequest command = peer.adminCommand(admin);
        if (peer.proposalError(command) != null) {
            return;
        }
        try {
            Membership.apply(storage.region(), changes);
        } catch (Membership.RefusedException e) {
            log.info("change refused regionId={} reason={}", peer.regionId(), e.getMessage());
            return;
        }
        boolean removesSelf =
                changes.stream()
                        .anyMatch(change ->
                                change.getPeer().getId() == peer.id()
                                        && change.getChangeType()
                                                != io.garrick.proto.eraft.ConfChangeType.AddNode);
        if (removesSelf) {
            log.info(
                    "change refused regionId={} reason=leader would remove itself",
                    peer.regionId());
            return;
        }
        ByteString context = command.toByteString();
        boolean proposed;
        if (oneStep) {
            ChangePeerRequest change = changes.getFirst();
            proposed =
                    node.proposeConfChange(
                            ByteString.EMPTY,
                            io.garrick.proto.eraft.ConfChange.newBuilder()
                                    .setChangeType(change.getChangeType())
                                    .setNodeId(change.getPeer().getId())
                                    .setContext(context)
                                    .build());
        } else {
            proposed =
                    node.proposeConfChange(
                            ByteString.EMPTY,
                            Membership.raftChange(changes).setContext(context).build());
        }
        log.info("change proposed regionId={} accepted={}", peer.regionId(), proposed);
    }

    /** Lets go of log entries that all replicas have, or of half the log if it is too long. */
    void compactLog(long maxEntries) {
        if (!peer.isLeader()
                || storage.appliedTerm() != node.term()
                || !peer.isSettled()
                || peer.merges().isMerging()) {
            return;
        }
        RaftStatus status = node.status();
        long applied = storage.appliedIndex();
        long replicated = applied;
        for (ProgressStatus progress : status.progress().values()) {
            replicated = Math.min(replicated, progress.matched());
        }
        long first = storage.firstIndex();
        long index = replicated;
        if (applied - first >= maxEntries) {
            index = Math.max(first + (applied - first) / 2, replicated);
        }
        index = Math.min(index, applied - 1);
        OptionalLong term = index < first ? OptionalLong.empty() : storage.term(index);
        if (term.isEmpty()) {
            return;
        }
        RaftCmdRequest command =
                peer.adminCommand(
                        AdminRequest.newBuilder()
                                .setCmdType(AdminCmdType.CompactLog)
                                .setCompactLog(
                                        CompactLogRequest.newBuilder()
                                                .setCompactIndex(index)
                                                .setCompactTerm(term.getAsLong())
                                                .setVoterReplicatedIndex(replicated))
                                .build());
        peer.propose(command, command.toByteString(), _ -> {});
    }
}
