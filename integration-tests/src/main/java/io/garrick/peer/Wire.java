package io.garrick.peer;

import com.google.protobuf.ByteString;
import io.garrick.peer.Outcome.Effect;
import io.garrick.peer.Outcome.Result;
import io.garrick.peer.Outcome.Status;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.raft.RaftRole;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Operations and outcomes as bytes; integration-tests/peers/raft-rs/README.md has the layout.
 * Numbers are big-endian, bytes carry their length as u32.
 */
final class Wire {
    private static final int RESET = 0;

    private Wire() {}

    /** A request frame without its length. */
    static byte[] operations(List<Op> ops) throws IOException {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(frame);
        out.writeInt(ops.size());
        for (Op op : ops) {
            write(op, out);
        }
        return frame.toByteArray();
    }

    /** The frame that makes the process forget all peers. */
    static byte[] reset(long seed) throws IOException {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(frame);
        out.writeInt(1);
        out.writeByte(RESET);
        out.writeLong(0);
        out.writeLong(seed);
        return frame.toByteArray();
    }

    private static void write(Op op, DataOutputStream out) throws IOException {
        out.writeByte(code(op));
        out.writeLong(op.peer());
        switch (op) {
            case Op.Create(_, Op.Settings settings, Op.Start start) -> {
                write(settings, out);
                out.writeLong(start.index());
                out.writeLong(start.term());
                write(start.conf().toByteString(), out);
            }
            case Op.Step(_, ByteString message) -> write(message, out);
            case Op.Propose(_, ByteString data, ByteString context) -> {
                write(data, out);
                write(context, out);
            }
            case Op.ProposeChange(_, boolean oneStepFormat, ByteString change) -> {
                out.writeBoolean(oneStepFormat);
                write(change, out);
            }
            case Op.Transfer(_, long to) -> out.writeLong(to);
            case Op.ReadIndex(_, ByteString context) -> write(context, out);
            case Op.ReportSnapshot(_, long to, boolean arrived) -> {
                out.writeLong(to);
                out.writeBoolean(arrived);
            }
            case Op.ReportUnreachable(_, long to) -> out.writeLong(to);
            case Op.Compact(_, long index) -> out.writeLong(index);
            case Op.Offer(_, ByteString snapshot) -> write(snapshot, out);
            case Op.Destroy _,
                    Op.Restart _,
                    Op.Tick _,
                    Op.Campaign _,
                    Op.RequestSnapshot _,
                    Op.Ping _,
                    Op.Dump _ -> {}
            case Op.Write _, Op.Sync _, Op.Apply _, Op.Checkpoint _ -> throw unfit(op);
        }
    }

    private static int code(Op op) {
        return switch (op) {
            case Op.Create _ -> 1;
            case Op.Destroy _ -> 2;
            case Op.Restart _ -> 3;
            case Op.Step _ -> 4;
            case Op.Tick _ -> 5;
            case Op.Propose _ -> 6;
            case Op.ProposeChange _ -> 7;
            case Op.Transfer _ -> 8;
            case Op.Campaign _ -> 9;
            case Op.ReadIndex _ -> 10;
            case Op.RequestSnapshot _ -> 11;
            case Op.ReportSnapshot _ -> 12;
            case Op.ReportUnreachable _ -> 13;
            case Op.Ping _ -> 14;
            case Op.Compact _ -> 15;
            case Op.Offer _ -> 16;
            case Op.Dump _ -> 17;
            case Op.Write _, Op.Sync _, Op.Apply _, Op.Checkpoint _ -> throw unfit(op);
        };
    }

    private static IllegalArgumentException unfit(Op op) {
        return new IllegalArgumentException("raft-rs peers sync and apply at once: " + op);
    }

    private static void write(Op.Settings settings, DataOutputStream out) throws IOException {
        out.writeBoolean(settings.preVote());
        out.writeBoolean(settings.checkQuorum());
        out.writeBoolean(settings.batchAppend());
        out.writeBoolean(settings.skipBroadcastCommit());
        out.writeInt(settings.maxInflightMessages());
        out.writeLong(settings.maxBytesPerMessage());
        out.writeLong(settings.maxCommittedBytesPerReady());
        out.writeLong(settings.priority());
    }

    private static void write(ByteString bytes, DataOutputStream out) throws IOException {
        out.writeInt(bytes.size());
        bytes.writeTo(out);
    }

    /**
     * The outcomes in an answer frame, in the order of the operations; fewer if one failed.
     *
     * @throws IOException if the frame is cut off or holds an unknown tag
     */
    static List<Outcome> outcomes(byte[] frame) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(frame));
        List<Outcome> outcomes = new ArrayList<>();
        while (in.available() > 0) {
            List<Effect> effects = new ArrayList<>();
            for (int tag = in.readUnsignedByte(); tag != 0; tag = in.readUnsignedByte()) {
                effects.add(effect(tag, in));
            }
            Result result = oneOf(Result.values(), in.readUnsignedByte());
            String text = bytes(in).toStringUtf8();
            outcomes.add(new Outcome(effects, result, text, status(in)));
        }
        return outcomes;
    }

    private static Effect effect(int tag, DataInputStream in) throws IOException {
        return switch (tag) {
            case 1 -> new Effect.Sent(bytes(in));
            case 2 -> new Effect.Installed(Snapshot.parseFrom(bytes(in)));
            case 3 -> new Effect.Applied(Entry.parseFrom(bytes(in)));
            case 4 -> new Effect.Configured(ConfState.parseFrom(bytes(in)));
            case 5 -> new Effect.ReadAnswered(in.readLong(), bytes(in));
            case 6 -> {
                bytes(in);
                yield new Effect.SnapshotWanted();
            }
            case 7 -> new Effect.Stored(Entry.parseFrom(bytes(in)));
            default -> throw new IOException("unknown effect " + tag);
        };
    }

    private static @Nullable Status status(DataInputStream in) throws IOException {
        if (!in.readBoolean()) {
            return null;
        }
        return new Status(
                in.readLong(),
                in.readLong(),
                in.readLong(),
                role(in.readUnsignedByte()),
                in.readLong(),
                in.readLong(),
                in.readLong(),
                in.readLong());
    }

    private static RaftRole role(int code) throws IOException {
        return switch (code) {
            case 0 -> RaftRole.FOLLOWER;
            case 1 -> RaftRole.PRE_CANDIDATE;
            case 2 -> RaftRole.CANDIDATE;
            case 3 -> RaftRole.LEADER;
            default -> throw new IOException("unknown role " + code);
        };
    }

    private static <T> T oneOf(T[] values, int ordinal) throws IOException {
        if (ordinal >= values.length) {
            throw new IOException("unknown result " + ordinal);
        }
        return values[ordinal];
    }

    private static ByteString bytes(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > in.available()) {
            throw new EOFException(length + " bytes of " + in.available());
        }
        byte[] bytes = new byte[length];
        in.readFully(bytes);
        return ByteString.copyFrom(bytes);
    }
}
