package io.garrick.flashkv.store;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import io.garrick.proto.kvrpc.LockInfo;
import io.garrick.proto.raftcmd.ReadIndexRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * What a replica writes into a read index request, and what the leader answers with
 * (attach-protocol 6.2).
 *
 * @param uuid 16 bytes that tell requests apart
 * @param request asked by the replica; the leader drops it
 * @param locked set by the leader: this lock blocks the read
 * @param safeTs set by the leader, 0 when not: reads up to here need no other read index
 */
record ReadIndexContext(
        ByteString uuid,
        @Nullable ReadIndexRequest request,
        @Nullable LockInfo locked,
        long safeTs) {
    private static final int UUID_BYTES = 16;
    private static final byte REQUEST = 'r';
    private static final byte LOCKED = 'l';
    private static final byte SAFE_TS = 'm';

    /** Null when the bytes are not such a context. */
    static @Nullable ReadIndexContext parse(ByteString bytes) {
        if (bytes.size() < UUID_BYTES) {
            return null;
        }
        ReadIndexRequest request = null;
        LockInfo locked = null;
        long safeTs = 0;
        CodedInputStream in = bytes.substring(UUID_BYTES).newCodedInput();
        try {
            while (!in.isAtEnd()) {
                switch (in.readRawByte()) {
                    case REQUEST -> request = ReadIndexRequest.parseFrom(in.readByteArray());
                    case LOCKED -> locked = LockInfo.parseFrom(in.readByteArray());
                    case SAFE_TS -> {
                        in.skipRawBytes(Long.BYTES); // its length, always 8
                        safeTs = in.readRawLittleEndian64();
                    }
                    default -> {
                        return new ReadIndexContext(
                                bytes.substring(0, UUID_BYTES), request, locked, safeTs);
                    }
                }
            }
        } catch (IOException e) {
            return null;
        }
        return new ReadIndexContext(bytes.substring(0, UUID_BYTES), request, locked, safeTs);
    }

    ByteString encode() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        try {
            out.writeRawBytes(uuid);
            if (request != null) {
                out.writeRawByte(REQUEST);
                out.writeByteArrayNoTag(request.toByteArray());
            }
            if (locked != null) {
                out.writeRawByte(LOCKED);
                out.writeByteArrayNoTag(locked.toByteArray());
            }
            if (safeTs != 0) {
                out.writeRawByte(SAFE_TS);
                out.writeRawBytes(
                        ByteBuffer.allocate(2 * Long.BYTES)
                                .putLong(Long.BYTES)
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .putLong(safeTs)
                                .array());
            }
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return ByteString.copyFrom(bytes.toByteArray());
    }
}
