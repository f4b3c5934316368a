package io.garrick.learner.transport;

import io.garrick.learner.peer.Store;
import io.garrick.proto.kvrpc.CheckLeaderRequest;
import io.garrick.proto.kvrpc.CheckLeaderResponse;
import io.garrick.proto.kvrpc.StoreSafeTSRequest;
import io.garrick.proto.kvrpc.StoreSafeTSResponse;
import io.garrick.proto.raftserver.Done;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.raftserver.SnapshotChunk;
import io.garrick.proto.tikv.BatchRaftMessage;
import io.garrick.proto.tikv.IsAliveRequest;
import io.garrick.proto.tikv.IsAliveResponse;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.function.Predicate;

/** The part of TiKV's service that a store without a vote and without row requests needs. */
final class RaftService extends TikvGrpc.TikvImplBase {
    private final Store store;

    RaftService(Store store) {
        this.store = store;
    }

    @Override
    public StreamObserver<RaftMessage> raft(StreamObserver<Done> response) {
        return new Incoming<>(response, store::onMessage);
    }

    @Override
    public StreamObserver<BatchRaftMessage> batchRaft(StreamObserver<Done> response) {
        return new Incoming<>(
                response,
                batch -> {
                    for (RaftMessage message : batch.getMsgsList()) {
                        if (!store.onMessage(message)) {
                            return false;
                        }
                    }
                    return true;
                });
    }

    @Override
    public StreamObserver<SnapshotChunk> snapshot(StreamObserver<Done> response) {
        return new SnapshotReceiver(store, response);
    }

    /** A learner's voice is not needed for a quorum: it confirms nobody. */
    @Override
    public void checkLeader(
            CheckLeaderRequest request, StreamObserver<CheckLeaderResponse> response) {
        response.onNext(CheckLeaderResponse.newBuilder().setTs(request.getTs()).build());
        response.onCompleted();
    }

    /** 0 says "unknown" and is always safe; an error would spoil stale reads of the cluster. */
    @Override
    public void getStoreSafeTS(
            StoreSafeTSRequest request, StreamObserver<StoreSafeTSResponse> response) {
        response.onNext(StoreSafeTSResponse.getDefaultInstance());
        response.onCompleted();
    }

    @Override
    public void isAlive(IsAliveRequest request, StreamObserver<IsAliveResponse> response) {
        response.onNext(IsAliveResponse.newBuilder().setAvailable(true).build());
        response.onCompleted();
    }

    /** A stream of messages. It never ends well: that is how senders notice a restart. */
    private static final class Incoming<T> implements StreamObserver<T> {
        private final StreamObserver<Done> response;
        private final Predicate<T> accept;
        private boolean ended;

        Incoming(StreamObserver<Done> response, Predicate<T> accept) {
            this.response = response;
            this.accept = accept;
        }

        @Override
        public void onNext(T message) {
            if (!ended && !accept.test(message)) {
                end(Status.FAILED_PRECONDITION.withDescription("message for another store"));
            }
        }

        private void end(Status status) {
            if (!ended) {
                ended = true;
                response.onError(status.asRuntimeException());
            }
        }

        @Override
        public void onError(Throwable failure) {
            end(Status.UNKNOWN.withDescription("stream broke"));
        }

        @Override
        public void onCompleted() {
            end(Status.UNKNOWN.withDescription("stream ended"));
        }
    }
}
