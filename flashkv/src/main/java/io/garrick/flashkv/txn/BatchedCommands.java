package io.garrick.flashkv.txn;

import io.garrick.proto.coprocessor.Request;
import io.garrick.proto.coprocessor.Response;
import io.garrick.proto.kvrpc.BatchGetResponse;
import io.garrick.proto.kvrpc.BatchRollbackResponse;
import io.garrick.proto.kvrpc.BroadcastTxnStatusResponse;
import io.garrick.proto.kvrpc.CheckSecondaryLocksResponse;
import io.garrick.proto.kvrpc.CheckTxnStatusResponse;
import io.garrick.proto.kvrpc.CleanupResponse;
import io.garrick.proto.kvrpc.CommitResponse;
import io.garrick.proto.kvrpc.DeleteRangeResponse;
import io.garrick.proto.kvrpc.GCResponse;
import io.garrick.proto.kvrpc.GetHealthFeedbackResponse;
import io.garrick.proto.kvrpc.GetResponse;
import io.garrick.proto.kvrpc.PessimisticLockResponse;
import io.garrick.proto.kvrpc.PessimisticRollbackResponse;
import io.garrick.proto.kvrpc.PrewriteResponse;
import io.garrick.proto.kvrpc.RawBatchDeleteResponse;
import io.garrick.proto.kvrpc.RawBatchGetResponse;
import io.garrick.proto.kvrpc.RawBatchPutResponse;
import io.garrick.proto.kvrpc.RawBatchScanResponse;
import io.garrick.proto.kvrpc.RawDeleteRangeResponse;
import io.garrick.proto.kvrpc.RawDeleteResponse;
import io.garrick.proto.kvrpc.RawGetResponse;
import io.garrick.proto.kvrpc.RawPutResponse;
import io.garrick.proto.kvrpc.RawScanResponse;
import io.garrick.proto.kvrpc.ResolveLockResponse;
import io.garrick.proto.kvrpc.ScanLockResponse;
import io.garrick.proto.kvrpc.ScanResponse;
import io.garrick.proto.kvrpc.TxnHeartBeatResponse;
import io.garrick.proto.tikv.BatchCommandsEmptyResponse;
import io.garrick.proto.tikv.BatchCommandsRequest;
import io.garrick.proto.tikv.BatchCommandsResponse;

/** The commands that may come in a batch, each as the method of its own would answer. */
final class BatchedCommands {
    private final TxnCommands txn;
    private final RawKv raw;

    BatchedCommands(TxnCommands txn, RawKv raw) {
        this.txn = txn;
        this.raw = raw;
    }

    BatchCommandsResponse.Response run(BatchCommandsRequest.Request request) {
        BatchCommandsResponse.Response.Builder response =
                BatchCommandsResponse.Response.newBuilder();
        switch (request.getCmdCase()) {
            case GET ->
                    response.setGet(
                            Refusals.guarded(
                                    GetResponse.class, request.getGet(), txn.reads()::get));
            case BATCH_GET ->
                    response.setBatchGet(
                            Refusals.guarded(
                                    BatchGetResponse.class,
                                    request.getBatchGet(),
                                    txn.reads()::batchGet));
            case SCAN ->
                    response.setScan(
                            Refusals.guarded(
                                    ScanResponse.class, request.getScan(), txn.reads()::scan));
            case PREWRITE ->
                    response.setPrewrite(
                            Refusals.guarded(
                                    PrewriteResponse.class,
                                    request.getPrewrite(),
                                    txn.percolator()::prewrite));
            case COMMIT ->
                    response.setCommit(
                            Refusals.guarded(
                                    CommitResponse.class,
                                    request.getCommit(),
                                    txn.percolator()::commit));
            case BATCH_ROLLBACK ->
                    response.setBatchRollback(
                            Refusals.guarded(
                                    BatchRollbackResponse.class,
                                    request.getBatchRollback(),
                                    txn.percolator()::batchRollback));
            case CLEANUP ->
                    response.setCleanup(
                            Refusals.guarded(
                                    CleanupResponse.class,
                                    request.getCleanup(),
                                    txn.percolator()::cleanup));
            case PESSIMISTIC_LOCK ->
                    response.setPessimisticLock(
                            Refusals.guarded(
                                    PessimisticLockResponse.class,
                                    request.getPessimisticLock(),
                                    txn.locks()::lock));
            case PESSIMISTIC_ROLLBACK ->
                    response.setPessimisticRollback(
                            Refusals.guarded(
                                    PessimisticRollbackResponse.class,
                                    request.getPessimisticRollback(),
                                    txn.locks()::rollback));
            case TXN_HEART_BEAT ->
                    response.setTxnHeartBeat(
                            Refusals.guarded(
                                    TxnHeartBeatResponse.class,
                                    request.getTxnHeartBeat(),
                                    txn.percolator()::heartBeat));
            case CHECK_TXN_STATUS ->
                    response.setCheckTxnStatus(
                            Refusals.guarded(
                                    CheckTxnStatusResponse.class,
                                    request.getCheckTxnStatus(),
                                    txn.percolator()::checkTxnStatus));
            case CHECK_SECONDARY_LOCKS ->
                    response.setCheckSecondaryLocks(
                            Refusals.guarded(
                                    CheckSecondaryLocksResponse.class,
                                    request.getCheckSecondaryLocks(),
                                    txn.percolator()::checkSecondaryLocks));
            case SCAN_LOCK ->
                    response.setScanLock(
                            Refusals.guarded(
                                    ScanLockResponse.class,
                                    request.getScanLock(),
                                    txn.reads()::scanLock));
            case RESOLVE_LOCK ->
                    response.setResolveLock(
                            Refusals.guarded(
                                    ResolveLockResponse.class,
                                    request.getResolveLock(),
                                    txn.percolator()::resolveLock));
            case DELETE_RANGE ->
                    response.setDeleteRange(
                            Refusals.guarded(
                                    DeleteRangeResponse.class,
                                    request.getDeleteRange(),
                                    txn.ranges()::delete));
            case RAW_GET ->
                    response.setRawGet(
                            Refusals.guarded(RawGetResponse.class, request.getRawGet(), raw::get));
            case RAW_BATCH_GET ->
                    response.setRawBatchGet(
                            Refusals.guarded(
                                    RawBatchGetResponse.class,
                                    request.getRawBatchGet(),
                                    raw::batchGet));
            case RAW_PUT ->
                    response.setRawPut(
                            Refusals.guarded(RawPutResponse.class, request.getRawPut(), raw::put));
            case RAW_BATCH_PUT ->
                    response.setRawBatchPut(
                            Refusals.guarded(
                                    RawBatchPutResponse.class,
                                    request.getRawBatchPut(),
                                    raw::batchPut));
            case RAW_DELETE ->
                    response.setRawDelete(
                            Refusals.guarded(
                                    RawDeleteResponse.class, request.getRawDelete(), raw::delete));
            case RAW_BATCH_DELETE ->
                    response.setRawBatchDelete(
                            Refusals.guarded(
                                    RawBatchDeleteResponse.class,
                                    request.getRawBatchDelete(),
                                    raw::batchDelete));
            case RAW_SCAN ->
                    response.setRawScan(
                            Refusals.guarded(
                                    RawScanResponse.class, request.getRawScan(), raw::scan));
            case GC ->
                    response.setGc(
                            Refusals.guarded(GCResponse.class, request.getGc(), txn::collect));
            case BROADCAST_TXN_STATUS ->
                    response.setBroadcastTxnStatus(BroadcastTxnStatusResponse.getDefaultInstance());
            case GET_HEALTH_FEEDBACK ->
                    response.setGetHealthFeedback(GetHealthFeedbackResponse.getDefaultInstance());
            case EMPTY ->
                    response.setEmpty(
                            BatchCommandsEmptyResponse.newBuilder()
                                    .setTestId(request.getEmpty().getTestId()));
            case RAW_DELETE_RANGE ->
                    response.setRawDeleteRange(
                            Refusals.guarded(
                                    RawDeleteRangeResponse.class,
                                    request.getRawDeleteRange(),
                                    raw::deleteRange));
            case RAW_BATCH_SCAN ->
                    response.setRawBatchScan(
                            Refusals.guarded(
                                    RawBatchScanResponse.class,
                                    request.getRawBatchScan(),
                                    raw::batchScan));
            case COPROCESSOR -> response.setCoprocessor(noCoprocessor(request.getCoprocessor()));
            case CMD_NOT_SET ->
                    throw new IllegalArgumentException("no such command " + request.getCmdCase());
        }
        return response.build();
    }

    /** Nothing is computed here: that is what the columnar replica is for. */
    static Response noCoprocessor(Request request) {
        return Response.newBuilder()
                .setOtherError("no coprocessor here, type " + request.getTp())
                .build();
    }
}
