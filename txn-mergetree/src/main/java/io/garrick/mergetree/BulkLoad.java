package io.garrick.mergetree;

import io.garrick.codec.schema.TableSchema;
import io.garrick.mergetree.memtable.Memtable;
import io.garrick.mergetree.mvcc.KillBuffer;
import io.garrick.mergetree.mvcc.KillSet;
import io.garrick.mergetree.part.PartReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Builds parts from rows that come in key order, versions of one key from new to old, so that the
 * end of a version is the begin of the row before. Memory is bounded by one part's rows. One
 * thread.
 */
final class BulkLoad {
    /** A built part, not in the manifest yet. */
    record Built(long tableId, LivePart part) {}

    private final SchemaProvider schemas;
    private final MemtableWriter writer;
    private final PartFiles files;
    private final BufferAllocator allocator;
    private final StoreSettings settings;
    private final List<Built> built = new ArrayList<>();

    private long tableId;
    private @Nullable Memtable rows;
    private long[] ends = {};
    private long previousHandle;
    private byte @Nullable [] previousCommon;
    private long previousTs = KillSet.NEVER;
    private long total;

    BulkLoad(
            SchemaProvider schemas,
            MemtableWriter writer,
            PartFiles files,
            BufferAllocator allocator,
            StoreSettings settings) {
        this.schemas = schemas;
        this.writer = writer;
        this.files = files;
        this.allocator = allocator;
        this.settings = settings;
    }

    /** Reads the source to its end; on failure nothing is left behind. */
    List<Built> build(BulkSource source) throws IOException {
        try {
            while (source.next()) {
                add(source);
            }
            finishPart();
            return List.copyOf(built);
        } catch (IOException | RuntimeException e) {
            Memtable open = rows;
            if (open != null) {
                open.unpin();
                rows = null;
            }
            discard();
            throw e;
        }
    }

    /** Versions read. */
    long total() {
        return total;
    }

    /** Lets go of what was built, where a commit may have named it: the files stay. */
    void release() {
        built.forEach(entry -> entry.part().unpin());
        built.clear();
    }

    private void discard() {
        built.forEach(entry -> entry.part().drop());
        built.clear();
    }

    private void add(BulkSource source) throws IOException {
        Memtable target = rows;
        boolean sameTable = target != null && source.tableId() == tableId;
        if (target != null && (!sameTable || full(target))) {
            finishPart();
            target = null;
        }
        byte[] common = source.commonHandle();
        boolean sameHandle =
                sameTable
                        && (common == null
                                ? source.handle() == previousHandle
                                : Arrays.equals(common, previousCommon));
        if (target == null) {
            target = new Memtable(common != null, allocator, 0);
            rows = target;
            tableId = source.tableId();
        }
        int row = target.count();
        if (row >= ends.length) {
            ends = Arrays.copyOf(ends, Math.max(1024, ends.length * 2));
        }
        ends[row] = end(source, sameHandle);
        previousHandle = source.handle();
        previousCommon = common;
        previousTs = source.commitTs();
        target.append(
                source.handle(),
                common,
                source.commitTs(),
                source.delete(),
                source.rowBytes(),
                0,
                0,
                0);
        total++;
    }

    private long end(BulkSource source, boolean sameHandle) {
        long newer = sameHandle ? previousTs : KillSet.NEVER;
        if (newer < source.commitTs()) {
            throw new IllegalArgumentException(
                    "versions out of order tableId=" + tableId + " ts=" + source.commitTs());
        }
        if (newer == source.commitTs()) {
            return KillSet.ALWAYS_DEAD;
        }
        return source.delete() ? source.commitTs() : newer;
    }

    private boolean full(Memtable memtable) {
        return memtable.count() >= settings.ingestPartRows()
                || memtable.sizeBytes() >= settings.ingestPartBytes();
    }

    private void finishPart() throws IOException {
        Memtable memtable = rows;
        if (memtable == null) {
            return;
        }
        TableSchema schema =
                schemas.byPhysicalId(tableId).orElseThrow(() -> new UnknownTableException(tableId));
        int[] order = new int[memtable.count()];
        int count = 0;
        for (int row = 0; row < memtable.count(); row++) {
            if (ends[row] != KillSet.ALWAYS_DEAD) {
                order[count++] = row;
            }
        }
        PartReader reader = writer.write(schema, memtable, Arrays.copyOf(order, count), ends);
        built.add(new Built(tableId, new LivePart(reader, new KillBuffer(), 0, files::delete)));
        memtable.unpin();
        rows = null;
    }
}
