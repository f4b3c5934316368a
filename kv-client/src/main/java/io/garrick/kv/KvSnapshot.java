package io.garrick.kv;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import io.garrick.proto.kvrpc.BatchGetRequest;
import io.garrick.proto.kvrpc.BatchGetResponse;
import io.garrick.proto.kvrpc.GetRequest;
import io.garrick.proto.kvrpc.GetResponse;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.KvPair;
import io.garrick.proto.kvrpc.LockInfo;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The database as of one timestamp. Keys are raw.
 *
 * <p>A lock that could hide a version is resolved or waited for, so that what is read is what had
 * committed at the timestamp. Safe for many threads.
 */
public final class KvSnapshot {
    private static final int KEYS_PER_BATCH_GET = 1024;

    private final KvClient client;
    private final Timestamp ts;

    /** Start timestamps of transactions known not to matter at {@link #ts}. */
    private final Set<Long> bypass = ConcurrentHashMap.newKeySet();

    KvSnapshot(KvClient client, Timestamp ts) {
        this.client = client;
        this.ts = ts;
    }

    public Timestamp ts() {
        return ts;
    }

    /** Empty if the key does not exist at this timestamp. */
    public Optional<byte[]> get(Key key) {
        Backoff backoff = client.backoff("kv get");
        GetRequest.Builder request =
                GetRequest.newBuilder().setKey(Bytes.of(key)).setVersion(ts.value());
        while (true) {
            Optional<GetResponse> response =
                    client.router()
                            .send(
                                    client.router().route(key, backoff),
                                    bypass,
                                    backoff,
                                    (stub, context) ->
                                            stub.kvGet(request.setContext(context).build()),
                                    r -> r.getRegionError());
            if (response.isEmpty()) {
                continue;
            }
            GetResponse answer = response.get();
            if (answer.hasError()) {
                clearLocks(List.of(lockOf("kv get", answer.getError())), backoff);
                continue;
            }
            return answer.getNotFound()
                    ? Optional.empty()
                    : Optional.of(answer.getValue().toByteArray());
        }
    }

    /** The keys that exist, with their values. Regions are asked in parallel. */
    public Map<Key, byte[]> batchGet(Collection<Key> keys) {
        Map<Key, byte[]> found = new ConcurrentHashMap<>();
        Backoff backoff = client.backoff("kv batch get");
        List<Key> pending = new ArrayList<>(new TreeSet<>(keys));
        while (!pending.isEmpty()) {
            ConcurrentLinkedQueue<Key> again = new ConcurrentLinkedQueue<>();
            List<Runnable> parts = new ArrayList<>();
            for (Router.Group<Key> group : client.router().group(pending, key -> key, backoff)) {
                for (int from = 0; from < group.items().size(); from += KEYS_PER_BATCH_GET) {
                    int to = Math.min(group.items().size(), from + KEYS_PER_BATCH_GET);
                    List<Key> part = group.items().subList(from, to);
                    Backoff forked = backoff.fork();
                    parts.add(() -> again.addAll(batchGet(group.route(), part, found, forked)));
                }
            }
            Parallel.run(client.executor(), parts);
            pending = new ArrayList<>(new TreeSet<>(again));
        }
        return found;
    }

    /** Returns the keys to ask for again. */
    private List<Key> batchGet(
            RegionRoute route, List<Key> keys, Map<Key, byte[]> found, Backoff backoff) {
        Optional<BatchGetResponse> response =
                client.router()
                        .send(
                                route,
                                bypass,
                                backoff,
                                (stub, context) ->
                                        stub.kvBatchGet(
                                                BatchGetRequest.newBuilder()
                                                        .setContext(context)
                                                        .addAllKeys(
                                                                keys.stream()
                                                                        .map(Bytes::of)
                                                                        .toList())
                                                        .setVersion(ts.value())
                                                        .build()),
                                r -> r.getRegionError());
        if (response.isEmpty()) {
            return keys;
        }
        if (response.get().hasError()) {
            clearLocks(List.of(lockOf("kv batch get", response.get().getError())), backoff);
            return keys;
        }
        List<LockInfo> locks = new ArrayList<>();
        List<Key> locked = new ArrayList<>();
        for (KvPair pair : response.get().getPairsList()) {
            if (pair.hasError()) {
                LockInfo lock = lockOf("kv batch get", pair.getError());
                locks.add(lock);
                locked.add(Bytes.key(lock.getKey()));
            } else {
                found.put(Bytes.key(pair.getKey()), pair.getValue().toByteArray());
            }
        }
        if (!locks.isEmpty()) {
            clearLocks(locks, backoff);
        }
        return locked;
    }

    /** The entries of a raw range in key order. Pages are fetched as the iterator moves on. */
    public Iterator<KvEntry> scan(KeyRange rawRange) {
        return scan(rawRange, Integer.MAX_VALUE);
    }

    /** At most {@code limit} entries. */
    public Iterator<KvEntry> scan(KeyRange rawRange, int limit) {
        return new KvScan(client, this, rawRange, limit);
    }

    Set<Long> bypass() {
        return bypass;
    }

    /** Resolves locks, or waits a little for those whose transactions live. */
    void clearLocks(List<LockInfo> locks, Backoff backoff) {
        LockResolution resolution = client.locks().resolve(locks, ts, backoff);
        bypass.addAll(resolution.bypass());
        if (!resolution.resolved()) {
            backoff.pause(
                    Backoff.Reason.LOCK,
                    "locked by live transaction " + locks.getFirst().getLockVersion(),
                    null);
        }
    }

    static LockInfo lockOf(String what, KeyError error) {
        if (!error.hasLocked()) {
            throw new KvException(what + ": " + error);
        }
        return error.getLocked();
    }
}
