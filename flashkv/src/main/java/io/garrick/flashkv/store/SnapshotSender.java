package io.garrick.flashkv.store;

import com.google.protobuf.ByteString;
import io.garrick.proto.raftserver.Done;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.raftserver.SnapshotChunk;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends one snapshot over a channel of its own; blocks until the receiver has it all. */
final class SnapshotSender implements ClientResponseObserver<SnapshotChunk, Done> {
    private static final Logger log = LoggerFactory.getLogger(SnapshotSender.class);
    private static final int CHUNK_BYTES = 1 << 20;
    private static final long TIMEOUT_SECONDS = 600;

    private final CompletableFuture<Boolean> done = new CompletableFuture<>();
    private @Nullable ClientCallStreamObserver<SnapshotChunk> requests;

    private SnapshotSender() {}

    /** Whether the receiver confirmed. */
    static boolean send(String address, RaftMessage message, SnapshotFiles files) {
        ManagedChannel channel = GrpcTransport.channelTo(address);
        SnapshotSender sender = new SnapshotSender();
        try {
            var out = TikvGrpc.newStub(channel).snapshot(sender);
            out.onNext(SnapshotChunk.newBuilder().setMessage(message).build());
            try (InputStream in = open(files)) {
                while (sender.awaitReady()) {
                    byte[] bytes = in.readNBytes(CHUNK_BYTES);
                    if (bytes.length == 0) {
                        break;
                    }
                    out.onNext(
                            SnapshotChunk.newBuilder().setData(ByteString.copyFrom(bytes)).build());
                }
            }
            if (!sender.done.isDone()) {
                out.onCompleted();
            }
            boolean success = sender.done.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            log.info(
                    "snapshot sent regionId={} to={} bytes={} success={}",
                    message.getRegionId(),
                    message.getToPeer().getStoreId(),
                    files.data().getFileSize(),
                    success);
            return success;
        } catch (IOException | ExecutionException | TimeoutException | RuntimeException e) {
            log.warn(
                    "snapshot not sent regionId={} to={} reason={}",
                    message.getRegionId(),
                    message.getToPeer().getStoreId(),
                    e.toString());
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            channel.shutdownNow();
        }
    }

    private static InputStream open(SnapshotFiles files) throws IOException {
        List<InputStream> streams = new ArrayList<>();
        for (int i = 0; i < files.files().size(); i++) {
            if (files.files().get(i).getSize() > 0) {
                streams.add(Files.newInputStream(files.path(i)));
            }
        }
        return new SequenceInputStream(Collections.enumeration(streams));
    }

    /** False when the call has ended. */
    private synchronized boolean awaitReady() throws InterruptedException {
        while (!done.isDone() && requests != null && !requests.isReady()) {
            wait();
        }
        return !done.isDone();
    }

    private synchronized void wake() {
        notifyAll();
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<SnapshotChunk> stream) {
        synchronized (this) {
            requests = stream;
        }
        stream.setOnReadyHandler(this::wake);
    }

    @Override
    public void onNext(Done value) {
        done.complete(true);
    }

    @Override
    public void onError(Throwable error) {
        log.warn("snapshot refused by receiver: {}", error.toString());
        done.complete(false);
        wake();
    }

    @Override
    public void onCompleted() {
        done.complete(false);
        wake();
    }
}
