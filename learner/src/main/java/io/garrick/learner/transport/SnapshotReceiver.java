package io.garrick.learner.transport;

import com.google.protobuf.ByteString;
import io.garrick.learner.peer.Store;
import io.garrick.learner.snapshot.SnapshotStore;
import io.garrick.proto.eraft.SnapshotMetadata;
import io.garrick.proto.raftserver.Done;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.raftserver.RaftSnapshotData;
import io.garrick.proto.raftserver.SnapshotChunk;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One incoming snapshot: a message, then the bytes of its files. Raft sees the message only when
 * every file is here, checked and synced; whatever breaks before leaves nothing behind.
 */
final class SnapshotReceiver implements StreamObserver<SnapshotChunk> {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotReceiver.class);
    private static final int VERSION_FILES = 2;

    private final Store store;
    private final StreamObserver<Done> response;
    private @Nullable RaftMessage message;
    private SnapshotStore.@Nullable Receiving receiving;
    private boolean ended;

    SnapshotReceiver(Store store, StreamObserver<Done> response) {
        this.store = store;
        this.response = response;
    }

    @Override
    public void onNext(SnapshotChunk chunk) {
        if (ended) {
            return;
        }
        try {
            if (message == null) {
                begin(chunk);
            } else if (chunk.getData().isEmpty()) {
                fail(Status.INVALID_ARGUMENT.withDescription("empty chunk"));
            } else if (receiving != null) {
                for (ByteBuffer part : chunk.getData().asReadOnlyByteBufferList()) {
                    receiving.write(part);
                }
            }
        } catch (IOException e) {
            fail(Status.INTERNAL.withDescription(e.getMessage()).withCause(e));
        }
    }

    private void begin(SnapshotChunk chunk) throws IOException {
        RaftMessage head = chunk.getMessage();
        if (!chunk.hasMessage() || !head.getMessage().hasSnapshot()) {
            fail(Status.INVALID_ARGUMENT.withDescription("no snapshot message"));
            return;
        }
        Optional<String> reason = store.refuseSnapshot(head);
        if (reason.isPresent()) {
            fail(Status.FAILED_PRECONDITION.withDescription("snapshot refused: " + reason.get()));
            return;
        }
        message = head;
        ByteString bytes = head.getMessage().getSnapshot().getData();
        RaftSnapshotData data = RaftSnapshotData.parseFrom(bytes);
        if (data.getVersion() != VERSION_FILES) {
            fail(
                    Status.UNIMPLEMENTED.withDescription(
                            "snapshot version " + data.getVersion() + " is not supported"));
            return;
        }
        SnapshotMetadata metadata = head.getMessage().getSnapshot().getMetadata();
        SnapshotStore.Id id =
                new SnapshotStore.Id(head.getRegionId(), metadata.getTerm(), metadata.getIndex());
        // Complete from an earlier attempt: the body is skipped.
        receiving =
                store.snapshots().has(id) ? null : store.snapshots().receive(id, data.getMeta());
    }

    @Override
    public void onCompleted() {
        if (ended) {
            return;
        }
        RaftMessage head = message;
        if (head == null) {
            fail(Status.INVALID_ARGUMENT.withDescription("empty stream"));
            return;
        }
        try {
            if (receiving != null) {
                receiving.finish();
                receiving = null;
            }
        } catch (IOException e) {
            fail(Status.INTERNAL.withDescription(e.getMessage()).withCause(e));
            return;
        }
        ended = true;
        store.snapshotReceived(head.getRegionId());
        store.onMessage(head);
        response.onNext(Done.getDefaultInstance());
        response.onCompleted();
    }

    @Override
    public void onError(Throwable failure) {
        fail(Status.CANCELLED.withDescription("stream broke"));
    }

    private void fail(Status status) {
        if (ended) {
            return;
        }
        ended = true;
        LOG.info(
                "snapshot not received regionId={} status={}",
                message == null ? 0 : message.getRegionId(),
                status);
        store.refused(
                "snapshot stream failed",
                message == null ? RaftMessage.getDefaultInstance() : message);
        try {
            if (receiving != null) {
                receiving.close();
            }
        } catch (IOException e) {
            LOG.warn("unfinished snapshot not deleted", e);
        }
        if (message != null) {
            store.snapshotReceived(message.getRegionId());
        }
        response.onError(status.asRuntimeException());
    }
}
