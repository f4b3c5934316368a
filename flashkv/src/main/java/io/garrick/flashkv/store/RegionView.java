package io.garrick.flashkv.store;

import io.garrick.base.KeyRange;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.RegionSnapshot;
import io.garrick.proto.meta.Region;
import org.jspecify.annotations.Nullable;

/** An {@link EngineSnapshot} narrowed to one region. Owns the engine snapshot. */
final class RegionView implements RegionSnapshot {
    private final EngineSnapshot snapshot;
    private final Region region;
    private final KeyRange range;
    private final long term;

    RegionView(EngineSnapshot ownedSnapshot, Region region, long term) {
        this.snapshot = ownedSnapshot;
        this.region = region;
        this.range = DataKeys.rangeOf(region);
        this.term = term;
    }

    @Override
    public Region region() {
        return region;
    }

    @Override
    public KeyRange range() {
        return range;
    }

    @Override
    public long term() {
        return term;
    }

    @Override
    public byte @Nullable [] get(Cf cf, byte[] key) {
        return snapshot.get(cf, DataKeys.of(key));
    }

    @Override
    public Cursor cursor(Cf cf, KeyRange asked) {
        KeyRange common = range.intersect(asked);
        byte[] start = DataKeys.of(common.start().unsafeBytes());
        byte[] end = common.isEmpty() ? start : DataKeys.endOf(common.end());
        return new ScanCursor(snapshot.scan(cf, start, end));
    }

    @Override
    public void close() {
        snapshot.close();
    }

    private record ScanCursor(EngineSnapshot.Scan scan) implements Cursor {
        @Override
        public boolean seek(byte[] key) {
            return scan.seek(DataKeys.of(key));
        }

        @Override
        public boolean seekForPrev(byte[] key) {
            return scan.seekForPrev(DataKeys.of(key));
        }

        @Override
        public boolean seekToFirst() {
            return scan.seekToFirst();
        }

        @Override
        public boolean seekToLast() {
            return scan.seekToLast();
        }

        @Override
        public boolean next() {
            return scan.next();
        }

        @Override
        public boolean prev() {
            return scan.prev();
        }

        @Override
        public boolean valid() {
            return scan.valid();
        }

        @Override
        public byte[] key() {
            return DataKeys.strip(scan.key());
        }

        @Override
        public byte[] value() {
            return scan.value();
        }

        @Override
        public void close() {
            scan.close();
        }
    }
}
