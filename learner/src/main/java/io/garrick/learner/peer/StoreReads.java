package io.garrick.learner.peer;

import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import io.garrick.learner.LearnerStatus.Phase;
import io.garrick.learner.ReadGate;
import io.garrick.learner.ReadOutcome;
import io.garrick.learner.RegionLease;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Splits a read by region, asks each region's peer, and puts the answers together. */
final class StoreReads implements ReadGate {
    private final Store store;

    StoreReads(Store store) {
        this.store = store;
    }

    @Override
    public CompletableFuture<ReadOutcome> prepareRead(
            KeyRange encodedRange, Timestamp ts, Set<Long> bypass, Duration timeout) {
        if (encodedRange.isEmpty()) {
            return CompletableFuture.completedFuture(new ReadOutcome.Ready(List.of()));
        }
        return switch (store.ranges().cover(encodedRange)) {
            case RangeIndex.Cover.Gap(var at) ->
                    CompletableFuture.completedFuture(
                            new ReadOutcome.NotReady("no local region for key " + at));
            case RangeIndex.Cover.Full(List<RegionLease> regions) ->
                    prepare(regions, encodedRange, ts, Set.copyOf(bypass), timeout);
        };
    }

    private CompletableFuture<ReadOutcome> prepare(
            List<RegionLease> regions,
            KeyRange range,
            Timestamp ts,
            Set<Long> bypass,
            Duration timeout) {
        List<CompletableFuture<ReadOutcome>> answers = new ArrayList<>();
        for (RegionLease lease : regions) {
            CompletableFuture<ReadOutcome> answer = new CompletableFuture<>();
            answers.add(answer);
            PeerReads.Request request =
                    new PeerReads.Request(
                            ts.value(), lease.range().intersect(range), bypass, answer);
            store.post(
                    lease.regionId(),
                    () -> {
                        Peer peer = store.peer(lease.regionId());
                        if (peer == null || store.failed()) {
                            answer.complete(
                                    new ReadOutcome.NotReady("no region " + lease.regionId()));
                        } else {
                            store.guard(peer, () -> peer.read(request));
                        }
                    });
        }
        return CompletableFuture.allOf(answers.toArray(new CompletableFuture<?>[0]))
                .completeOnTimeout(null, timeout.toMillis(), TimeUnit.MILLISECONDS)
                .thenApply(_ -> {
                    answers.forEach(answer ->
                            answer.complete(
                                    new ReadOutcome.NotReady("no read index within " + timeout)));
                    return ReadOutcomes.combine(
                            answers.stream().map(CompletableFuture::join).toList());
                });
    }

    @Override
    public boolean stillValid(List<RegionLease> regions) {
        for (RegionLease lease : regions) {
            Peer peer = store.peer(lease.regionId());
            if (peer == null || peer.phase() != Phase.NORMAL || !store.ranges().has(lease)) {
                return false;
            }
        }
        return true;
    }
}
