package io.garrick.learner.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import io.garrick.base.KeyRange;
import io.garrick.proto.kvrpc.LockInfo;
import io.garrick.proto.raftcmd.ReadIndexRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;

/**
 * The context of a read index request: {@code uuid(16)} and tagged fields. {@code r} carries the ts
 * and ranges to the leader, who answers with {@code l} (a lock in its memory) or {@code m} (a safe
 * ts); tikv, components/raftstore/src/store/read_queue.rs.
 *
 * @param locked what forbids the read at the leader
 */
record ReadContext(UUID id, Optional<LockInfo> locked) {
    private static final byte REQUEST = 'r';
    private static final byte LOCKED = 'l';
    private static final byte SAFE_TS = 'm';

    /** A ts of all ones means "the newest": it raises no max_ts and checks no range. */
    static ByteString request(UUID id, long ts, KeyRange range) {
        ReadIndexRequest.Builder request = ReadIndexRequest.newBuilder();
        if (ts != -1L) {
            request.setStartTs(ts)
                    .addKeyRanges(
                            io.garrick.proto.kvrpc.KeyRange.newBuilder()
                                    .setStartKey(Regions.bytes(range.start()))
                                    .setEndKey(Regions.bytes(range.end())));
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            CodedOutputStream out = CodedOutputStream.newInstance(bytes);
            out.writeFixed64NoTag(Long.reverseBytes(id.getMostSignificantBits()));
            out.writeFixed64NoTag(Long.reverseBytes(id.getLeastSignificantBits()));
            out.write(REQUEST);
            out.writeByteArrayNoTag(request.build().toByteArray());
            out.flush();
        } catch (IOException e) {
            throw new IllegalStateException("a byte array refused bytes", e);
        }
        return ByteString.copyFrom(bytes.toByteArray());
    }

    /** Empty if the bytes are not a context. An unknown field ends it, as in TiKV. */
    static Optional<ReadContext> parse(ByteString bytes) {
        if (bytes.size() < 16) {
            return Optional.empty();
        }
        ByteBuffer head = bytes.substring(0, 16).asReadOnlyByteBuffer();
        UUID id = new UUID(head.getLong(), head.getLong());
        Optional<LockInfo> locked = Optional.empty();
        CodedInputStream in = bytes.substring(16).newCodedInput();
        try {
            while (!in.isAtEnd()) {
                byte tag = in.readRawByte();
                if (tag == REQUEST) {
                    in.readByteArray();
                } else if (tag == LOCKED) {
                    locked = Optional.of(LockInfo.parseFrom(in.readByteArray()));
                } else if (tag == SAFE_TS) {
                    in.skipRawBytes(16);
                } else {
                    break;
                }
            }
        } catch (IOException e) {
            return Optional.empty();
        }
        return Optional.of(new ReadContext(id, locked));
    }
}
