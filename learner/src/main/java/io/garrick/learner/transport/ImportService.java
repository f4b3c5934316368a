package io.garrick.learner.transport;

import io.garrick.proto.importsst.ImportSSTGrpc;
import io.garrick.proto.importsst.UploadRequest;
import io.garrick.proto.importsst.UploadResponse;
import io.garrick.proto.importsst.WriteRequest;
import io.garrick.proto.importsst.WriteResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;

/**
 * Physical import is not supported: the tools get a clear answer instead of a table that differs
 * between replicas. Every other method answers UNIMPLEMENTED by itself.
 */
final class ImportService extends ImportSSTGrpc.ImportSSTImplBase {
    private static <T> StreamObserver<T> refuse(StreamObserver<?> response) {
        response.onError(
                Status.UNIMPLEMENTED
                        .withDescription(
                                "physical import into tables with columnar replicas is not"
                                        + " supported; set the replica after the import")
                        .asRuntimeException());
        return new StreamObserver<>() {
            @Override
            public void onNext(T request) {}

            @Override
            public void onError(Throwable failure) {}

            @Override
            public void onCompleted() {}
        };
    }

    @Override
    public StreamObserver<UploadRequest> upload(StreamObserver<UploadResponse> response) {
        return refuse(response);
    }

    @Override
    public StreamObserver<WriteRequest> write(StreamObserver<WriteResponse> response) {
        return refuse(response);
    }
}
