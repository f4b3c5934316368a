package io.garrick.flashkv.txn;

import io.garrick.base.KeyRange;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.Modify;
import io.garrick.flashkv.kv.RegionSnapshot;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.kvrpc.DeleteRangeRequest;
import io.garrick.proto.kvrpc.DeleteRangeResponse;
import io.garrick.proto.kvrpc.UnsafeDestroyRangeRequest;
import io.garrick.proto.kvrpc.UnsafeDestroyRangeResponse;
import java.util.ArrayList;
import java.util.List;

/**
 * Removes every version and lock of a range, at once and for good; for data no transaction uses any
 * more.
 */
final class RangeCommands {
    private final Regions regions;

    RangeCommands(Regions regions) {
        this.regions = regions;
    }

    DeleteRangeResponse delete(DeleteRangeRequest request) {
        if (request.getNotifyOnly()) {
            return DeleteRangeResponse.getDefaultInstance();
        }
        KeyRange wanted = RawKeys.range(request.getStartKey(), request.getEndKey());
        if (!delete(request.getContext(), wanted)) {
            return DeleteRangeResponse.newBuilder()
                    .setError("the range does not meet the region")
                    .build();
        }
        return DeleteRangeResponse.getDefaultInstance();
    }

    /**
     * In all regions led from here; clients ask every store. Goes through the log, unlike in TiKV,
     * so that learners hear of it.
     */
    UnsafeDestroyRangeResponse destroy(UnsafeDestroyRangeRequest request) {
        KeyRange wanted = RawKeys.range(request.getStartKey(), request.getEndKey());
        List<String> failed = new ArrayList<>();
        for (Context led : regions.led()) {
            try {
                delete(led, wanted);
            } catch (Regions.Refusal refusal) {
                failed.add("region " + led.getRegionId() + ": " + refusal.getMessage());
            }
        }
        return UnsafeDestroyRangeResponse.newBuilder().setError(String.join("; ", failed)).build();
    }

    private boolean delete(Context context, KeyRange wanted) {
        List<Modify> modifies = new ArrayList<>();
        long term;
        try (RegionSnapshot snapshot = regions.snapshot(context)) {
            term = snapshot.term();
            KeyRange clipped = wanted.intersect(snapshot.range());
            if (clipped.isEmpty()) {
                return false;
            }
            for (Cf cf : Cf.values()) {
                modifies.add(
                        new Modify.DeleteRange(
                                cf, Changes.bytes(clipped.start()), Changes.bytes(clipped.end())));
            }
        }
        regions.write(context, term, modifies);
        return true;
    }
}
