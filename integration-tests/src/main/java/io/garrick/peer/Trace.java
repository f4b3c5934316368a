package io.garrick.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.peer.Outcome.Effect;
import io.garrick.peer.Outcome.Status;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.SnapshotMetadata;
import java.io.PrintStream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * The steps of a run, one line each. Without an output only their checksum is kept: two runs of a
 * seed must have the same.
 */
final class Trace {
    private final @Nullable PrintStream out;
    private final CRC32 checksum = new CRC32();
    private long steps;

    Trace(@Nullable PrintStream out) {
        this.out = out;
    }

    void step(long turn, Op op, Outcome outcome) {
        steps++;
        checksum(op, outcome);
        if (out == null) {
            return;
        }
        StringBuilder line = new StringBuilder();
        line.append(turn).append(' ').append(text(op)).append(" ->");
        if (outcome.result() != Outcome.Result.TAKEN) {
            line.append(' ').append(outcome.result());
        }
        if (outcome.status() != null) {
            line.append(' ').append(text(outcome.status()));
        }
        for (Effect effect : outcome.effects()) {
            line.append("\n    ").append(text(effect));
        }
        out.println(line);
    }

    private void checksum(Op op, Outcome outcome) {
        checksum.update((int) op.peer());
        checksum.update(outcome.effects().size());
        for (Effect effect : outcome.effects()) {
            if (effect instanceof Effect.Sent(ByteString message)) {
                checksum.update(message.asReadOnlyByteBuffer());
            }
        }
        if (outcome.status() != null) {
            checksum.update((int) outcome.status().term());
            checksum.update((int) outcome.status().last());
        }
    }

    void note(String text) {
        if (out != null) {
            out.println("# " + text);
        }
    }

    String summary() {
        return steps + " steps, checksum " + Long.toHexString(checksum.getValue());
    }

    static String text(Op op) {
        return switch (op) {
            case Op.Step(long peer, ByteString message) -> "Step " + peer + ": " + text(message);
            case Op.Propose(long peer, ByteString data, _) ->
                    "Propose " + peer + ": " + data.size() + " bytes";
            case Op.Offer(long peer, _) -> "Offer " + peer + " a snapshot";
            default -> op.toString();
        };
    }

    private static String text(Status status) {
        return "term "
                + status.term()
                + " "
                + status.role()
                + " of "
                + status.leader()
                + " commit "
                + status.commit()
                + " applied "
                + status.applied()
                + " log ["
                + status.first()
                + ", "
                + status.last()
                + "]";
    }

    private static String text(Effect effect) {
        return switch (effect) {
            case Effect.Sent(ByteString message) -> "sends " + text(message);
            case Effect.Installed(var snapshot) -> "installs " + text(snapshot.getMetadata());
            case Effect.Applied(var entry) -> "applies " + Ledger.text(entry);
            case Effect.Configured(var conf) -> "is configured " + text(conf.toString());
            case Effect.ReadAnswered(long index, ByteString context) ->
                    "may read " + context.toStringUtf8() + " at " + index;
            case Effect.SnapshotWanted _ -> "wants a snapshot";
            case Effect.Stored(var entry) -> "has " + Ledger.text(entry);
        };
    }

    private static String text(SnapshotMetadata meta) {
        return "snapshot "
                + meta.getIndex()
                + "/"
                + meta.getTerm()
                + " of "
                + text(meta.getConfState().toString());
    }

    private static String text(ByteString encoded) {
        try {
            Message message = Message.parseFrom(encoded);
            StringBuilder out = new StringBuilder();
            out.append(message.getFrom()).append("->").append(message.getTo()).append(' ');
            out.append(message.getMsgType()).append(" term ").append(message.getTerm());
            out.append(" at ").append(message.getIndex()).append('/').append(message.getLogTerm());
            if (message.getEntriesCount() > 0) {
                out.append(" entries ").append(message.getEntriesCount());
            }
            out.append(" commit ").append(message.getCommit());
            if (message.getReject()) {
                out.append(" rejected, hint ").append(message.getRejectHint());
            }
            if (message.getRequestSnapshot() != 0) {
                out.append(" requests snapshot ").append(message.getRequestSnapshot());
            }
            if (message.hasSnapshot()) {
                out.append(' ').append(text(message.getSnapshot().getMetadata()));
            }
            return out.toString();
        } catch (InvalidProtocolBufferException broken) {
            return "a broken message: " + broken.getMessage();
        }
    }

    private static String text(String proto) {
        return "{" + proto.replace('\n', ' ').trim() + "}";
    }
}
