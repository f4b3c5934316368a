package io.garrick.flashkv.store;

import com.google.protobuf.ByteString;
import io.garrick.codec.key.Memcomparable;
import io.garrick.proto.kvrpc.CheckLeaderRequest;
import io.garrick.proto.kvrpc.CheckLeaderResponse;
import io.garrick.proto.kvrpc.SplitRegionRequest;
import io.garrick.proto.kvrpc.SplitRegionResponse;
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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The store's own part of {@code tikvpb.Tikv}: raft, snapshots, splits, and whether it lives. */
final class StoreService extends TikvGrpc.TikvImplBase {
    /** What is served from here; the other methods are the transaction layer's. */
    static final List<String> METHODS =
            List.of(
                    "Raft",
                    "BatchRaft",
                    "Snapshot",
                    "SplitRegion",
                    "CheckLeader",
                    "GetStoreSafeTS",
                    "IsAlive");

    private final long storeId;
    private final StoreLoop loop;
    private final Path snapshotRoot;

    StoreService(long storeId, StoreLoop loop, Path snapshotRoot) {
        this.storeId = storeId;
        this.loop = loop;
        this.snapshotRoot = snapshotRoot;
    }

    @Override
    public StreamObserver<RaftMessage> raft(StreamObserver<Done> response) {
        return new Incoming<>(response) {
            @Override
            List<RaftMessage> messages(RaftMessage value) {
                return List.of(value);
            }
        };
    }

    @Override
    public StreamObserver<BatchRaftMessage> batchRaft(StreamObserver<Done> response) {
        return new Incoming<>(response) {
            @Override
            List<RaftMessage> messages(BatchRaftMessage value) {
                return value.getMsgsList();
            }
        };
    }

    /** Ends with an error when it ends: senders must not take silence for success. */
    private abstract class Incoming<T> implements StreamObserver<T> {
        private final StreamObserver<Done> response;
        private boolean ended;

        Incoming(StreamObserver<Done> response) {
            this.response = response;
        }

        abstract List<RaftMessage> messages(T value);

        @Override
        public void onNext(T value) {
            if (ended) {
                return;
            }
            List<RaftMessage> messages = messages(value);
            for (RaftMessage message : messages) {
                if (message.getToPeer().getStoreId() != storeId) {
                    end(
                            "store not match: to %d, this is %d"
                                    .formatted(message.getToPeer().getStoreId(), storeId));
                    return;
                }
            }
            loop.receive(messages);
        }

        @Override
        public void onError(Throwable error) {
            ended = true;
        }

        @Override
        public void onCompleted() {
            if (!ended) {
                end("stream ended");
            }
        }

        private void end(String why) {
            ended = true;
            response.onError(Status.UNKNOWN.withDescription(why).asException());
        }
    }

    @Override
    public StreamObserver<SnapshotChunk> snapshot(StreamObserver<Done> response) {
        return new SnapshotReceiver(snapshotRoot, loop::receiveSnapshot, response);
    }

    @Override
    public void splitRegion(
            SplitRegionRequest request, StreamObserver<SplitRegionResponse> response) {
        List<ByteString> keys = new ArrayList<>(request.getSplitKeysList());
        if (keys.isEmpty() && !request.getSplitKey().isEmpty()) {
            keys.add(request.getSplitKey());
        }
        if (!request.getIsRawKv()) {
            keys.replaceAll(key -> ByteString.copyFrom(Memcomparable.encode(key.toByteArray())));
        }
        loop.splitter()
                .split(
                        request.getContext().getRegionId(),
                        keys,
                        outcome -> {
                            SplitRegionResponse.Builder answer = SplitRegionResponse.newBuilder();
                            switch (outcome) {
                                case Outcome.Done(var regions) -> {
                                    answer.addAllRegions(regions);
                                    if (regions.size() == 2) {
                                        answer.setLeft(regions.getFirst())
                                                .setRight(regions.getLast());
                                    }
                                }
                                case Outcome.Failed(var error) -> answer.setRegionError(error);
                            }
                            response.onNext(answer.build());
                            response.onCompleted();
                        });
    }

    /** No region here advances a safe ts, so none is confirmed. */
    @Override
    public void checkLeader(
            CheckLeaderRequest request, StreamObserver<CheckLeaderResponse> response) {
        response.onNext(CheckLeaderResponse.newBuilder().setTs(request.getTs()).build());
        response.onCompleted();
    }

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
}
