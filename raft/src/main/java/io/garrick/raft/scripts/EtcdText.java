package io.garrick.raft.scripts;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.proto.eraft.ConfChange;
import io.garrick.proto.eraft.ConfChangeSingle;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.HardState;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.raft.ProgressStatus;
import io.garrick.raft.RaftRole;
import io.garrick.raft.Ready;
import io.garrick.raft.member.ConfChanger;
import java.util.List;
import java.util.stream.Collectors;

/** Protocol values in the words of etcd's test output. */
final class EtcdText {
    private EtcdText() {}

    static String role(RaftRole role) {
        return switch (role) {
            case FOLLOWER -> "StateFollower";
            case PRE_CANDIDATE -> "StatePreCandidate";
            case CANDIDATE -> "StateCandidate";
            case LEADER -> "StateLeader";
        };
    }

    static String type(MessageType type) {
        return switch (type) {
            case MsgPropose -> "MsgProp";
            case MsgAppend -> "MsgApp";
            case MsgAppendResponse -> "MsgAppResp";
            case MsgRequestVote -> "MsgVote";
            case MsgRequestVoteResponse -> "MsgVoteResp";
            case MsgSnapshot -> "MsgSnap";
            case MsgHeartbeatResponse -> "MsgHeartbeatResp";
            case MsgRequestPreVote -> "MsgPreVote";
            case MsgRequestPreVoteResponse -> "MsgPreVoteResp";
            default -> type.name();
        };
    }

    static String ids(List<Long> ids) {
        return ids.stream().map(Long::toHexString).collect(Collectors.joining(" ", "(", ")"));
    }

    static String configuration(ConfState conf) {
        StringBuilder out = new StringBuilder("voters=").append(ids(conf.getVotersList()));
        if (conf.getVotersOutgoingCount() > 0) {
            out.append("&&").append(ids(conf.getVotersOutgoingList()));
        }
        if (conf.getLearnersCount() > 0) {
            out.append(" learners=").append(ids(conf.getLearnersList()));
        }
        if (conf.getLearnersNextCount() > 0) {
            out.append(" learners_next=").append(ids(conf.getLearnersNextList()));
        }
        return out.append(conf.getAutoLeave() ? " autoleave" : "").toString();
    }

    static String progress(ProgressStatus progress) {
        StringBuilder out =
                new StringBuilder(
                                switch (progress.state()) {
                                    case PROBE -> "StateProbe";
                                    case REPLICATE -> "StateReplicate";
                                    case SNAPSHOT -> "StateSnapshot";
                                })
                        .append(" match=")
                        .append(progress.matched())
                        .append(" next=")
                        .append(progress.next())
                        .append(progress.learner() ? " learner" : "")
                        .append(progress.paused() ? " paused" : "");
        if (progress.pendingSnapshot() > 0) {
            out.append(" pendingSnap=").append(progress.pendingSnapshot());
        }
        out.append(progress.recentActive() ? "" : " inactive");
        if (progress.inflight() > 0) {
            out.append(" inflight=")
                    .append(progress.inflight())
                    .append(progress.inflightFull() ? "[full]" : "");
        }
        return out.toString();
    }

    static String changes(List<ConfChangeSingle> changes) {
        return changes.stream()
                .map(change ->
                        switch (change.getChangeType()) {
                                    case AddNode -> "v";
                                    case AddLearnerNode -> "l";
                                    case RemoveNode -> "r";
                                    case UNRECOGNIZED -> "?";
                                }
                                + change.getNodeId())
                .collect(Collectors.joining(" "));
    }

    static String change(ConfChangeV2 change) {
        StringBuilder out =
                new StringBuilder("transition:ConfChangeTransition")
                        .append(
                                switch (change.getTransition()) {
                                    case Auto -> "Auto";
                                    case Implicit -> "JointImplicit";
                                    case Explicit -> "JointExplicit";
                                    case UNRECOGNIZED -> "?";
                                });
        for (ConfChangeSingle single : change.getChangesList()) {
            out.append(" changes:{type:ConfChange")
                    .append(single.getChangeType().name())
                    .append(" node_id:")
                    .append(single.getNodeId())
                    .append('}');
        }
        return out.toString();
    }

    static String entry(Entry entry) {
        String payload =
                switch (entry.getEntryType()) {
                    case EntryNormal -> quoted(entry.getData());
                    case EntryConfChange, EntryConfChangeV2 ->
                            changes(confChange(entry).getChangesList());
                    case UNRECOGNIZED -> "?";
                };
        return entry.getTerm()
                + "/"
                + entry.getIndex()
                + " "
                + entry.getEntryType()
                + (payload.isEmpty() ? "" : " " + payload);
    }

    /** The change in a conf change entry of either format. */
    static ConfChangeV2 confChange(Entry entry) {
        try {
            return switch (entry.getEntryType()) {
                case EntryConfChange -> ConfChanger.toV2(ConfChange.parseFrom(entry.getData()));
                default -> ConfChangeV2.parseFrom(entry.getData());
            };
        } catch (InvalidProtocolBufferException unreadable) {
            throw new IllegalStateException("conf change at " + entry.getIndex(), unreadable);
        }
    }

    /** Like Go's %q, as far as scripts use it. */
    private static String quoted(ByteString data) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : data.toStringUtf8().toCharArray()) {
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\t' -> out.append("\\t");
                default -> out.append(c < ' ' ? "\\x%02x".formatted((int) c) : c);
            }
        }
        return out.append('"').toString();
    }

    static String entries(List<Entry> entries) {
        return entries.stream().map(e -> entry(e) + "\n").collect(Collectors.joining());
    }

    static String message(Message m) {
        StringBuilder out =
                new StringBuilder(Long.toHexString(m.getFrom()))
                        .append("->")
                        .append(Long.toHexString(m.getTo()))
                        .append(' ')
                        .append(type(m.getMsgType()))
                        .append(" Term:")
                        .append(m.getTerm())
                        .append(" Log:")
                        .append(m.getLogTerm())
                        .append('/')
                        .append(m.getIndex());
        if (m.getReject()) {
            out.append(" Rejected (Hint: ").append(m.getRejectHint()).append(')');
        }
        if (m.getCommit() != 0) {
            out.append(" Commit:").append(m.getCommit());
        }
        if (m.getEntriesCount() == 1) {
            out.append(" Entries:[").append(entry(m.getEntries(0))).append(']');
        } else if (m.getEntriesCount() > 1) {
            out.append(" Entries:[");
            m.getEntriesList().forEach(e -> out.append("\n  ").append(entry(e)));
            out.append("\n]");
        }
        if (m.hasSnapshot()) {
            out.append("\n  Snapshot: ").append(snapshot(m.getSnapshot()));
        }
        return out.toString();
    }

    private static String list(List<Long> ids) {
        return ids.stream().map(String::valueOf).collect(Collectors.joining(" ", "[", "]"));
    }

    static String snapshot(Snapshot snapshot) {
        ConfState conf = snapshot.getMetadata().getConfState();
        return "Index:"
                + snapshot.getMetadata().getIndex()
                + " Term:"
                + snapshot.getMetadata().getTerm()
                + " ConfState:Voters:"
                + list(conf.getVotersList())
                + " VotersOutgoing:"
                + list(conf.getVotersOutgoingList())
                + " Learners:"
                + list(conf.getLearnersList())
                + " LearnersNext:"
                + list(conf.getLearnersNextList())
                + " AutoLeave:"
                + conf.getAutoLeave();
    }

    /** A Ready; whether it must sync is said by the caller, since etcd does not count snapshots. */
    static String ready(Ready ready, List<Message> messages, boolean mustSync) {
        StringBuilder out = new StringBuilder();
        if (ready.softState() != null) {
            out.append("Lead:")
                    .append(ready.softState().leaderId())
                    .append(" State:")
                    .append(role(ready.softState().role()))
                    .append('\n');
        }
        HardState hard = ready.hardState();
        if (hard != null) {
            out.append("HardState Term:").append(hard.getTerm());
            out.append(hard.getVote() == 0 ? "" : " Vote:" + hard.getVote());
            out.append(" Commit:").append(hard.getCommit()).append('\n');
        }
        if (!ready.entries().isEmpty()) {
            out.append("Entries:\n").append(entries(ready.entries()));
        }
        if (ready.snapshot() != null) {
            out.append("Snapshot ").append(snapshot(ready.snapshot())).append('\n');
        }
        if (!ready.committedEntries().isEmpty()) {
            out.append("CommittedEntries:\n").append(entries(ready.committedEntries()));
        }
        if (!messages.isEmpty()) {
            out.append("Messages:\n");
            messages.forEach(m -> out.append(message(m)).append('\n'));
        }
        return out.isEmpty() ? "<empty Ready>" : "Ready MustSync=" + mustSync + ":\n" + out;
    }
}
