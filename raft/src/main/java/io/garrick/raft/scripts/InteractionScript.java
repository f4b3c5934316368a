package io.garrick.raft.scripts;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfChange;
import io.garrick.proto.eraft.ConfChangeSingle;
import io.garrick.proto.eraft.ConfChangeTransition;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.eraft.SnapshotMetadata;
import io.garrick.raft.RaftConfig;
import io.garrick.raft.RaftConfig.Dialect;
import io.garrick.raft.RaftConfig.ReadOnlyOption;
import io.garrick.raft.RaftStatus;
import io.garrick.raft.scripts.EtcdLog.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The commands of etcd's interaction tests: several nodes on one thread, moved message by message.
 */
final class InteractionScript implements Script {
    private static final String DROPPED = "raft proposal dropped";

    private final List<ScriptNode> nodes = new ArrayList<>();
    private List<Message> network = new ArrayList<>();
    private Level level = Level.DEBUG;
    private StringBuilder out = new StringBuilder();

    @Override
    public String run(Directive directive) {
        out = new StringBuilder();
        String error = handle(directive);
        if (!error.isEmpty()) {
            out.append(error); // even when quiet
        }
        return out.isEmpty() ? "ok" : out.toString();
    }

    /** Prints; returns an error to print, or nothing. */
    private String handle(Directive directive) {
        List<String> words = directive.positional();
        switch (directive.command()) {
            case "add-nodes" -> addNodes(directive);
            case "campaign" -> node(words.getFirst()).node().campaign();
            case "compact" -> {
                node(words.getFirst()).log().compact(Long.parseLong(words.get(1)));
                printLog(node(words.getFirst()));
            }
            case "deliver-msgs" -> deliver(directive);
            case "process-ready" ->
                    words.forEach(word -> processReady(words.size() > 1, node(word)));
            case "log-level" -> level = level(words.getFirst());
            case "raft-log" -> printLog(node(words.getFirst()));
            case "raft-state" -> printState();
            case "set-randomized-election-timeout" ->
                    node(words.getFirst())
                            .node()
                            .setRandomizedElectionTimeout(
                                    Integer.parseInt(directive.value("timeout", "0")));
            case "stabilize" -> stabilize(directive);
            case "status" ->
                    node(words.getFirst())
                            .node()
                            .status()
                            .progress()
                            .forEach((id, p) -> print(id + ": " + EtcdText.progress(p) + "\n"));
            case "tick-election" -> {
                ScriptNode node = node(words.getFirst());
                tick(node, node.config().electionTicks());
            }
            case "tick-heartbeat" -> {
                ScriptNode node = node(words.getFirst());
                tick(node, node.config().heartbeatTicks());
            }
            case "transfer-leadership" ->
                    node(directive.value("from", ""))
                            .node()
                            .transferLeader(Long.parseLong(directive.value("to", "")));
            case "forget-leader" -> node(words.getFirst()).node().forgetLeader();
            case "send-snapshot" -> sendSnapshot(node(words.getFirst()), words.get(1));
            case "report-unreachable" ->
                    node(words.getFirst()).node().reportUnreachable(Long.parseLong(words.get(1)));
            case "propose" -> {
                boolean taken =
                        node(words.getFirst())
                                .node()
                                .propose(ByteString.EMPTY, ByteString.copyFromUtf8(words.get(1)));
                return taken ? "" : DROPPED;
            }
            case "propose-conf-change" -> {
                return proposeConfChange(directive) ? "" : DROPPED;
            }
            default -> throw new Script.UnknownCommand(directive);
        }
        return "";
    }

    private ScriptNode node(String id) {
        int number = Integer.parseInt(id);
        if (number < 1 || number > nodes.size()) {
            throw new Directive.BadScript("no node " + id);
        }
        return nodes.get(number - 1);
    }

    private static Level level(String name) {
        return Level.valueOf(name.toUpperCase(Locale.ROOT));
    }

    private void print(String text) {
        if (level != Level.NONE) {
            out.append(text);
        }
    }

    private void log(EtcdLog.Line line) {
        if (level.compareTo(line.level()) <= 0) {
            out.append(line.level()).append(' ').append(line.text()).append('\n');
        }
    }

    private void indented(Runnable action) {
        StringBuilder outer = out;
        out = new StringBuilder();
        action.run();
        out.toString().lines().forEach(line -> outer.append("  ").append(line).append('\n'));
        out = outer;
    }

    // ---- nodes ----

    private void addNodes(Directive directive) {
        ConfState.Builder conf = ConfState.newBuilder();
        directive.values("voters").forEach(id -> conf.addVoters(Long.parseLong(id)));
        directive.values("learners").forEach(id -> conf.addLearners(Long.parseLong(id)));
        long index = Long.parseLong(directive.value("index", "0"));
        Snapshot start =
                Snapshot.newBuilder()
                        .setData(ByteString.copyFromUtf8(directive.value("content", "")))
                        .setMetadata(
                                SnapshotMetadata.newBuilder()
                                        .setConfState(conf)
                                        .setIndex(index)
                                        .setTerm(index > 0 ? 1 : 0))
                        .build();
        for (Directive.Argument argument : directive.arguments()) {
            if (!argument.values().isEmpty() && !NODE_OPTIONS.contains(argument.key())) {
                throw new Directive.BadScript("unknown argument " + argument.key());
            }
        }
        for (int i = Integer.parseInt(directive.positional().getFirst()); i > 0; i--) {
            RaftConfig config = config(directive, nodes.size() + 1, index);
            nodes.add(
                    new ScriptNode(
                            config, start, event -> EtcdLog.lines(event).forEach(this::log)));
        }
    }

    private static final List<String> NODE_OPTIONS =
            List.of(
                    "voters",
                    "learners",
                    "index",
                    "content",
                    "inflight",
                    "prevote",
                    "checkquorum",
                    "read-only",
                    "max-committed-size-per-ready",
                    "disable-conf-change-validation",
                    "step-down-on-removal");

    private static RaftConfig config(Directive directive, long id, long applied) {
        return RaftConfig.builder(id)
                .dialect(Dialect.ETCD)
                .electionTicks(3)
                .heartbeatTicks(1)
                .applied(applied)
                .maxBytesPerMessage(RaftConfig.NO_LIMIT)
                .maxCommittedBytesPerReady(
                        Long.parseLong(
                                directive.value(
                                        "max-committed-size-per-ready",
                                        String.valueOf(RaftConfig.NO_LIMIT))))
                .maxInflightMessages(
                        Integer.parseInt(
                                directive.value("inflight", String.valueOf(Integer.MAX_VALUE))))
                .preVote(Boolean.parseBoolean(directive.value("prevote", "false")))
                .checkQuorum(Boolean.parseBoolean(directive.value("checkquorum", "false")))
                .readOnlyOption(
                        directive.value("read-only", "safe").equals("safe")
                                ? ReadOnlyOption.SAFE
                                : ReadOnlyOption.LEASE_BASED)
                .trustConfChanges(
                        Boolean.parseBoolean(
                                directive.value("disable-conf-change-validation", "false")))
                .stepDownOnRemoval(
                        Boolean.parseBoolean(directive.value("step-down-on-removal", "false")))
                .build();
    }

    private static void tick(ScriptNode node, int times) {
        for (int i = 0; i < times; i++) {
            node.node().tick();
        }
    }

    // ---- work ----

    private void processReady(boolean announce, ScriptNode node) {
        if (announce) {
            print("> " + node.config().id() + " handling Ready\n");
            indented(() -> processReady(node));
        } else {
            processReady(node);
        }
    }

    private void processReady(ScriptNode node) {
        ScriptNode.Described described = node.takeReady();
        print(described.text());
        node.write(described.ready());
        network.addAll(described.messages());
        node.persisted(described.ready());
    }

    private void stabilize(Directive directive) {
        Level before = level;
        if (directive.has("log-level")) {
            level = level(directive.value("log-level", ""));
        }
        List<ScriptNode> moved =
                directive.positional().isEmpty()
                        ? List.copyOf(nodes)
                        : directive.positional().stream().map(this::node).toList();
        boolean busy = true;
        while (busy) {
            busy = false;
            for (ScriptNode node : moved) {
                if (node.node().hasReady()) {
                    processReady(true, node);
                    busy = true;
                }
            }
            for (ScriptNode node : moved) {
                long id = node.config().id();
                if (network.stream().anyMatch(m -> m.getTo() == id)) {
                    print("> " + id + " receiving messages\n");
                    indented(() -> deliver(id, "", false));
                    busy = true;
                }
            }
        }
        level = before;
    }

    private void deliver(Directive directive) {
        String type = directive.value("type", "");
        int count = 0;
        for (Directive.Argument argument : directive.arguments()) {
            if (argument.values().isEmpty()) {
                count += deliver(Long.parseLong(argument.key()), type, false);
            } else if (argument.key().equals("drop")) {
                for (String id : argument.values()) {
                    count += deliver(Long.parseLong(id), type, true);
                }
            }
        }
        if (count == 0) {
            print("no messages\n");
        }
    }

    private int deliver(long to, String type, boolean drop) {
        List<Message> taken = new ArrayList<>();
        List<Message> left = new ArrayList<>();
        for (Message message : network) {
            boolean wanted =
                    message.getTo() == to
                            && (type.isEmpty() || EtcdText.type(message.getMsgType()).equals(type));
            (wanted ? taken : left).add(message);
        }
        network = left;
        for (Message message : taken) {
            print((drop ? "dropped: " : "") + EtcdText.message(message) + "\n");
            if (!drop) {
                switch (node(Long.toString(to)).node().step(message)) {
                    case DONE -> {}
                    case LOCAL_MESSAGE -> print("raft: cannot step raft local message\n");
                    case PEER_NOT_FOUND -> print("raft: cannot step as peer not found\n");
                    case PROPOSAL_DROPPED -> print(DROPPED + "\n");
                }
            }
        }
        return taken.size();
    }

    private void sendSnapshot(ScriptNode from, String to) {
        Message message =
                Message.newBuilder()
                        .setMsgType(MessageType.MsgSnapshot)
                        .setTerm(from.node().term())
                        .setFrom(from.config().id())
                        .setTo(Long.parseLong(to))
                        .setSnapshot(from.snapshot(0, 0).orElseThrow())
                        .build();
        network.add(message);
        print(EtcdText.message(message));
    }

    private boolean proposeConfChange(Directive directive) {
        List<ConfChangeSingle> changes = ConfChangeScript.parse(directive.input());
        var proposer = node(directive.positional().getFirst()).node();
        if (Boolean.parseBoolean(directive.value("v1", "false"))) {
            return proposer.proposeConfChange(
                    ByteString.EMPTY,
                    ConfChange.newBuilder()
                            .setChangeType(changes.getFirst().getChangeType())
                            .setNodeId(changes.getFirst().getNodeId())
                            .build());
        }
        ConfChangeTransition transition =
                switch (directive.value("transition", "auto")) {
                    case "auto" -> ConfChangeTransition.Auto;
                    case "implicit" -> ConfChangeTransition.Implicit;
                    case "explicit" -> ConfChangeTransition.Explicit;
                    default -> throw new Directive.BadScript("unknown transition");
                };
        return proposer.proposeConfChange(
                ByteString.EMPTY,
                ConfChangeV2.newBuilder().setTransition(transition).addAllChanges(changes).build());
    }

    // ---- printing ----

    private void printLog(ScriptNode node) {
        long first = node.firstIndex();
        long last = node.lastIndex();
        if (last < first) {
            print("log is empty: first index=" + first + ", last index=" + last);
        } else {
            print(
                    EtcdText.entries(
                            node.entries(first, last + 1, RaftConfig.NO_LIMIT).orElseThrow()));
        }
    }

    private void printState() {
        for (ScriptNode node : nodes) {
            RaftStatus status = node.node().status();
            boolean voter =
                    status.confState().getVotersList().contains(status.id())
                            || status.confState().getVotersOutgoingList().contains(status.id());
            print(
                    "%d: %s (%s) Term:%d Lead:%d\n"
                            .formatted(
                                    status.id(),
                                    EtcdText.role(status.softState().role()),
                                    voter ? "Voter" : "Non-Voter",
                                    status.hardState().getTerm(),
                                    status.softState().leaderId()));
        }
    }
}
