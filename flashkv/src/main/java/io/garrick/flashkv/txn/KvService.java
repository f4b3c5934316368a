package io.garrick.flashkv.txn;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Internal;
import com.google.protobuf.Message;
import io.garrick.codec.CodecException;
import io.garrick.proto.error.Error;
import io.garrick.proto.kvrpc.BatchGetRequest;
import io.garrick.proto.kvrpc.BatchGetResponse;
import io.garrick.proto.kvrpc.BatchRollbackRequest;
import io.garrick.proto.kvrpc.BatchRollbackResponse;
import io.garrick.proto.kvrpc.BroadcastTxnStatusRequest;
import io.garrick.proto.kvrpc.BroadcastTxnStatusResponse;
import io.garrick.proto.kvrpc.CheckSecondaryLocksRequest;
import io.garrick.proto.kvrpc.CheckSecondaryLocksResponse;
import io.garrick.proto.kvrpc.CheckTxnStatusRequest;
import io.garrick.proto.kvrpc.CheckTxnStatusResponse;
import io.garrick.proto.kvrpc.CleanupRequest;
import io.garrick.proto.kvrpc.CleanupResponse;
import io.garrick.proto.kvrpc.CommitRequest;
import io.garrick.proto.kvrpc.CommitResponse;
import io.garrick.proto.kvrpc.DeleteRangeRequest;
import io.garrick.proto.kvrpc.DeleteRangeResponse;
import io.garrick.proto.kvrpc.GCRequest;
import io.garrick.proto.kvrpc.GCResponse;
import io.garrick.proto.kvrpc.GetHealthFeedbackResponse;
import io.garrick.proto.kvrpc.GetRequest;
import io.garrick.proto.kvrpc.GetResponse;
import io.garrick.proto.kvrpc.MvccGetByKeyRequest;
import io.garrick.proto.kvrpc.MvccGetByKeyResponse;
import io.garrick.proto.kvrpc.PessimisticLockRequest;
import io.garrick.proto.kvrpc.PessimisticLockResponse;
import io.garrick.proto.kvrpc.PessimisticRollbackRequest;
import io.garrick.proto.kvrpc.PessimisticRollbackResponse;
import io.garrick.proto.kvrpc.PrewriteRequest;
import io.garrick.proto.kvrpc.PrewriteResponse;
import io.garrick.proto.kvrpc.RawBatchDeleteRequest;
import io.garrick.proto.kvrpc.RawBatchDeleteResponse;
import io.garrick.proto.kvrpc.RawBatchGetRequest;
import io.garrick.proto.kvrpc.RawBatchGetResponse;
import io.garrick.proto.kvrpc.RawBatchPutRequest;
import io.garrick.proto.kvrpc.RawBatchPutResponse;
import io.garrick.proto.kvrpc.RawDeleteRequest;
import io.garrick.proto.kvrpc.RawDeleteResponse;
import io.garrick.proto.kvrpc.RawGetRequest;
import io.garrick.proto.kvrpc.RawGetResponse;
import io.garrick.proto.kvrpc.RawPutRequest;
import io.garrick.proto.kvrpc.RawPutResponse;
import io.garrick.proto.kvrpc.RawScanRequest;
import io.garrick.proto.kvrpc.RawScanResponse;
import io.garrick.proto.kvrpc.ResolveLockRequest;
import io.garrick.proto.kvrpc.ResolveLockResponse;
import io.garrick.proto.kvrpc.ScanLockRequest;
import io.garrick.proto.kvrpc.ScanLockResponse;
import io.garrick.proto.kvrpc.ScanRequest;
import io.garrick.proto.kvrpc.ScanResponse;
import io.garrick.proto.kvrpc.TxnHeartBeatRequest;
import io.garrick.proto.kvrpc.TxnHeartBeatResponse;
import io.garrick.proto.tikv.BatchCommandsEmptyResponse;
import io.garrick.proto.tikv.BatchCommandsRequest;
import io.garrick.proto.tikv.BatchCommandsResponse;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The KV methods of {@code tikvpb.Tikv}. Every request runs on the executor given, whose threads
 * may block.
 */
final class KvService extends TikvGrpc.TikvImplBase {
    private static final Logger log = LoggerFactory.getLogger(KvService.class);

    private final Percolator percolator;
    private final RawKv raw;
    private final Executor executor;

    KvService(Percolator percolator, RawKv raw, Executor executor) {
        this.percolator = percolator;
        this.raw = raw;
        this.executor = executor;
    }

    @Override
    public void kvGet(GetRequest request, StreamObserver<GetResponse> out) {
        unary(out, GetResponse.class, request, percolator::get);
    }

    @Override
    public void kvBatchGet(BatchGetRequest request, StreamObserver<BatchGetResponse> out) {
        unary(out, BatchGetResponse.class, request, percolator::batchGet);
    }

    @Override
    public void kvScan(ScanRequest request, StreamObserver<ScanResponse> out) {
        unary(out, ScanResponse.class, request, percolator::scan);
    }

    @Override
    public void kvPrewrite(PrewriteRequest request, StreamObserver<PrewriteResponse> out) {
        unary(out, PrewriteResponse.class, request, percolator::prewrite);
    }

    @Override
    public void kvCommit(CommitRequest request, StreamObserver<CommitResponse> out) {
        unary(out, CommitResponse.class, request, percolator::commit);
    }

    @Override
    public void kvBatchRollback(
            BatchRollbackRequest request, StreamObserver<BatchRollbackResponse> out) {
        unary(out, BatchRollbackResponse.class, request, percolator::batchRollback);
    }

    @Override
    public void kvCleanup(CleanupRequest request, StreamObserver<CleanupResponse> out) {
        unary(out, CleanupResponse.class, request, percolator::cleanup);
    }

    @Override
    public void kvPessimisticLock(
            PessimisticLockRequest request, StreamObserver<PessimisticLockResponse> out) {
        unary(out, PessimisticLockResponse.class, request, percolator::pessimisticLock);
    }

    @Override
    public void kVPessimisticRollback(
            PessimisticRollbackRequest request, StreamObserver<PessimisticRollbackResponse> out) {
        unary(out, PessimisticRollbackResponse.class, request, percolator::pessimisticRollback);
    }

    @Override
    public void kvTxnHeartBeat(
            TxnHeartBeatRequest request, StreamObserver<TxnHeartBeatResponse> out) {
        unary(out, TxnHeartBeatResponse.class, request, percolator::heartBeat);
    }

    @Override
    public void kvCheckTxnStatus(
            CheckTxnStatusRequest request, StreamObserver<CheckTxnStatusResponse> out) {
        unary(out, CheckTxnStatusResponse.class, request, percolator::checkTxnStatus);
    }

    @Override
    public void kvCheckSecondaryLocks(
            CheckSecondaryLocksRequest request, StreamObserver<CheckSecondaryLocksResponse> out) {
        unary(out, CheckSecondaryLocksResponse.class, request, percolator::checkSecondaryLocks);
    }

    @Override
    public void kvScanLock(ScanLockRequest request, StreamObserver<ScanLockResponse> out) {
        unary(out, ScanLockResponse.class, request, percolator::scanLock);
    }

    @Override
    public void kvResolveLock(ResolveLockRequest request, StreamObserver<ResolveLockResponse> out) {
        unary(out, ResolveLockResponse.class, request, percolator::resolveLock);
    }

    @Override
    public void kvDeleteRange(DeleteRangeRequest request, StreamObserver<DeleteRangeResponse> out) {
        unary(out, DeleteRangeResponse.class, request, percolator::deleteRange);
    }

    @Override
    public void rawGet(RawGetRequest request, StreamObserver<RawGetResponse> out) {
        unary(out, RawGetResponse.class, request, raw::get);
    }

    @Override
    public void rawBatchGet(RawBatchGetRequest request, StreamObserver<RawBatchGetResponse> out) {
        unary(out, RawBatchGetResponse.class, request, raw::batchGet);
    }

    @Override
    public void rawPut(RawPutRequest request, StreamObserver<RawPutResponse> out) {
        unary(out, RawPutResponse.class, request, raw::put);
    }

    @Override
    public void rawBatchPut(RawBatchPutRequest request, StreamObserver<RawBatchPutResponse> out) {
        unary(out, RawBatchPutResponse.class, request, raw::batchPut);
    }

    @Override
    public void rawDelete(RawDeleteRequest request, StreamObserver<RawDeleteResponse> out) {
        unary(out, RawDeleteResponse.class, request, raw::delete);
    }

    @Override
    public void rawBatchDelete(
            RawBatchDeleteRequest request, StreamObserver<RawBatchDeleteResponse> out) {
        unary(out, RawBatchDeleteResponse.class, request, raw::batchDelete);
    }

    @Override
    public void rawScan(RawScanRequest request, StreamObserver<RawScanResponse> out) {
        unary(out, RawScanResponse.class, request, raw::scan);
    }

    @Override
    public void mvccGetByKey(
            MvccGetByKeyRequest request, StreamObserver<MvccGetByKeyResponse> out) {
        unary(out, MvccGetByKeyResponse.class, request, percolator::mvccByKey);
    }

    /** Old versions stay: nothing is collected yet. */
    @Override
    public void kvGC(GCRequest request, StreamObserver<GCResponse> out) {
        unary(out, GCResponse.class, request, _ -> GCResponse.getDefaultInstance());
    }

    /** Only hints for caches, which are not kept here. */
    @Override
    public void broadcastTxnStatus(
            BroadcastTxnStatusRequest request, StreamObserver<BroadcastTxnStatusResponse> out) {
        unary(
                out,
                BroadcastTxnStatusResponse.class,
                request,
                _ -> BroadcastTxnStatusResponse.getDefaultInstance());
    }

    /** Each command of a batch runs and answers by itself. */
    @Override
    public StreamObserver<BatchCommandsRequest> batchCommands(
            StreamObserver<BatchCommandsResponse> out) {
        return new StreamObserver<>() {
            private final Object outLock = new Object();
            private boolean ended;

            @Override
            public void onNext(BatchCommandsRequest batch) {
                for (int i = 0; i < batch.getRequestsCount(); i++) {
                    long id = batch.getRequestIds(i);
                    BatchCommandsRequest.Request command = batch.getRequests(i);
                    executor.execute(() -> answer(id, command));
                }
            }

            private void answer(long id, BatchCommandsRequest.Request command) {
                BatchCommandsResponse.Response response;
                try {
                    response = command(command);
                } catch (RuntimeException e) {
                    log.warn("batched command failed command={}", command.getCmdCase(), e);
                    end(Status.INTERNAL.withDescription(e.toString()));
                    return;
                }
                synchronized (outLock) {
                    if (!ended) {
                        out.onNext(
                                BatchCommandsResponse.newBuilder()
                                        .addRequestIds(id)
                                        .addResponses(response)
                                        .build());
                    }
                }
            }

            private void end(Status status) {
                synchronized (outLock) {
                    if (!ended) {
                        ended = true;
                        out.onError(status.asRuntimeException());
                    }
                }
            }

            @Override
            public void onError(Throwable failure) {
                synchronized (outLock) {
                    ended = true;
                }
            }

            @Override
            public void onCompleted() {
                synchronized (outLock) {
                    if (!ended) {
                        ended = true;
                        out.onCompleted();
                    }
                }
            }
        };
    }

    private BatchCommandsResponse.Response command(BatchCommandsRequest.Request request) {
        BatchCommandsResponse.Response.Builder response =
                BatchCommandsResponse.Response.newBuilder();
        switch (request.getCmdCase()) {
            case GET ->
                    response.setGet(guarded(GetResponse.class, request.getGet(), percolator::get));
            case BATCH_GET ->
                    response.setBatchGet(
                            guarded(
                                    BatchGetResponse.class,
                                    request.getBatchGet(),
                                    percolator::batchGet));
            case SCAN ->
                    response.setScan(
                            guarded(ScanResponse.class, request.getScan(), percolator::scan));
            case PREWRITE ->
                    response.setPrewrite(
                            guarded(
                                    PrewriteResponse.class,
                                    request.getPrewrite(),
                                    percolator::prewrite));
            case COMMIT ->
                    response.setCommit(
                            guarded(CommitResponse.class, request.getCommit(), percolator::commit));
            case BATCH_ROLLBACK ->
                    response.setBatchRollback(
                            guarded(
                                    BatchRollbackResponse.class,
                                    request.getBatchRollback(),
                                    percolator::batchRollback));
            case CLEANUP ->
                    response.setCleanup(
                            guarded(
                                    CleanupResponse.class,
                                    request.getCleanup(),
                                    percolator::cleanup));
            case PESSIMISTIC_LOCK ->
                    response.setPessimisticLock(
                            guarded(
                                    PessimisticLockResponse.class,
                                    request.getPessimisticLock(),
                                    percolator::pessimisticLock));
            case PESSIMISTIC_ROLLBACK ->
                    response.setPessimisticRollback(
                            guarded(
                                    PessimisticRollbackResponse.class,
                                    request.getPessimisticRollback(),
                                    percolator::pessimisticRollback));
            case TXN_HEART_BEAT ->
                    response.setTxnHeartBeat(
                            guarded(
                                    TxnHeartBeatResponse.class,
                                    request.getTxnHeartBeat(),
                                    percolator::heartBeat));
            case CHECK_TXN_STATUS ->
                    response.setCheckTxnStatus(
                            guarded(
                                    CheckTxnStatusResponse.class,
                                    request.getCheckTxnStatus(),
                                    percolator::checkTxnStatus));
            case CHECK_SECONDARY_LOCKS ->
                    response.setCheckSecondaryLocks(
                            guarded(
                                    CheckSecondaryLocksResponse.class,
                                    request.getCheckSecondaryLocks(),
                                    percolator::checkSecondaryLocks));
            case SCAN_LOCK ->
                    response.setScanLock(
                            guarded(
                                    ScanLockResponse.class,
                                    request.getScanLock(),
                                    percolator::scanLock));
            case RESOLVE_LOCK ->
                    response.setResolveLock(
                            guarded(
                                    ResolveLockResponse.class,
                                    request.getResolveLock(),
                                    percolator::resolveLock));
            case DELETE_RANGE ->
                    response.setDeleteRange(
                            guarded(
                                    DeleteRangeResponse.class,
                                    request.getDeleteRange(),
                                    percolator::deleteRange));
            case RAW_GET ->
                    response.setRawGet(
                            guarded(RawGetResponse.class, request.getRawGet(), raw::get));
            case RAW_BATCH_GET ->
                    response.setRawBatchGet(
                            guarded(
                                    RawBatchGetResponse.class,
                                    request.getRawBatchGet(),
                                    raw::batchGet));
            case RAW_PUT ->
                    response.setRawPut(
                            guarded(RawPutResponse.class, request.getRawPut(), raw::put));
            case RAW_BATCH_PUT ->
                    response.setRawBatchPut(
                            guarded(
                                    RawBatchPutResponse.class,
                                    request.getRawBatchPut(),
                                    raw::batchPut));
            case RAW_DELETE ->
                    response.setRawDelete(
                            guarded(RawDeleteResponse.class, request.getRawDelete(), raw::delete));
            case RAW_BATCH_DELETE ->
                    response.setRawBatchDelete(
                            guarded(
                                    RawBatchDeleteResponse.class,
                                    request.getRawBatchDelete(),
                                    raw::batchDelete));
            case RAW_SCAN ->
                    response.setRawScan(
                            guarded(RawScanResponse.class, request.getRawScan(), raw::scan));
            case GC -> response.setGc(GCResponse.getDefaultInstance());
            case BROADCAST_TXN_STATUS ->
                    response.setBroadcastTxnStatus(BroadcastTxnStatusResponse.getDefaultInstance());
            case GET_HEALTH_FEEDBACK ->
                    response.setGetHealthFeedback(GetHealthFeedbackResponse.getDefaultInstance());
            case EMPTY ->
                    response.setEmpty(
                            BatchCommandsEmptyResponse.newBuilder()
                                    .setTestId(request.getEmpty().getTestId()));
            case RAW_DELETE_RANGE, RAW_BATCH_SCAN, COPROCESSOR, CMD_NOT_SET ->
                    throw new IllegalArgumentException("no such command " + request.getCmdCase());
        }
        return response.build();
    }

    private <Q, T extends Message> void unary(
            StreamObserver<T> out, Class<T> type, Q request, Function<Q, T> call) {
        executor.execute(() -> {
            T response;
            try {
                response = guarded(type, request, call);
            } catch (IllegalArgumentException | CodecException e) {
                out.onError(
                        Status.INVALID_ARGUMENT.withDescription(e.toString()).asRuntimeException());
                return;
            } catch (RuntimeException e) {
                log.warn("kv call failed type={}", type.getSimpleName(), e);
                out.onError(Status.INTERNAL.withDescription(e.toString()).asRuntimeException());
                return;
            }
            out.onNext(response);
            out.onCompleted();
        });
    }

    /** Every response has its region error in a field of the same name. */
    private static <Q, T extends Message> T guarded(Class<T> type, Q request, Function<Q, T> call) {
        try {
            return call.apply(request);
        } catch (Regions.Refusal refusal) {
            return refused(type, refusal.error());
        }
    }

    private static <T extends Message> T refused(Class<T> type, Error error) {
        Message.Builder builder = Internal.getDefaultInstance(type).newBuilderForType();
        FieldDescriptor field = builder.getDescriptorForType().findFieldByName("region_error");
        return type.cast(builder.setField(field, error).build());
    }
}
