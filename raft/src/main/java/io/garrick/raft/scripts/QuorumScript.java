package io.garrick.raft.scripts;

import io.garrick.raft.quorum.Acknowledged.Ack;
import io.garrick.raft.quorum.CommitPoint;
import io.garrick.raft.quorum.JointQuorum;
import io.garrick.raft.quorum.MajorityQuorum;
import io.garrick.raft.quorum.VoteResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** The commands of etcd's quorum/testdata: {@code committed} and {@code vote}. */
final class QuorumScript implements Script {
    @Override
    public String run(Directive directive) {
        List<Long> incoming = ids(directive.values("cfg"));
        boolean joint = directive.has("cfgj");
        List<Long> outgoing =
                directive.value("cfgj", "").equals("zero")
                        ? List.of()
                        : ids(directive.values("cfgj"));
        return switch (directive.command()) {
            case "committed" -> {
                SortedMap<Long, String> given = assign(incoming, outgoing, directive.values("idx"));
                SortedMap<Long, Long> indexes = new TreeMap<>();
                given.forEach((id, text) -> indexes.put(id, Long.parseLong(text)));
                yield committed(quorum(incoming), quorum(outgoing), joint, indexes);
            }
            case "vote" -> {
                SortedMap<Long, String> given =
                        assign(incoming, outgoing, directive.values("votes"));
                SortedMap<Long, Boolean> votes = new TreeMap<>();
                given.forEach((id, text) -> votes.put(id, text.equals("y")));
                yield vote(quorum(incoming), quorum(outgoing), votes);
            }
            default -> throw new UnknownCommand(directive);
        };
    }

    private static List<Long> ids(List<String> values) {
        return values.stream().map(Long::parseLong).toList();
    }

    private static MajorityQuorum quorum(List<Long> ids) {
        return new MajorityQuorum(new TreeSet<>(ids));
    }

    /** Hands the values to the voters in order of mention; an underscore stands for none. */
    private static SortedMap<Long, String> assign(
            List<Long> incoming, List<Long> outgoing, List<String> values) {
        List<Long> mentioned = new ArrayList<>();
        for (List<Long> half : List.of(incoming, outgoing)) {
            for (long id : half) {
                if (!mentioned.contains(id)) {
                    mentioned.add(id);
                }
            }
        }
        if (mentioned.size() != values.size()) {
            throw new Directive.BadScript(
                    mentioned.size() + " voters, " + values.size() + " values");
        }
        SortedMap<Long, String> assigned = new TreeMap<>();
        for (int i = 0; i < values.size(); i++) {
            if (!values.get(i).equals("_")) {
                assigned.put(mentioned.get(i), values.get(i));
            }
        }
        return assigned;
    }

    private static String committed(
            MajorityQuorum incoming,
            MajorityQuorum outgoing,
            boolean joint,
            Map<Long, Long> indexes) {
        StringBuilder out = new StringBuilder();
        long result;
        if (joint) {
            JointQuorum both = new JointQuorum(incoming, outgoing);
            result = index(both, indexes);
            out.append(describe(new MajorityQuorum(both.ids()), indexes));
            note(out, index(new JointQuorum(outgoing, incoming), indexes), result, "symmetry");
        } else {
            result = index(new JointQuorum(incoming, MajorityQuorum.EMPTY), indexes);
            out.append(describe(incoming, indexes));
            note(out, byCounting(incoming, indexes), result, "alternative computation");
            note(out, index(new JointQuorum(incoming, incoming), indexes), result, "self-joint");
            note(
                    out,
                    index(new JointQuorum(MajorityQuorum.EMPTY, incoming), indexes),
                    result,
                    "zero-joint");
            overlay(out, incoming, indexes, result);
        }
        return out.append(text(result)).append('\n').toString();
    }

    private static void note(StringBuilder out, long other, long result, String how) {
        if (other != result) {
            out.append(text(other)).append(" <-- via ").append(how).append('\n');
        }
    }

    /** What is below the commit point anyway may go further down without moving it. */
    private static void overlay(
            StringBuilder out, MajorityQuorum voters, Map<Long, Long> indexes, long result) {
        for (Map.Entry<Long, Long> of : indexes.entrySet()) {
            if (of.getValue() < result) {
                for (long lower : List.of(of.getValue() - 1, 0L)) {
                    Map<Long, Long> lowered = new TreeMap<>(indexes);
                    lowered.put(of.getKey(), lower);
                    long other = index(new JointQuorum(voters, MajorityQuorum.EMPTY), lowered);
                    note(out, other, result, "overlaying " + of.getKey());
                }
            }
        }
    }

    private static long index(JointQuorum quorum, Map<Long, Long> indexes) {
        return quorum.committed(
                        id -> {
                            Long index = indexes.get(id);
                            return index == null ? null : new Ack(index, 0);
                        },
                        false)
                .index();
    }

    /** The same by definition: the highest index that more than half have. */
    private static long byCounting(MajorityQuorum voters, Map<Long, Long> indexes) {
        if (voters.isEmpty()) {
            return CommitPoint.EVERYTHING;
        }
        long best = 0;
        for (long candidate : indexes.values()) {
            long have =
                    voters.voters().stream()
                            .filter(id ->
                                    Objects.requireNonNullElse(indexes.get(id), 0L) >= candidate)
                            .count();
            if (have * 2 > voters.voters().size()) {
                best = Math.max(best, candidate);
            }
        }
        return best;
    }

    private static String text(long index) {
        return index == CommitPoint.EVERYTHING ? "∞" : Long.toString(index);
    }

    private record Bar(long id, long index, boolean known, int length) {}

    private static String describe(MajorityQuorum voters, Map<Long, Long> indexes) {
        if (voters.isEmpty()) {
            return "<empty majority quorum>";
        }
        int count = voters.voters().size();
        List<Bar> bars = new ArrayList<>();
        for (long id : voters.voters()) {
            Long index = indexes.get(id);
            bars.add(new Bar(id, index == null ? 0 : index, index != null, 0));
        }
        bars.sort(Comparator.comparingLong(Bar::index).thenComparingLong(Bar::id));
        for (int i = 1; i < count; i++) {
            Bar bar = bars.get(i);
            Bar before = bars.get(i - 1);
            int length = before.index() < bar.index() ? i : before.length();
            bars.set(i, new Bar(bar.id(), bar.index(), bar.known(), length));
        }
        bars.sort(Comparator.comparingLong(Bar::id));
        StringBuilder out = new StringBuilder(" ".repeat(count)).append("    idx\n");
        for (Bar bar : bars) {
            out.append(
                    bar.known()
                            ? "x".repeat(bar.length()) + ">" + " ".repeat(count - bar.length())
                            : "?" + " ".repeat(count));
            out.append(String.format(" %5d    (id=%x)\n", bar.index(), bar.id()));
        }
        return out.toString();
    }

    private static String vote(
            MajorityQuorum incoming, MajorityQuorum outgoing, Map<Long, Boolean> votes) {
        VoteResult result = new JointQuorum(incoming, outgoing).vote(votes::get);
        VoteResult mirrored = new JointQuorum(outgoing, incoming).vote(votes::get);
        String note = mirrored == result ? "" : name(mirrored) + " <-- via symmetry\n";
        return note + name(result) + "\n";
    }

    private static String name(VoteResult result) {
        return switch (result) {
            case WON -> "VoteWon";
            case LOST -> "VoteLost";
            case PENDING -> "VotePending";
        };
    }
}
