package io.garrick.learner.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.proto.importsst.SSTMeta;
import io.garrick.proto.raftcmd.CmdType;
import io.garrick.proto.raftcmd.DeleteRangeRequest;
import io.garrick.proto.raftcmd.DeleteRequest;
import io.garrick.proto.raftcmd.IngestSSTRequest;
import io.garrick.proto.raftcmd.PutRequest;
import io.garrick.proto.raftcmd.RaftCmdRequest;
import io.garrick.proto.raftcmd.RaftRequestHeader;
import io.garrick.proto.raftcmd.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * The entry format of partitioned raftstores: {@code 0x00 | uvarint length, header | operations}.
 *
 * <p>Lengths inside operations are SQLite4 varints: up to 240 in the first byte, then two, three,
 * four and five byte forms (tikv, raftstore-v2, simple_write.rs).
 */
final class SimpleWrites {
    private static final int PUT = 0;
    private static final int DELETE = 1;
    private static final int DELETE_RANGE = 2;
    private static final int INGEST = 3;
    private static final int ARBITRARY_FAMILY = 3;

    private SimpleWrites() {}

    static RaftCmdRequest decode(ByteString data) throws InvalidProtocolBufferException {
        CodedInputStream in = data.newCodedInput();
        try {
            in.skipRawBytes(1);
            RaftCmdRequest.Builder command =
                    RaftCmdRequest.newBuilder()
                            .setHeader(RaftRequestHeader.parseFrom(in.readByteArray()));
            while (!in.isAtEnd()) {
                operation(in, command);
            }
            return command.build();
        } catch (InvalidProtocolBufferException e) {
            throw e;
        } catch (IOException e) {
            throw new InvalidProtocolBufferException(e);
        }
    }

    private static void operation(CodedInputStream in, RaftCmdRequest.Builder command)
            throws IOException {
        int kind = in.readRawByte() & 0xff;
        switch (kind) {
            case PUT ->
                    command.addRequests(
                            Request.newBuilder()
                                    .setCmdType(CmdType.Put)
                                    .setPut(
                                            PutRequest.newBuilder()
                                                    .setCf(family(in))
                                                    .setKey(bytes(in))
                                                    .setValue(bytes(in))));
            case DELETE ->
                    command.addRequests(
                            Request.newBuilder()
                                    .setCmdType(CmdType.Delete)
                                    .setDelete(
                                            DeleteRequest.newBuilder()
                                                    .setCf(family(in))
                                                    .setKey(bytes(in))));
            case DELETE_RANGE ->
                    command.addRequests(
                            Request.newBuilder()
                                    .setCmdType(CmdType.DeleteRange)
                                    .setDeleteRange(
                                            DeleteRangeRequest.newBuilder()
                                                    .setCf(family(in))
                                                    .setStartKey(bytes(in))
                                                    .setEndKey(bytes(in))
                                                    .setNotifyOnly(in.readRawByte() != 0)));
            case INGEST -> {
                int count = length(in);
                for (int i = 0; i < count; i++) {
                    command.addRequests(
                            Request.newBuilder()
                                    .setCmdType(CmdType.IngestSST)
                                    .setIngestSst(
                                            IngestSSTRequest.newBuilder()
                                                    .setSst(
                                                            SSTMeta.parseFrom(
                                                                    in.readByteArray()))));
                }
            }
            default -> throw new InvalidProtocolBufferException("unknown operation " + kind);
        }
    }

    private static String family(CodedInputStream in) throws IOException {
        int family = in.readRawByte() & 0xff;
        return switch (family) {
            case 0 -> "default";
            case 1 -> "write";
            case 2 -> "lock";
            case ARBITRARY_FAMILY ->
                    new String(in.readRawBytes(length(in)), StandardCharsets.UTF_8);
            default -> throw new InvalidProtocolBufferException("unknown family " + family);
        };
    }

    private static ByteString bytes(CodedInputStream in) throws IOException {
        return ByteString.copyFrom(in.readRawBytes(length(in)));
    }

    static int length(CodedInputStream in) throws IOException {
        int first = in.readRawByte() & 0xff;
        if (first <= 240) {
            return first;
        }
        if (first <= 248) {
            return 240 + 256 * (first - 241) + (in.readRawByte() & 0xff);
        }
        if (first == 249) {
            return 2288 + 256 * (in.readRawByte() & 0xff) + (in.readRawByte() & 0xff);
        }
        int width = first - 247; // 250: 3 bytes, 251: 4 bytes
        if (width > 4) {
            throw new InvalidProtocolBufferException("length of " + width + " bytes");
        }
        int value = 0;
        for (int i = 0; i < width; i++) {
            value = (value << 8) | (in.readRawByte() & 0xff);
        }
        if (value < 0) {
            throw new InvalidProtocolBufferException("negative length");
        }
        return value;
    }
}
