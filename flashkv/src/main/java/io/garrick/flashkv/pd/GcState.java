package io.garrick.flashkv.pd;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How far old versions may be collected, and who holds that back. Safe for use by many threads.
 *
 * <p>Service safe points and GC barriers are the same pins here, under different name spaces:
 * nothing at or above the lowest pin is collected (tikv/pd {@code pkg/gc}, {@code server/gc}).
 */
final class GcState {
    /** A pin nobody has to renew. */
    static final long FOREVER = Long.MAX_VALUE;

    private static final String SAFE_POINT = "gc_safe_point";
    private static final String TXN_SAFE_POINT = "txn_safe_point";
    private static final String SERVICE = "service/";
    private static final String BARRIER = "barrier/";
    private static final String GC_WORKER = "gc_worker";

    /** What somebody holds back; {@code ttlSeconds} is what is left of it. */
    record Pin(String id, long ts, long ttlSeconds) {}

    private record Stored(long ts, long expiresSeconds) {}

    private final PdMeta meta;
    private final InstantSource clock;
    private final Map<String, Stored> pins = new TreeMap<>();
    private long safePoint;
    private long txnSafePoint;

    GcState(PdMeta meta, InstantSource clock) {
        this.meta = meta;
        this.clock = clock;
        this.safePoint = meta.number(SAFE_POINT);
        this.txnSafePoint = meta.number(TXN_SAFE_POINT);
        meta.texts('c')
                .forEach((name, text) -> {
                    int space = text.indexOf(' ');
                    pins.put(
                            name,
                            new Stored(
                                    Long.parseLong(text.substring(0, space)),
                                    Long.parseLong(text.substring(space + 1))));
                });
    }

    synchronized long safePoint() {
        return safePoint;
    }

    synchronized long txnSafePoint() {
        return Math.max(txnSafePoint, safePoint);
    }

    /** Only ever grows; the value in force. */
    synchronized long advance(long target) {
        if (Long.compareUnsigned(target, safePoint) > 0) {
            meta.saveNumber(SAFE_POINT, target);
            safePoint = target;
        }
        return safePoint;
    }

    /** Only ever grows, and stops below the lowest barrier; the value in force. */
    synchronized long advanceTxn(long target) {
        long allowed = target;
        for (Pin pin : pins(BARRIER)) {
            allowed = minUnsigned(allowed, pin.ts());
        }
        if (Long.compareUnsigned(allowed, txnSafePoint()) > 0) {
            meta.saveNumber(TXN_SAFE_POINT, allowed);
            txnSafePoint = allowed;
        }
        return txnSafePoint();
    }

    /**
     * The lowest service safe point after the update. A pin below what is already gone is refused
     * by being ignored.
     */
    synchronized Pin updateService(String service, long ttlSeconds, long ts) {
        if (pins(SERVICE).stream().noneMatch(pin -> pin.id().equals(GC_WORKER))) {
            save(SERVICE + GC_WORKER, new Stored(0, FOREVER));
        }
        if (ttlSeconds <= 0) {
            drop(SERVICE + service);
        } else if (Long.compareUnsigned(ts, lowest().ts()) >= 0) {
            save(SERVICE + service, new Stored(ts, expiry(ttlSeconds)));
        }
        return lowest();
    }

    synchronized Pin setBarrier(String id, long ts, long ttlSeconds) {
        if (Long.compareUnsigned(ts, txnSafePoint()) < 0) {
            throw new IllegalArgumentException(
                    "barrier ts " + ts + " is below the txn safe point " + txnSafePoint());
        }
        save(BARRIER + id, new Stored(ts, expiry(ttlSeconds)));
        return new Pin(id, ts, ttlSeconds);
    }

    synchronized List<Pin> deleteBarrier(String id) {
        List<Pin> deleted = pins(BARRIER).stream().filter(pin -> pin.id().equals(id)).toList();
        drop(BARRIER + id);
        return deleted;
    }

    synchronized List<Pin> barriers() {
        return pins(BARRIER);
    }

    private Pin lowest() {
        Pin lowest = new Pin(GC_WORKER, -1L, FOREVER);
        for (Pin pin : pins(SERVICE)) {
            if (Long.compareUnsigned(pin.ts(), lowest.ts()) < 0) {
                lowest = pin;
            }
        }
        return lowest;
    }

    private List<Pin> pins(String prefix) {
        long now = clock.instant().getEpochSecond();
        List<Pin> live = new ArrayList<>();
        pins.forEach((name, pin) -> {
            if (name.startsWith(prefix) && pin.expiresSeconds() > now) {
                long ttl = pin.expiresSeconds() == FOREVER ? FOREVER : pin.expiresSeconds() - now;
                live.add(new Pin(name.substring(prefix.length()), pin.ts(), ttl));
            }
        });
        return live;
    }

    private long expiry(long ttlSeconds) {
        long now = clock.instant().getEpochSecond();
        return ttlSeconds > FOREVER - now ? FOREVER : now + ttlSeconds;
    }

    private void save(String name, Stored pin) {
        meta.saveTexts('c', Map.of(name, pin.ts() + " " + pin.expiresSeconds()), List.of());
        pins.put(name, pin);
    }

    private void drop(String name) {
        meta.saveTexts('c', Map.of(), List.of(name));
        pins.remove(name);
    }

    private static long minUnsigned(long a, long b) {
        return Long.compareUnsigned(a, b) <= 0 ? a : b;
    }
}
