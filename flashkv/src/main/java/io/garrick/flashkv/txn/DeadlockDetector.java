package io.garrick.flashkv.txn;

import io.garrick.proto.deadlock.DeadlockGrpc;
import io.garrick.proto.deadlock.DeadlockRequest;
import io.garrick.proto.deadlock.DeadlockResponse;
import io.garrick.proto.deadlock.WaitForEntriesRequest;
import io.garrick.proto.deadlock.WaitForEntriesResponse;
import io.garrick.proto.kvrpc.Deadlock;
import io.garrick.proto.kvrpc.WaitForEntry;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The detector's own side: the waits that all stores report to it. Serves the store that leads the
 * first region; others refuse, so that their callers look again. Safe for use by many threads.
 */
final class DeadlockDetector extends DeadlockGrpc.DeadlockImplBase {
    private final WaitForGraph graph = new WaitForGraph();
    private final InstantSource clock;
    private final BooleanSupplier isHere;

    /** {@code isHere} tells whether this store is the one to ask; it may block. */
    DeadlockDetector(InstantSource clock, BooleanSupplier isHere) {
        this.clock = clock;
        this.isHere = isHere;
    }

    synchronized Optional<Deadlock> detect(WaitForEntry wait) {
        return graph.detect(wait, clock.millis());
    }

    synchronized void remove(WaitForEntry wait) {
        graph.remove(wait.getTxn(), wait.getWaitForTxn());
    }

    private synchronized void removeAll(long txn) {
        graph.removeAll(txn);
    }

    private synchronized List<WaitForEntry> entries() {
        return graph.entries();
    }

    @Override
    public void getWaitForEntries(
            WaitForEntriesRequest request, StreamObserver<WaitForEntriesResponse> out) {
        out.onNext(WaitForEntriesResponse.newBuilder().addAllEntries(entries()).build());
        out.onCompleted();
    }

    @Override
    public StreamObserver<DeadlockRequest> detect(StreamObserver<DeadlockResponse> out) {
        if (!isHere.getAsBoolean()) {
            out.onError(
                    Status.FAILED_PRECONDITION
                            .withDescription("not the leader of the deadlock detector")
                            .asRuntimeException());
            return new Ignored();
        }
        return new StreamObserver<>() {
            private boolean ended;

            @Override
            public void onNext(DeadlockRequest request) {
                if (ended) {
                    return;
                }
                WaitForEntry entry = request.getEntry();
                switch (request.getTp()) {
                    case Detect ->
                            DeadlockDetector.this
                                    .detect(entry)
                                    .ifPresent(found -> out.onNext(response(entry, found)));
                    case CleanUpWaitFor -> remove(entry);
                    case CleanUp -> removeAll(entry.getTxn());
                    case UNRECOGNIZED -> {
                        ended = true;
                        out.onError(
                                Status.INVALID_ARGUMENT
                                        .withDescription("unknown type of request")
                                        .asRuntimeException());
                    }
                }
            }

            @Override
            public void onError(Throwable failure) {
                ended = true;
            }

            @Override
            public void onCompleted() {
                if (!ended) {
                    ended = true;
                    out.onCompleted();
                }
            }
        };
    }

    private static DeadlockResponse response(WaitForEntry entry, Deadlock found) {
        return DeadlockResponse.newBuilder()
                .setEntry(entry)
                .setDeadlockKeyHash(found.getDeadlockKeyHash())
                .setDeadlockKey(found.getDeadlockKey())
                .addAllWaitChain(found.getWaitChainList())
                .build();
    }

    /** The stream has been refused already. */
    private static final class Ignored implements StreamObserver<DeadlockRequest> {
        @Override
        public void onNext(DeadlockRequest request) {}

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}
    }
}
