package io.garrick.flashkv.pd;

import io.garrick.proto.etcd.ClusterGrpc;
import io.garrick.proto.etcd.DeleteRangeRequest;
import io.garrick.proto.etcd.DeleteRangeResponse;
import io.garrick.proto.etcd.KVGrpc;
import io.garrick.proto.etcd.KeyValue;
import io.garrick.proto.etcd.Member;
import io.garrick.proto.etcd.MemberListRequest;
import io.garrick.proto.etcd.MemberListResponse;
import io.garrick.proto.etcd.PutRequest;
import io.garrick.proto.etcd.PutResponse;
import io.garrick.proto.etcd.RangeRequest;
import io.garrick.proto.etcd.RangeResponse;
import io.garrick.proto.etcd.ResponseHeader;
import io.grpc.BindableService;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.function.Supplier;

/**
 * The part of etcd's gRPC that TiKV's Go client calls on a PD (tikv/client-go, tikv/safepoint.go).
 * Leases, transactions and watches are refused: UNIMPLEMENTED.
 */
final class EtcdGrpc {
    private static final long MEMBER_ID = 1;

    private final EtcdValues values;
    private final long clusterId;
    private final Supplier<String> url;

    /**
     * Answers for one PD.
     *
     * @param url its {@code host:port}, known only once it listens
     */
    EtcdGrpc(EtcdValues values, long clusterId, Supplier<String> url) {
        this.values = values;
        this.clusterId = clusterId;
        this.url = url;
    }

    List<BindableService> services() {
        return List.of(new Kv(), new Members());
    }

    private ResponseHeader header() {
        return ResponseHeader.newBuilder()
                .setClusterId(clusterId)
                .setMemberId(MEMBER_ID)
                .setRevision(values.revision())
                .setRaftTerm(1)
                .build();
    }

    private static StatusRuntimeException refused(String what) {
        return Status.UNIMPLEMENTED.withDescription(what).asRuntimeException();
    }

    private static <T> void answer(StreamObserver<T> caller, T response) {
        caller.onNext(response);
        caller.onCompleted();
    }

    private final class Kv extends KVGrpc.KVImplBase {

        @Override
        public void range(RangeRequest request, StreamObserver<RangeResponse> caller) {
            if (request.getRevision() > 0 && request.getRevision() < values.revision()) {
                caller.onError(refused("old revisions are not kept"));
                return;
            }
            List<KeyValue> found = values.range(request.getKey(), request.getRangeEnd());
            long limit = request.getLimit() > 0 ? request.getLimit() : Long.MAX_VALUE;
            RangeResponse.Builder response =
                    RangeResponse.newBuilder()
                            .setHeader(header())
                            .setCount(found.size())
                            .setMore(found.size() > limit && !request.getCountOnly());
            if (!request.getCountOnly()) {
                found.stream()
                        .limit(limit)
                        .map(entry ->
                                request.getKeysOnly()
                                        ? entry.toBuilder().clearValue().build()
                                        : entry)
                        .forEach(response::addKvs);
            }
            answer(caller, response.build());
        }

        @Override
        public void put(PutRequest request, StreamObserver<PutResponse> caller) {
            if (request.getLease() != 0) {
                caller.onError(refused("leases are not kept"));
                return;
            }
            KeyValue before = values.put(request.getKey(), request.getValue());
            PutResponse.Builder response = PutResponse.newBuilder().setHeader(header());
            if (before != null && request.getPrevKv()) {
                response.setPrevKv(before);
            }
            answer(caller, response.build());
        }

        @Override
        public void deleteRange(
                DeleteRangeRequest request, StreamObserver<DeleteRangeResponse> caller) {
            List<KeyValue> deleted = values.delete(request.getKey(), request.getRangeEnd());
            DeleteRangeResponse.Builder response =
                    DeleteRangeResponse.newBuilder().setHeader(header()).setDeleted(deleted.size());
            if (request.getPrevKv()) {
                response.addAllPrevKvs(deleted);
            }
            answer(caller, response.build());
        }
    }

    private final class Members extends ClusterGrpc.ClusterImplBase {

        @Override
        public void memberList(
                MemberListRequest request, StreamObserver<MemberListResponse> caller) {
            String address = "http://" + url.get();
            answer(
                    caller,
                    MemberListResponse.newBuilder()
                            .setHeader(header())
                            .addMembers(
                                    Member.newBuilder()
                                            .setID(MEMBER_ID)
                                            .setName("pd")
                                            .addPeerURLs(address)
                                            .addClientURLs(address))
                            .build());
        }
    }
}
