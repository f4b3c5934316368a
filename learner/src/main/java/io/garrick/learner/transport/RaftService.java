package io.garrick.learner.transport;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.learner.peer.Store;
import io.garrick.proto.coprocessor.BatchRequest;
import io.garrick.proto.coprocessor.BatchResponse;
import io.garrick.proto.coprocessor.Request;
import io.garrick.proto.coprocessor.Response;
import io.garrick.proto.kvrpc.CheckLeaderRequest;
import io.garrick.proto.kvrpc.CheckLeaderResponse;
import io.garrick.proto.kvrpc.StoreSafeTSRequest;
import io.garrick.proto.kvrpc.StoreSafeTSResponse;
import io.garrick.proto.raftserver.Done;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.raftserver.SnapshotChunk;
import io.garrick.proto.tikv.BatchRaftMessage;
import io.garrick.proto.tikv.CancelTaskRequest;
import io.garrick.proto.tikv.CancelTaskResponse;
import io.garrick.proto.tikv.DispatchTaskRequest;
import io.garrick.proto.tikv.DispatchTaskResponse;
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

    @Override
    public void checkLeader(
            CheckLeaderRequest request, StreamObserver<CheckLeaderResponse> response) {
        response.onNext(
                CheckLeaderResponse.newBuilder()
                        .setTs(request.getTs())
                        .addAllRegions(store.checkLeaders(request.getRegionsList()))
                        .build());
        response.onCompleted();
    }

    /** 0 says "unknown" and is always safe; an error would spoil stale reads of the cluster. */
    @Override
    public void getStoreSafeTS(
            StoreSafeTSRequest request, StreamObserver<StoreSafeTSResponse> response) {
        KeyRange range =
                new KeyRange(
                        Key.wrap(request.getKeyRange().getStartKey().toByteArray()),
                        Key.wrap(request.getKeyRange().getEndKey().toByteArray()));
        response.onNext(StoreSafeTSResponse.newBuilder().setSafeTs(store.safeTs(range)).build());
        response.onCompleted();
    }

    // ---- TiDB's reads ----

    // This store answers Flight SQL, not TiDB's executors. Once a table's replica is available,
    // TiDB's optimizer may send reads here all the same. With tidb_allow_fallback_to_tikv =
    // 'tiflash' it runs them on TiKV instead, if the failure looks like a server that is gone
    // (ErrTiFlashServerTimeout). What looks so, and at once, differs by call.

    private static final String ELSEWHERE =
            "this columnar replica serves Flight SQL only; set tidb_isolation_read_engines ="
                    + " 'tikv,tidb', or tidb_allow_fallback_to_tikv = 'tiflash'";

    private void refuse(String what, Status status, StreamObserver<?> response) {
        store.counters().refusals().add("read by TiDB", what);
        response.onError(status.withDescription(ELSEWHERE).asRuntimeException());
    }

    /** An RPC error is repeated by TiDB until its back-off ends; there is no faster way. */
    @Override
    public void coprocessor(Request request, StreamObserver<Response> response) {
        refuse("Coprocessor", Status.UNAVAILABLE, response);
    }

    /**
     * An error in the middle of the stream ends TiDB's attempt at once (tidb,
     * pkg/store/copr/batch_coprocessor.go handleStreamedBatchCopResponse); one at its beginning is
     * repeated for 20 s. So an answer without rows goes ahead.
     */
    @Override
    public void batchCoprocessor(BatchRequest request, StreamObserver<BatchResponse> response) {
        response.onNext(BatchResponse.getDefaultInstance());
        refuse("BatchCoprocessor", Status.UNAVAILABLE, response);
    }

    /**
     * Only CANCELLED is not repeated (tidb, pkg/store/copr/batch_request_sender.go); an error
     * inside the response would fail the query without a second try.
     */
    @Override
    public void dispatchMPPTask(
            DispatchTaskRequest request, StreamObserver<DispatchTaskResponse> response) {
        refuse("DispatchMPPTask", Status.CANCELLED, response);
    }

    /** There is never a task to cancel. */
    @Override
    public void cancelMPPTask(
            CancelTaskRequest request, StreamObserver<CancelTaskResponse> response) {
        response.onNext(CancelTaskResponse.getDefaultInstance());
        response.onCompleted();
    }

    /** Yes: TiDB treats a store that says no as one that is still starting, and waits for it. */
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
