package io.garrick.learner.transport;

import io.garrick.learner.peer.Refusals;
import io.garrick.proto.importsst.ImportSSTGrpc;
import io.garrick.proto.importsst.UploadRequest;
import io.garrick.proto.importsst.UploadResponse;
import io.garrick.proto.importsst.WriteRequest;
import io.garrick.proto.importsst.WriteResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Physical import sends its files to every peer of a region, this one too, and then has the leader
 * ingest them. The files are taken in and thrown away: when the ingestion comes through the log,
 * the region fetches a snapshot, which has their rows. So the import works, and no replica serves
 * without them.
 *
 * <p>Every other method answers UNIMPLEMENTED by itself; download among them, since its answer (the
 * range of the rewritten file) is used for all peers.
 */
final class ImportService extends ImportSSTGrpc.ImportSSTImplBase {
    private final Refusals refusals;

    ImportService(Refusals refusals) {
        this.refusals = refusals;
    }

    @Override
    public StreamObserver<UploadRequest> upload(StreamObserver<UploadResponse> response) {
        return new Discard<>(
                response,
                (answer, request) ->
                        request.hasMeta() ? UploadResponse.getDefaultInstance() : answer);
    }

    /** The answer names the file that the leader will propose, as if it were here. */
    @Override
    public StreamObserver<WriteRequest> write(StreamObserver<WriteResponse> response) {
        return new Discard<>(
                response,
                (answer, request) ->
                        request.hasMeta()
                                ? WriteResponse.newBuilder().addMetas(request.getMeta()).build()
                                : answer);
    }

    /** A stream whose first message says what it is about. */
    private final class Discard<Q, R> implements StreamObserver<Q> {
        private final StreamObserver<R> response;
        private final BiFunction<@Nullable R, Q, @Nullable R> answerOf;
        private @Nullable R answer;

        Discard(StreamObserver<R> response, BiFunction<@Nullable R, Q, @Nullable R> answerOf) {
            this.response = response;
            this.answerOf = answerOf;
        }

        @Override
        public void onNext(Q request) {
            answer = answerOf.apply(answer, request);
        }

        @Override
        public void onError(Throwable failure) {
            // Nothing was kept.
        }

        @Override
        public void onCompleted() {
            R said = answer;
            if (said == null) {
                response.onError(
                        Status.INVALID_ARGUMENT
                                .withDescription("a file without its meta")
                                .asRuntimeException());
                return;
            }
            refusals.add("imported file not kept", "a snapshot will bring its rows");
            response.onNext(said);
            response.onCompleted();
        }
    }
}
