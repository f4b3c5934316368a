package io.garrick.raft.scripts;

import io.garrick.proto.eraft.ConfChangeSingle;
import io.garrick.proto.eraft.ConfChangeType;
import io.garrick.raft.member.ConfChangeException;
import io.garrick.raft.member.ConfChanger;
import io.garrick.raft.member.Configuration;
import io.garrick.raft.member.Members;
import io.garrick.raft.member.Progress;
import io.garrick.raft.member.Progress.FlowControl;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The commands of etcd's confchange/testdata: {@code simple}, {@code enter-joint}, {@code
 * leave-joint}.
 */
final class ConfChangeScript implements Script {
    private final Members members = new Members(10, FlowControl.BY_FLAG);
    // Each command counts as one log entry, so that progress shows when a member came.
    private long lastIndex;

    @Override
    public String run(Directive directive) {
        try {
            Configuration next = next(directive);
            members.switchTo(next, lastIndex);
            return describe();
        } catch (ConfChangeException refused) {
            return refused.getMessage() + "\n";
        } finally {
            lastIndex++;
        }
    }

    private Configuration next(Directive directive) throws ConfChangeException {
        List<ConfChangeSingle> changes = parse(directive.input());
        Configuration now = members.conf();
        return switch (directive.command()) {
            case "simple" -> ConfChanger.simple(now, changes);
            case "enter-joint" ->
                    ConfChanger.enterJoint(
                            now,
                            Boolean.parseBoolean(directive.value("autoleave", "false")),
                            changes);
            case "leave-joint" -> ConfChanger.leaveJoint(now);
            default -> throw new Script.UnknownCommand(directive);
        };
    }

    static List<ConfChangeSingle> parse(String input) {
        List<ConfChangeSingle> changes = new ArrayList<>();
        for (String word : input.split("\\s+", -1)) {
            if (word.isEmpty()) {
                continue;
            }
            ConfChangeSingle.Builder change =
                    ConfChangeSingle.newBuilder().setNodeId(Long.parseLong(word.substring(1)));
            switch (word.charAt(0)) {
                case 'v' -> change.setChangeType(ConfChangeType.AddNode);
                case 'l' -> change.setChangeType(ConfChangeType.AddLearnerNode);
                case 'r' -> change.setChangeType(ConfChangeType.RemoveNode);
                // etcd's "update" changes nothing, and raft-rs does not have it: as if withdrawn.
                case 'u' -> change.clearNodeId();
                default -> throw new Directive.BadScript("unknown change " + word);
            }
            changes.add(change.build());
        }
        return changes;
    }

    private String describe() {
        StringBuilder out =
                new StringBuilder(EtcdText.configuration(members.conf().toConfState()))
                        .append('\n');
        for (Map.Entry<Long, Progress> member : members.all().entrySet()) {
            Progress progress = member.getValue();
            out.append(member.getKey())
                    .append(": StateProbe match=")
                    .append(progress.matched())
                    .append(" next=")
                    .append(progress.next())
                    .append(members.isLearner(member.getKey()) ? " learner" : "")
                    .append('\n');
        }
        return out.toString();
    }
}
