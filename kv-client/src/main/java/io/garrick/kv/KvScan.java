package io.garrick.kv;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.Memcomparable;
import io.garrick.proto.kvrpc.KvPair;
import io.garrick.proto.kvrpc.LockInfo;
import io.garrick.proto.kvrpc.ScanRequest;
import io.garrick.proto.kvrpc.ScanResponse;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * Walks a range region by region, a page at a time. One thread uses it.
 *
 * <p>A page that is not full means that the region has no more (TiKV clips at the region's end). A
 * locked key ends a page early: what stands before it is handed out, then the lock is resolved and
 * the walk goes on from there.
 */
final class KvScan implements Iterator<KvEntry> {
    private static final int FIRST_PAGE = 256;
    private static final int LARGEST_PAGE = 4096;

    private final KvClient client;
    private final KvSnapshot snapshot;
    private final Key end;
    private final ArrayDeque<KvEntry> page = new ArrayDeque<>();
    private Key next;
    private long remaining;
    private int pageSize = FIRST_PAGE;
    private boolean finished;

    KvScan(KvClient client, KvSnapshot snapshot, KeyRange range, int limit) {
        this.client = client;
        this.snapshot = snapshot;
        this.next = range.start();
        this.end = range.end();
        this.remaining = limit;
        this.finished = range.isEmpty() || limit <= 0;
    }

    @Override
    public boolean hasNext() {
        if (page.isEmpty() && !finished) {
            fetch();
        }
        return !page.isEmpty();
    }

    @Override
    public KvEntry next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return page.removeFirst();
    }

    private void fetch() {
        Backoff backoff = client.backoff("kv scan");
        while (page.isEmpty() && !finished) {
            int limit = (int) Math.min(pageSize, remaining);
            RegionRoute route = client.router().route(next, backoff);
            ByteString from = Bytes.of(next);
            Optional<ScanResponse> response =
                    client.router()
                            .send(
                                    route,
                                    snapshot.bypass(),
                                    backoff,
                                    (stub, context) ->
                                            stub.kvScan(
                                                    ScanRequest.newBuilder()
                                                            .setContext(context)
                                                            .setStartKey(from)
                                                            .setEndKey(Bytes.of(end))
                                                            .setLimit(limit)
                                                            .setVersion(snapshot.ts().value())
                                                            .build()),
                                    r -> r.getRegionError());
            if (response.isEmpty()) {
                continue;
            }
            if (response.get().hasError()) {
                snapshot.clearLocks(
                        List.of(KvSnapshot.lockOf("kv scan", response.get().getError())), backoff);
                continue;
            }
            take(route, response.get(), limit, backoff);
        }
        pageSize = Math.min(LARGEST_PAGE, pageSize * 2);
    }

    private void take(RegionRoute route, ScanResponse response, int limit, Backoff backoff) {
        for (KvPair pair : response.getPairsList()) {
            if (pair.hasError()) {
                LockInfo lock = KvSnapshot.lockOf("kv scan", pair.getError());
                if (page.isEmpty()) {
                    snapshot.clearLocks(List.of(lock), backoff);
                }
                next = Bytes.key(lock.getKey());
                return;
            }
            page.add(new KvEntry(Bytes.key(pair.getKey()), pair.getValue().toByteArray()));
            remaining--;
        }
        if (remaining == 0) {
            finished = true;
        } else if (response.getPairsCount() >= limit) {
            byte[] last = page.getLast().key().unsafeBytes();
            next = Key.wrap(Arrays.copyOf(last, last.length + 1));
            finished = !end.isEmpty() && next.compareTo(end) >= 0;
        } else if (route.end().isEmpty()) {
            finished = true;
        } else {
            next = Memcomparable.decode(route.end());
            finished = !end.isEmpty() && next.compareTo(end) >= 0;
        }
    }
}
