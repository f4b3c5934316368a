package io.garrick.flashkv.store;

import io.garrick.flashkv.kv.ReadIndexObserver;
import io.garrick.proto.meta.Region;

/**
 * What a leader answers a replica that wants to read. The read's timestamp must be known to the
 * transactions here before the index is chosen, so that nothing commits below it later.
 */
final class ReadIndexAnswers {

    private ReadIndexAnswers() {}

    static ReadIndexContext observed(
            ReadIndexContext context, long regionId, ReadIndexObserver observer) {
        var request = context.request();
        if (request == null) {
            return context;
        }
        var ranges =
                request.getKeyRangesList().stream()
                        .map(range ->
                                DataKeys.rangeOf(
                                        Region.newBuilder()
                                                .setStartKey(range.getStartKey())
                                                .setEndKey(range.getEndKey())
                                                .build()))
                        .toList();
        long startTs = request.getStartTs();
        return switch (observer.beforeReadIndex(regionId, startTs, ranges)) {
            case ReadIndexObserver.Verdict.Locked(var lock) ->
                    new ReadIndexContext(context.uuid(), null, lock, 0);
            case ReadIndexObserver.Verdict.Clear(boolean noLock) ->
                    new ReadIndexContext(
                            context.uuid(), null, null, noLock && startTs != -1L ? startTs : 0);
        };
    }
}
