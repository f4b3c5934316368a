package io.garrick.flashkv.txn;

import com.google.protobuf.Message;
import io.garrick.codec.CodecException;
import io.garrick.proto.coprocessor.Request;
import io.garrick.proto.coprocessor.Response;
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
import io.garrick.proto.kvrpc.GetRequest;
import io.garrick.proto.kvrpc.GetResponse;
import io.garrick.proto.kvrpc.MvccGetByKeyRequest;
import io.garrick.proto.kvrpc.MvccGetByKeyResponse;
import io.garrick.proto.kvrpc.MvccGetByStartTsRequest;
import io.garrick.proto.kvrpc.MvccGetByStartTsResponse;
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
import io.garrick.proto.kvrpc.RawBatchScanRequest;
import io.garrick.proto.kvrpc.RawBatchScanResponse;
import io.garrick.proto.kvrpc.RawCASRequest;
import io.garrick.proto.kvrpc.RawCASResponse;
import io.garrick.proto.kvrpc.RawChecksumRequest;
import io.garrick.proto.kvrpc.RawChecksumResponse;
import io.garrick.proto.kvrpc.RawDeleteRangeRequest;
import io.garrick.proto.kvrpc.RawDeleteRangeResponse;
import io.garrick.proto.kvrpc.RawDeleteRequest;
import io.garrick.proto.kvrpc.RawDeleteResponse;
import io.garrick.proto.kvrpc.RawGetKeyTTLRequest;
import io.garrick.proto.kvrpc.RawGetKeyTTLResponse;
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
import io.garrick.proto.kvrpc.UnsafeDestroyRangeRequest;
import io.garrick.proto.kvrpc.UnsafeDestroyRangeResponse;
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

    private final TxnCommands txn;
    private final RawKv raw;
    private final Executor executor;
    private final BatchedCommands batched;

    KvService(TxnCommands txn, RawKv raw, Executor executor) {
        this.txn = txn;
        this.raw = raw;
        this.executor = executor;
        this.batched = new BatchedCommands(txn, raw);
    }

    @Override
    public void kvGet(GetRequest request, StreamObserver<GetResponse> out) {
        unary(out, GetResponse.class, request, txn.reads()::get);
    }

    @Override
    public void kvBatchGet(BatchGetRequest request, StreamObserver<BatchGetResponse> out) {
        unary(out, BatchGetResponse.class, request, txn.reads()::batchGet);
    }

    @Override
    public void kvScan(ScanRequest request, StreamObserver<ScanResponse> out) {
        unary(out, ScanResponse.class, request, txn.reads()::scan);
    }

    @Override
    public void kvPrewrite(PrewriteRequest request, StreamObserver<PrewriteResponse> out) {
        unary(out, PrewriteResponse.class, request, txn.percolator()::prewrite);
    }

    @Override
    public void kvCommit(CommitRequest request, StreamObserver<CommitResponse> out) {
        unary(out, CommitResponse.class, request, txn.percolator()::commit);
    }

    @Override
    public void kvBatchRollback(
            BatchRollbackRequest request, StreamObserver<BatchRollbackResponse> out) {
        unary(out, BatchRollbackResponse.class, request, txn.percolator()::batchRollback);
    }

    @Override
    public void kvCleanup(CleanupRequest request, StreamObserver<CleanupResponse> out) {
        unary(out, CleanupResponse.class, request, txn.percolator()::cleanup);
    }

    @Override
    public void kvPessimisticLock(
            PessimisticLockRequest request, StreamObserver<PessimisticLockResponse> out) {
        unary(out, PessimisticLockResponse.class, request, txn.locks()::lock);
    }

    @Override
    public void kVPessimisticRollback(
            PessimisticRollbackRequest request, StreamObserver<PessimisticRollbackResponse> out) {
        unary(out, PessimisticRollbackResponse.class, request, txn.locks()::rollback);
    }

    @Override
    public void kvTxnHeartBeat(
            TxnHeartBeatRequest request, StreamObserver<TxnHeartBeatResponse> out) {
        unary(out, TxnHeartBeatResponse.class, request, txn.percolator()::heartBeat);
    }

    @Override
    public void kvCheckTxnStatus(
            CheckTxnStatusRequest request, StreamObserver<CheckTxnStatusResponse> out) {
        unary(out, CheckTxnStatusResponse.class, request, txn.percolator()::checkTxnStatus);
    }

    @Override
    public void kvCheckSecondaryLocks(
            CheckSecondaryLocksRequest request, StreamObserver<CheckSecondaryLocksResponse> out) {
        unary(
                out,
                CheckSecondaryLocksResponse.class,
                request,
                txn.percolator()::checkSecondaryLocks);
    }

    @Override
    public void kvScanLock(ScanLockRequest request, StreamObserver<ScanLockResponse> out) {
        unary(out, ScanLockResponse.class, request, txn.reads()::scanLock);
    }

    @Override
    public void kvResolveLock(ResolveLockRequest request, StreamObserver<ResolveLockResponse> out) {
        unary(out, ResolveLockResponse.class, request, txn.percolator()::resolveLock);
    }

    @Override
    public void kvDeleteRange(DeleteRangeRequest request, StreamObserver<DeleteRangeResponse> out) {
        unary(out, DeleteRangeResponse.class, request, txn.ranges()::delete);
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
    public void rawBatchScan(
            RawBatchScanRequest request, StreamObserver<RawBatchScanResponse> out) {
        unary(out, RawBatchScanResponse.class, request, raw::batchScan);
    }

    @Override
    public void rawGetKeyTTL(
            RawGetKeyTTLRequest request, StreamObserver<RawGetKeyTTLResponse> out) {
        unary(out, RawGetKeyTTLResponse.class, request, raw::ttl);
    }

    @Override
    public void rawCompareAndSwap(RawCASRequest request, StreamObserver<RawCASResponse> out) {
        unary(out, RawCASResponse.class, request, raw::compareAndSwap);
    }

    @Override
    public void rawDeleteRange(
            RawDeleteRangeRequest request, StreamObserver<RawDeleteRangeResponse> out) {
        unary(out, RawDeleteRangeResponse.class, request, raw::deleteRange);
    }

    @Override
    public void rawChecksum(RawChecksumRequest request, StreamObserver<RawChecksumResponse> out) {
        unary(out, RawChecksumResponse.class, request, raw::checksum);
    }

    @Override
    public void coprocessor(Request request, StreamObserver<Response> out) {
        unary(out, Response.class, request, BatchedCommands::noCoprocessor);
    }

    @Override
    public void mvccGetByKey(
            MvccGetByKeyRequest request, StreamObserver<MvccGetByKeyResponse> out) {
        unary(out, MvccGetByKeyResponse.class, request, txn.debug()::byKey);
    }

    @Override
    public void mvccGetByStartTs(
            MvccGetByStartTsRequest request, StreamObserver<MvccGetByStartTsResponse> out) {
        unary(out, MvccGetByStartTsResponse.class, request, txn.debug()::byStartTs);
    }

    @Override
    public void unsafeDestroyRange(
            UnsafeDestroyRangeRequest request, StreamObserver<UnsafeDestroyRangeResponse> out) {
        unary(out, UnsafeDestroyRangeResponse.class, request, txn.ranges()::destroy);
    }

    /** The caller vouches for the safe point, as PD does otherwise. */
    @Override
    public void kvGC(GCRequest request, StreamObserver<GCResponse> out) {
        unary(out, GCResponse.class, request, txn::collect);
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

    @Override
    public StreamObserver<BatchCommandsRequest> batchCommands(
            StreamObserver<BatchCommandsResponse> out) {
        return new CommandStream(batched, executor, out);
    }

    private <Q, T extends Message> void unary(
            StreamObserver<T> out, Class<T> type, Q request, Function<Q, T> call) {
        executor.execute(() -> {
            T response;
            try {
                response = Refusals.guarded(type, request, call);
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
}
