package io.garrick.sim;

import io.garrick.mergetree.FlushScope;
import io.garrick.regioncache.RegionState;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One seed: what happens next is drawn from it, and nothing else. Steps of other threads run inside
 * a long step, at its pauses.
 */
final class History implements AutoCloseable {
    private static final int STEPS = 350;

    /** What is running, for what may run inside it. */
    private enum Running {
        NOTHING,
        /** The checkpoint thread: a flush or a compaction. */
        BACKGROUND,
        /** A thread that installs a snapshot or removes a region. */
        STRUCTURE,
        /** Inside of a pause: no deeper. */
        NESTED
    }

    private final SplittableRandom random;
    private final Leader leader;
    private final Replica replica;
    private final Reads reads;
    private final Counters counters;
    private final @Nullable PrintStream trace;
    private final List<Stashed> stash = new ArrayList<>();
    private Running running = Running.NOTHING;

    /** A snapshot that arrives late. */
    private record Stashed(long regionId, SortedPairs snapshot) {}

    History(long seed, Counters counters, @Nullable Mistake mistake, @Nullable PrintStream trace) {
        this.random = new SplittableRandom(seed);
        this.counters = counters;
        this.trace = trace;
        this.leader = new Leader(random);
        this.replica = new Replica(random, leader, counters, mistake, this::pause);
        this.reads = new Reads(replica);
    }

    /** Throws whatever proves the storage wrong. */
    void run() throws IOException {
        replica.start();
        for (int step = 0; step < STEPS; step++) {
            try {
                say(step, step());
            } catch (IOException | UncheckedIOException e) {
                if (!replica.powerIsCut()) {
                    throw e;
                }
                say(step, "power cut: " + e.getMessage());
                recover();
            }
            if (replica.powerIsCut()) {
                recover();
            }
        }
        finish();
    }

    private void say(int step, String what) {
        if (trace != null) {
            trace.println(step + " " + what);
        }
    }

    private void say(String what) {
        if (trace != null) {
            trace.println("  " + what);
        }
    }

    private String step() throws IOException {
        int kind = random.nextInt(100);
        if (kind < 32) {
            return "leader: " + leader.step();
        } else if (kind < 60) {
            return apply();
        } else if (kind < 68) {
            return background();
        } else if (kind < 73) {
            return snapshot();
        } else if (kind < 75) {
            return remove();
        } else if (kind < 79) {
            return leader.advanceSafepoint();
        } else if (kind < 80) {
            return leader.collect();
        } else if (kind < 83) {
            replica.followSafepoint();
            return "safepoint follows " + leader.safepoint();
        } else if (kind < 85) {
            replica.peers().forEach(replica::truncate);
            return "logs truncated";
        } else if (kind < 89) {
            replica.cutPowerAfter(random.nextInt(12));
            return "power will be cut";
        }
        return check();
    }

    private String apply() throws IOException {
        List<RegionState> regions = replica.regions();
        if (regions.isEmpty()) {
            return "nothing to apply";
        }
        RegionState region = regions.get(random.nextInt(regions.size()));
        int applied = 0;
        int most = 1 + random.nextInt(8);
        while (applied < most && replica.applyNext(region.regionId())) {
            applied++;
        }
        return "apply " + applied + " to " + region.regionId() + " from " + region.appliedIndex();
    }

    private String background() throws IOException {
        Running before = running;
        running = before == Running.NOTHING ? Running.BACKGROUND : Running.NESTED;
        try {
            return switch (random.nextInt(6)) {
                case 0 -> {
                    replica.flush(FlushScope.ALL);
                    yield "flush all";
                }
                case 1 -> {
                    replica.flush(new FlushScope.WorthAPart());
                    replica.checkpoint();
                    yield "checkpoint";
                }
                case 2 -> {
                    replica.checkpoint();
                    yield "checkpoint without flush";
                }
                case 3 -> {
                    replica.flush(new FlushScope.Tables(java.util.Set.of(Keys.INT_TABLE)));
                    yield "flush one table";
                }
                default -> "compact " + replica.compact();
            };
        } finally {
            running = before;
        }
    }

    private String snapshot() throws IOException {
        List<Leader.Region> living = leader.living();
        Leader.Region region = living.get(random.nextInt(living.size()));
        if (!region.onReplica) {
            region.onReplica = true;
        }
        if (random.nextInt(4) == 0) {
            stash.add(new Stashed(region.id, leader.snapshot(region)));
            return "snapshot of " + region + " on its way";
        }
        SortedPairs snapshot = leader.snapshot(region);
        if (!stash.isEmpty() && random.nextInt(3) == 0) {
            Stashed late = stash.remove(random.nextInt(stash.size()));
            Leader.Region of = leader.region(late.regionId());
            if (of == null || of.merged || !of.onReplica) {
                return "late snapshot of a region that is gone";
            }
            region = of;
            snapshot = late.snapshot();
        }
        return structure(region, snapshot);
    }

    private String structure(Leader.Region region, SortedPairs snapshot) throws IOException {
        Running before = running;
        running = before == Running.NOTHING ? Running.STRUCTURE : Running.NESTED;
        try {
            String taken = replica.receive(region, snapshot);
            return taken == null ? "no snapshot of " + region : taken;
        } finally {
            running = before;
        }
    }

    private String remove() throws IOException {
        List<Peer> peers = replica.peers();
        if (peers.isEmpty()) {
            return "nothing to remove";
        }
        Peer peer = peers.get(random.nextInt(peers.size()));
        Leader.Region region = leader.region(peer.regionId);
        if (region == null
                || region.merged
                || !peer.settled()
                || replica.find(peer.regionId).isEmpty()) {
            return "no removal";
        }
        Running before = running;
        running = before == Running.NOTHING ? Running.STRUCTURE : Running.NESTED;
        try {
            region.onReplica = false;
            stash.removeIf(late -> late.regionId() == region.id);
            replica.remove(peer);
            return "removal of " + region;
        } finally {
            running = before;
        }
    }

    private String check() throws IOException {
        long oldest = replica.store().safepoint().value();
        long newest = leader.now() + 5;
        reads.check(newest);
        reads.check(random.nextLong(Math.min(oldest, newest), newest + 1));
        counters.reads.addAndGet(2);
        return "read";
    }

    /** Other threads of a real process may run here. */
    private void pause() {
        if (running == Running.NOTHING || running == Running.NESTED || random.nextInt(4) > 0) {
            return;
        }
        Running before = running;
        running = Running.NESTED;
        try {
            int count = 1 + random.nextInt(4);
            for (int i = 0; i < count; i++) {
                say("meanwhile " + meanwhile(before));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            running = before;
        }
    }

    private String meanwhile(Running outer) throws IOException {
        return switch (random.nextInt(10)) {
            case 0 -> outer == Running.BACKGROUND ? snapshot() : background();
            case 1 -> outer == Running.BACKGROUND ? remove() : background();
            case 2 -> {
                replica.followSafepoint();
                yield "safepoint follows";
            }
            case 3, 4 -> check();
            case 5 -> "leader: " + leader.step();
            default -> apply();
        };
    }

    // ---- crashes and the end ----

    private void recover() throws IOException {
        boolean up = false;
        while (!up) {
            counters.crashes.incrementAndGet();
            replica.crash();
            if (random.nextInt(3) == 0) {
                replica.cutPowerAfter(random.nextInt(10));
            }
            try {
                replica.start();
                replica.resume();
                up = !replica.powerIsCut();
                replica.keepPower();
            } catch (IOException | UncheckedIOException e) {
                if (!replica.powerIsCut()) {
                    throw e;
                }
                say("cut again while recovering: " + e.getMessage());
            }
        }
        say("recovered " + names(replica.regions()));
    }

    private static String names(List<RegionState> regions) {
        return regions.stream()
                .map(region ->
                        region.regionId()
                                + " ["
                                + Replica.from(region)
                                + ","
                                + Replica.to(region)
                                + ") at "
                                + region.appliedIndex())
                .toList()
                .toString();
    }

    /** Everything comes to rest, and must then be right at every ts. */
    private void finish() throws IOException {
        replica.keepPower();
        leader.finish();
        for (int round = 0; round < 2; round++) {
            catchUp();
            for (Leader.Region region : leader.living()) {
                RegionState state =
                        replica.find(region.id)
                                .orElseThrow(() ->
                                        new AssertionError(
                                                "region is lost: "
                                                        + region
                                                        + " among "
                                                        + replica.peers()));
                if (state.appliedIndex() != region.lastIndex() || !replica.ready(state)) {
                    throw new AssertionError("region does not come to rest: " + state);
                }
            }
            for (long ts = replica.store().safepoint().value(); ts <= leader.now() + 1; ts += 7) {
                reads.check(ts);
            }
            reads.check(leader.now() + 1);
            long pending = replica.cache().stats().pendingBytes();
            if (pending != 0) {
                throw new AssertionError(pending + " bytes of pending values are left over");
            }
            replica.flush(FlushScope.ALL);
            replica.checkpoint();
            if (replica.cache().stats().leftovers() != 0) {
                throw new AssertionError("leftovers stay: " + replica.cache().stats());
            }
            recover();
        }
        say("end " + names(replica.regions()));
    }

    private void catchUp() throws IOException {
        boolean moved = true;
        while (moved) {
            moved = false;
            for (RegionState region : replica.regions()) {
                while (replica.applyNext(region.regionId())) {
                    moved = true;
                }
            }
            for (Leader.Region region : leader.living()) {
                region.onReplica = true;
                boolean stuck =
                        replica.find(region.id)
                                .map(state -> state.appliedIndex() < region.lastIndex())
                                .orElse(true);
                if (stuck && !moved && replica.receive(region, leader.snapshot(region)) != null) {
                    moved = true;
                }
            }
        }
    }

    @Override
    public void close() {
        replica.close();
    }
}
