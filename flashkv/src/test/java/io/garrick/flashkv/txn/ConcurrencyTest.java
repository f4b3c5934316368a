package io.garrick.flashkv.txn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.record.LockRecord;
import io.garrick.flashkv.kv.Access;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.Modify;
import io.garrick.flashkv.kv.Proposal;
import io.garrick.flashkv.kv.ReadIndexObserver;
import io.garrick.flashkv.kv.RegionKv;
import io.garrick.proto.kvrpc.CommitRequest;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.kvrpc.GetRequest;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.Mutation;
import io.garrick.proto.kvrpc.Op;
import io.garrick.proto.kvrpc.PessimisticLockRequest;
import io.garrick.proto.kvrpc.PessimisticLockResponse;
import io.garrick.proto.kvrpc.PessimisticRollbackRequest;
import io.garrick.proto.kvrpc.PrewriteRequest;
import io.garrick.proto.kvrpc.PrewriteResponse;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What readers and waiters see while a write is on its way. */
final class ConcurrencyTest {
    private final SlowRegionKv regions = new SlowRegionKv();
    private final ConcurrencyManager concurrency = new ConcurrencyManager(() -> 0);
    private final LockWaits waits = new LockWaits();
    private final TxnCommands txn =
            TxnCommands.over(
                    new Regions(regions),
                    concurrency,
                    waits,
                    new DeadlockClient(new MemoryCluster(), InstantSource.system()));

    /** Writes wait for a gate while it is closed. */
    private static final class SlowRegionKv implements RegionKv {
        private final MemoryRegionKv memory = new MemoryRegionKv(KeyRange.ALL);
        private volatile CompletableFuture<Boolean> gate = CompletableFuture.completedFuture(true);
        private final CountDownLatch arrived = new CountDownLatch(1);

        @Override
        public CompletableFuture<Access> snapshot(Context context) {
            return memory.snapshot(context);
        }

        @Override
        public CompletableFuture<Proposal> propose(Context context, List<Modify> modifies) {
            arrived.countDown();
            return gate.thenCompose(_ -> memory.propose(context, modifies));
        }

        @Override
        public List<Context> led() {
            return memory.led();
        }
    }

    private static ByteString raw(String key) {
        return ByteString.copyFromUtf8(key);
    }

    private static Mutation put(String key) {
        return Mutation.newBuilder().setOp(Op.Put).setKey(raw(key)).setValue(raw("v")).build();
    }

    private static PrewriteRequest.Builder prewrite(long startTs, String key) {
        return PrewriteRequest.newBuilder()
                .setStartVersion(startTs)
                .setPrimaryLock(raw(key))
                .setLockTtl(3000)
                .addMutations(put(key));
    }

    private static PessimisticLockRequest lock(long startTs, String key, long waitMillis) {
        return PessimisticLockRequest.newBuilder()
                .setStartVersion(startTs)
                .setForUpdateTs(startTs)
                .setPrimaryLock(raw(key))
                .setLockTtl(3000)
                .setWaitTimeout(waitMillis)
                .addMutations(Mutation.newBuilder().setOp(Op.PessimisticLock).setKey(raw(key)))
                .build();
    }

    private CompletableFuture<PessimisticLockResponse> waiting(long startTs, String key) {
        return waiting(startTs, key, 1000);
    }

    private CompletableFuture<PessimisticLockResponse> waiting(
            long startTs, String key, long waitMillis) {
        int before = waits.count();
        CompletableFuture<PessimisticLockResponse> response =
                CompletableFuture.supplyAsync(
                        () -> txn.locks().lock(lock(startTs, key, waitMillis)),
                        Thread::startVirtualThread);
        while (waits.count() == before && !response.isDone()) {
            Thread.onSpinWait();
        }
        return response;
    }

    private void unlock(long startTs, String key) {
        txn.locks()
                .rollback(
                        PessimisticRollbackRequest.newBuilder()
                                .setStartVersion(startTs)
                                .setForUpdateTs(startTs)
                                .addKeys(raw(key))
                                .build());
    }

    @Test
    void aReaderAboveAnAsyncCommitOnItsWayIsStoppedByTheLockInMemory() throws Exception {
        regions.gate = new CompletableFuture<>();
        CompletableFuture<PrewriteResponse> writer =
                CompletableFuture.supplyAsync(
                        () ->
                                txn.percolator()
                                        .prewrite(
                                                prewrite(10, "a").setUseAsyncCommit(true).build()),
                        Thread::startVirtualThread);
        assertThat(regions.arrived.await(10, TimeUnit.SECONDS)).isTrue();
        GetRequest read = GetRequest.newBuilder().setKey(raw("a")).setVersion(20).build();
        assertThat(txn.reads().get(read).getError().getLocked().getLockVersion()).isEqualTo(10);
        GetRequest below = read.toBuilder().setVersion(10).build();
        assertThat(txn.reads().get(below).getNotFound()).isTrue();
        regions.gate.complete(true);
        assertThat(writer.get(10, TimeUnit.SECONDS).getMinCommitTs()).isEqualTo(11);
        assertThat(concurrency.holdsNone()).isTrue();
        assertThat(txn.reads().get(read).getError().hasLocked()).isTrue();
    }

    @Test
    void aReplicasReadIndexIsStoppedByALockInMemoryWithinItsRange() throws Exception {
        ReadIndexObserver observer =
                (_, startTs, ranges) ->
                        concurrency
                                .read(ranges.getFirst(), startTs, Set.of())
                                .<ReadIndexObserver.Verdict>map(found ->
                                        new ReadIndexObserver.Verdict.Locked(
                                                KeyErrors.lockInfo(found.key(), found.lock())))
                                .orElseGet(() ->
                                        new ReadIndexObserver.Verdict.Clear(
                                                concurrency.holdsNone()));
        regions.gate = new CompletableFuture<>();
        CompletableFuture<PrewriteResponse> writer =
                CompletableFuture.supplyAsync(
                        () ->
                                txn.percolator()
                                        .prewrite(prewrite(10, "m").setTryOnePc(true).build()),
                        Thread::startVirtualThread);
        assertThat(regions.arrived.await(10, TimeUnit.SECONDS)).isTrue();
        List<KeyRange> hit = List.of(RawKeys.range(raw("a"), raw("z")));
        List<KeyRange> miss = List.of(RawKeys.range(raw("n"), raw("z")));
        assertThat(observer.beforeReadIndex(1, 20, hit))
                .isInstanceOf(ReadIndexObserver.Verdict.Locked.class);
        assertThat(observer.beforeReadIndex(1, 20, miss))
                .isEqualTo(new ReadIndexObserver.Verdict.Clear(false));
        regions.gate.complete(true);
        assertThat(writer.get(10, TimeUnit.SECONDS).getOnePcCommitTs()).isEqualTo(11);
        assertThat(observer.beforeReadIndex(1, 20, hit))
                .isEqualTo(new ReadIndexObserver.Verdict.Clear(true));
    }

    @Test
    void aCommitTsIsAboveWhatAReplicaRead() {
        concurrency.observe(50);
        PrewriteResponse response =
                txn.percolator().prewrite(prewrite(10, "a").setTryOnePc(true).build());
        assertThat(response.getOnePcCommitTs()).isEqualTo(51);
    }

    @Test
    void withoutATimestampFromPdNoCommitTsIsChosen() {
        TxnCommands cutOff =
                TxnCommands.over(
                        new Regions(regions),
                        new ConcurrencyManager(() -> {
                            throw new IllegalStateException("no PD");
                        }),
                        waits,
                        new DeadlockClient(new MemoryCluster(), InstantSource.system()));
        assertThatThrownBy(() ->
                        cutOff.percolator().prewrite(prewrite(10, "a").setTryOnePc(true).build()))
                .isInstanceOfSatisfying(
                        Regions.Refusal.class,
                        refusal -> assertThat(refusal.error().hasMaxTimestampNotSynced()).isTrue());
        assertThat(cutOff.percolator().prewrite(prewrite(10, "a").build()).getErrorsList())
                .isEmpty();
    }

    @Test
    void aWaiterGetsTheLockThatIsReleased() throws Exception {
        txn.locks().lock(lock(10, "a", -1));
        CompletableFuture<PessimisticLockResponse> waiter = waiting(20, "a");
        unlock(10, "a");
        assertThat(waiter.get(10, TimeUnit.SECONDS).getErrorsList()).isEmpty();
        assertThat(waits.count()).isZero();
    }

    @Test
    void theOldestWaiterGetsTheLockFirst() throws Exception {
        txn.locks().lock(lock(10, "a", -1));
        CompletableFuture<PessimisticLockResponse> young = waiting(30, "a", 300);
        CompletableFuture<PessimisticLockResponse> old = waiting(20, "a", 300);
        unlock(10, "a");
        assertThat(old.get(10, TimeUnit.SECONDS).getErrorsList()).isEmpty();
        assertThat(young.get(10, TimeUnit.SECONDS).getErrors(0).getLocked().getLockVersion())
                .isEqualTo(20);
    }

    @Test
    void aWaiterIsToldOfTheCommitThatCameBeforeIt() throws Exception {
        txn.percolator().prewrite(prewrite(10, "a").build());
        CompletableFuture<PessimisticLockResponse> waiter = waiting(20, "a");
        txn.percolator()
                .commit(
                        CommitRequest.newBuilder()
                                .setStartVersion(10)
                                .setCommitVersion(30)
                                .addKeys(raw("a"))
                                .build());
        KeyError error = waiter.get(10, TimeUnit.SECONDS).getErrors(0);
        assertThat(error.getConflict().getConflictCommitTs()).isEqualTo(30);
    }

    @Test
    void theWaitThatClosesACircleFailsAndTheOthersGoOn() throws Exception {
        txn.locks().lock(lock(10, "a", -1));
        txn.locks().lock(lock(20, "b", -1));
        CompletableFuture<PessimisticLockResponse> first = waiting(10, "b");
        KeyError error = txn.locks().lock(lock(20, "a", 1000)).getErrors(0);
        assertThat(error.getDeadlock().getLockTs()).isEqualTo(10);
        assertThat(error.getDeadlock().getLockKey()).isEqualTo(raw("a"));
        assertThat(error.getDeadlock().getDeadlockKey()).isEqualTo(raw("b"));
        assertThat(error.getDeadlock().getWaitChainList()).hasSize(1);
        unlock(20, "b");
        assertThat(first.get(10, TimeUnit.SECONDS).getErrorsList()).isEmpty();
    }

    @Test
    void aLockInMemoryIsSeenByAScanOfLocks() {
        Key key = RawKeys.encoded(raw("a"));
        concurrency.lock(
                key,
                11,
                0,
                ts ->
                        LockRecord.Single.of(
                                        LockRecord.Kind.PUT, Key.of(new byte[] {'a'}), 10, 1000)
                                .withMinCommitTs(ts));
        assertThat(concurrency.lockUpTo(KeyRange.ALL, 9)).isEmpty();
        assertThat(concurrency.lockUpTo(KeyRange.ALL, 10)).isPresent();
        concurrency.release(Set.of(key));
        assertThat(concurrency.lockUpTo(KeyRange.ALL, 10)).isEmpty();
        assertThat(regions.memory.family(Cf.LOCK)).isEmpty();
    }
}
