package io.garrick.bench.raft;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import io.garrick.codec.row.RowEncoder;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.raftcmd.CmdType;
import io.garrick.proto.raftcmd.DeleteRequest;
import io.garrick.proto.raftcmd.PutRequest;
import io.garrick.proto.raftcmd.RaftCmdRequest;
import io.garrick.proto.raftcmd.RaftRequestHeader;
import io.garrick.proto.raftcmd.Request;
import io.garrick.proto.raftserver.RaftMessage;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What a leader sends for transactions of one row: an entry for the prewrite, an entry for the
 * commit, each in a message of its own. Not for several threads.
 */
final class Transactions {
    private static final long LOCK_TTL_MILLIS = 3_000;
    private static final String ALPHABET =
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

    private final RowEncoder rows = new RowEncoder(Layout.table());
    private final SplittableRandom random = new SplittableRandom(7);
    private long ts = 460_000_000_000_000_000L;
    private long rowBytes;

    /** Bytes of all row values so far. */
    long rowBytes() {
        return rowBytes;
    }

    /** A leader's empty entry at the start of its term. */
    static RaftMessage noOp(long regionId, long index) {
        return append(regionId, index, ByteString.EMPTY);
    }

    /** Prewrite at {@code index}, commit at the next. */
    List<RaftMessage> transaction(long regionId, long row, long index) {
        long startTs = ts += 2;
        long commitTs = startTs + 1;
        RowEncoder.Encoded encoded =
                rows.encode(List.of(Layout.handle(regionId, row), row, startTs, text()), 0);
        rowBytes += encoded.value().length();
        Key key = Memcomparable.encode(encoded.rawKey());
        LockRecord lock =
                LockRecord.Single.of(
                        LockRecord.Kind.PUT, encoded.rawKey(), startTs, LOCK_TTL_MILLIS);
        ByteString prewrite =
                command(
                        regionId,
                        put("default", MvccKey.append(key, startTs), encoded.value()),
                        put("lock", key, Key.wrap(lock.encode())));
        ByteString commit =
                command(
                        regionId,
                        put(
                                "write",
                                MvccKey.append(key, commitTs),
                                Key.wrap(new WriteRecord.Put(startTs).encode())),
                        Request.newBuilder()
                                .setCmdType(CmdType.Delete)
                                .setDelete(
                                        DeleteRequest.newBuilder()
                                                .setCf("lock")
                                                .setKey(Layout.bytes(key)))
                                .build());
        return List.of(append(regionId, index, prewrite), append(regionId, index + 1, commit));
    }

    // With the other columns and the row's header, 1 KiB.
    private String text() {
        StringBuilder text = new StringBuilder(1_000);
        while (text.length() < 1_000) {
            long bits = random.nextLong();
            for (int i = 0; i < 10; i++) {
                text.append(ALPHABET.charAt((int) (bits & 63)));
                bits >>>= 6;
            }
        }
        return text.toString();
    }

    private static Request put(String family, Key key, Key value) {
        return Request.newBuilder()
                .setCmdType(CmdType.Put)
                .setPut(
                        PutRequest.newBuilder()
                                .setCf(family)
                                .setKey(Layout.bytes(key))
                                .setValue(Layout.bytes(value)))
                .build();
    }

    private static ByteString command(long regionId, Request... requests) {
        return RaftCmdRequest.newBuilder()
                .setHeader(
                        RaftRequestHeader.newBuilder()
                                .setRegionId(regionId)
                                .setPeer(Layout.leader(regionId))
                                .setRegionEpoch(Layout.epoch())
                                .setTerm(Layout.TERM))
                .addAllRequests(List.of(requests))
                .build()
                .toByteString();
    }

    // The leader is the only voter: what it sends, it has committed.
    private static RaftMessage append(long regionId, long index, ByteString data) {
        boolean first = index == Layout.FIRST + 1;
        return envelope(regionId)
                .setMessage(
                        Message.newBuilder()
                                .setMsgType(MessageType.MsgAppend)
                                .setFrom(Layout.leader(regionId).getId())
                                .setTo(Layout.learner(regionId).getId())
                                .setTerm(Layout.TERM)
                                .setIndex(index - 1)
                                .setLogTerm(first ? Layout.FIRST : Layout.TERM)
                                .addEntries(
                                        Entry.newBuilder()
                                                .setIndex(index)
                                                .setTerm(Layout.TERM)
                                                .setData(data))
                                .setCommit(index))
                .build();
    }

    static RaftMessage.Builder envelope(long regionId) {
        return RaftMessage.newBuilder()
                .setRegionId(regionId)
                .setFromPeer(Layout.leader(regionId))
                .setToPeer(Layout.learner(regionId))
                .setRegionEpoch(Layout.epoch());
    }
}
