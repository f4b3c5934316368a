package io.garrick.flashkv.store;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.SnapshotMetadata;
import io.garrick.proto.raftserver.Done;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.raftserver.RaftSnapshotData;
import io.garrick.proto.raftserver.SnapshotCFFile;
import io.garrick.proto.raftserver.SnapshotChunk;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes one snapshot off the wire: a message, then the files' bytes end to end.
 *
 * <p>Everything is checked against the announced sizes and checksums before {@link Sink} sees it.
 * Called by one thread at a time.
 */
final class SnapshotReceiver implements StreamObserver<SnapshotChunk> {
    private static final Logger log = LoggerFactory.getLogger(SnapshotReceiver.class);

    private final Path root;
    private final Sink sink;
    private final StreamObserver<Done> response;
    private @Nullable RaftMessage message;
    private @Nullable Path directory;
    private List<SnapshotCFFile> files = List.of();
    private RaftSnapshotData data = RaftSnapshotData.getDefaultInstance();
    private int position = -1;
    private long leftInFile;
    private final CRC32 checksum = new CRC32();
    private @Nullable OutputStream out;
    private boolean failed;

    /** Whoever takes over complete snapshots, and then owns the files. */
    @FunctionalInterface
    interface Sink {
        void received(RaftMessage message, SnapshotFiles files);
    }

    SnapshotReceiver(Path root, Sink sink, StreamObserver<Done> response) {
        this.root = root;
        this.sink = sink;
        this.response = response;
    }

    @Override
    public void onNext(SnapshotChunk chunk) {
        if (failed) {
            return;
        }
        try {
            if (chunk.hasMessage()) {
                begin(chunk.getMessage());
            } else {
                take(chunk.getData());
            }
        } catch (IOException | RuntimeException e) {
            fail(e);
        }
    }

    private void begin(RaftMessage first) throws IOException {
        message = first;
        data = RaftSnapshotData.parseFrom(first.getMessage().getSnapshot().getData());
        files = data.getMeta().getCfFilesList();
        SnapshotMetadata meta = first.getMessage().getSnapshot().getMetadata();
        // Two senders may send the same snapshot at once: each stream has its own directory.
        directory =
                SnapshotFiles.directory(root, first.getRegionId(), meta.getTerm(), meta.getIndex())
                        .resolveSibling("recv_" + UUID.randomUUID());
        Files.createDirectories(directory);
        nextFile();
    }

    private void nextFile() throws IOException {
        closeFile();
        do {
            position++;
        } while (position < files.size() && files.get(position).getSize() == 0);
        if (position < files.size() && directory != null) {
            leftInFile = files.get(position).getSize();
            checksum.reset();
            out = Files.newOutputStream(SnapshotFiles.path(directory, position));
        }
    }

    private void closeFile() throws IOException {
        if (out != null) {
            out.close();
            out = null;
        }
    }

    private void take(ByteString bytes) throws IOException {
        if (bytes.isEmpty() || message == null) {
            throw new IOException("an empty chunk, or data before the message");
        }
        ByteString rest = bytes;
        while (!rest.isEmpty()) {
            if (out == null) {
                throw new IOException("more data than announced");
            }
            int count = (int) Math.min(leftInFile, rest.size());
            ByteString part = rest.substring(0, count);
            part.writeTo(out);
            checksum.update(part.asReadOnlyByteBuffer());
            leftInFile -= count;
            rest = rest.substring(count);
            if (leftInFile == 0) {
                if ((int) checksum.getValue() != files.get(position).getChecksum()) {
                    throw new IOException("checksum of file " + position + " is wrong");
                }
                nextFile();
            }
        }
    }

    @Override
    public void onCompleted() {
        if (failed) {
            return;
        }
        try {
            if (message == null || directory == null || position < files.size()) {
                throw new IOException("snapshot ended early");
            }
            SnapshotFiles received = new SnapshotFiles(directory, data);
            received.writeMeta();
            received.sync();
            log.info(
                    "snapshot received regionId={} bytes={}",
                    message.getRegionId(),
                    data.getFileSize());
            sink.received(message, received);
            response.onNext(Done.getDefaultInstance());
            response.onCompleted();
        } catch (IOException | RuntimeException e) {
            fail(e);
        }
    }

    @Override
    public void onError(Throwable error) {
        failed = true;
        discard();
    }

    private void fail(Exception error) {
        failed = true;
        log.warn("snapshot refused: {}", error.toString());
        discard();
        response.onError(
                Status.UNKNOWN.withDescription(error.toString()).withCause(error).asException());
    }

    private void discard() {
        try {
            closeFile();
            if (directory != null) {
                SnapshotFiles.delete(directory);
            }
        } catch (IOException | RuntimeException e) {
            log.warn("snapshot files not deleted directory={}", directory, e);
        }
    }
}
