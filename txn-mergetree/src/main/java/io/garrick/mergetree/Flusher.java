package io.garrick.mergetree;

import io.garrick.codec.SchemaMismatchException;
import io.garrick.codec.schema.TableSchema;
import io.garrick.mergetree.memtable.Memtable;
import io.garrick.mergetree.memtable.MemtableRows;
import io.garrick.mergetree.memtable.RowOrder;
import io.garrick.mergetree.mvcc.KillBuffer;
import io.garrick.mergetree.mvcc.KillSet;
import io.garrick.mergetree.part.PartReader;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns memtables of a table into parts, in the order of rotation.
 *
 * <p>The part is written without a lock, from ends as they were before. Under the lock again, ends
 * that have fallen meanwhile become kills against the new part, and one manifest batch names the
 * part, all kills it does not have yet, and the fences.
 */
final class Flusher {
    private static final Logger log = LoggerFactory.getLogger(Flusher.class);

    private final SchemaProvider schemas;
    private final MemtableWriter writer;
    private final Manifest manifest;
    private final PartFiles files;
    private final Set<PlantedBug> planted;

    Flusher(
            SchemaProvider schemas,
            MemtableWriter writer,
            Manifest manifest,
            PartFiles files,
            Set<PlantedBug> planted) {
        this.planted = planted;
        this.schemas = schemas;
        this.writer = writer;
        this.manifest = manifest;
        this.files = files;
    }

    /** False if rows had to stay, for want of a schema that explains them. */
    boolean flush(Table table, List<Fence> moved) throws IOException {
        table.structure.lock();
        try {
            List<Memtable> frozen;
            table.state.lock();
            try {
                table.rotate();
                frozen = table.frozen();
            } finally {
                table.state.unlock();
            }
            for (Memtable memtable : frozen) {
                if (!flush(table, memtable, moved)) {
                    return false;
                }
            }
            return true;
        } finally {
            table.structure.unlock();
        }
    }

    private boolean flush(Table table, Memtable memtable, List<Fence> moved) throws IOException {
        long[] ends = new long[memtable.count()];
        table.state.lock();
        try {
            table.resolve();
            for (int row = 0; row < ends.length; row++) {
                ends[row] = memtable.end(row);
            }
        } finally {
            table.state.unlock();
        }
        int[] order = order(memtable, ends);
        PartReader reader = null;
        if (order.length > 0) {
            Optional<TableSchema> schema = schemas.byPhysicalId(table.tableId());
            if (schema.isEmpty()) {
                log.info("flush waits for the schema tableId={}", table.tableId());
                return false;
            }
            try {
                reader = writer.write(schema.get(), memtable, order, ends);
            } catch (SchemaMismatchException e) {
                log.warn(
                        "flush needs a newer schema tableId={}: {}",
                        table.tableId(),
                        e.getMessage());
                return false;
            }
        }
        commit(table, memtable, ends, order, reader, moved);
        memtable.unpin();
        return true;
    }

    private static int[] order(Memtable memtable, long[] ends) {
        int[] live = new int[ends.length];
        int count = 0;
        for (int row = 0; row < ends.length; row++) {
            if (ends[row] != KillSet.ALWAYS_DEAD) {
                live[count++] = row;
            }
        }
        return RowOrder.sort(memtable.rows(), live, count);
    }

    private void commit(
            Table table,
            Memtable memtable,
            long[] ends,
            int[] order,
            @Nullable PartReader reader,
            List<Fence> moved)
            throws IOException {
        LivePart part =
                reader == null ? null : new LivePart(reader, new KillBuffer(), 0, files::delete);
        List<Fence> fences = fences(table.tableId(), memtable);
        table.state.lock();
        try (Manifest.Edit edit = manifest.edit()) {
            table.resolve();
            if (part != null) {
                for (int i = 0; i < order.length; i++) {
                    long end = memtable.end(order[i]);
                    if (end < ends[order[i]]) {
                        part.kill(i, end);
                    }
                }
                part.applyPending();
                edit.addPart(table.tableId(), part.partId(), order.length);
                part.saveDirty(edit);
            }
            table.parts().forEach(other -> other.saveDirty(edit));
            fences.forEach(edit::fence);
            edit.commit();
            if (part != null) {
                table.add(part);
            }
            table.remove(memtable);
            fences.forEach(table::fence);
        } catch (IOException | RuntimeException e) {
            if (part != null) {
                part.unpin();
            }
            throw e;
        } finally {
            table.state.unlock();
        }
        moved.addAll(fences);
        log.debug(
                "memtable flushed tableId={} rows={} partId={}",
                table.tableId(),
                order.length,
                part == null ? "none" : part.partId());
    }

    private List<Fence> fences(long tableId, Memtable memtable) {
        MemtableRows rows = memtable.rows();
        Map<Long, Fence> last = new HashMap<>();
        for (int row = 0; row < memtable.count(); row++) {
            long regionId = rows.regionId(row);
            Fence fence = new Fence(tableId, regionId, rows.index(row), rows.ordinal(row));
            Fence before = last.get(regionId);
            if (before == null
                    || (!planted.contains(PlantedBug.FIRST_ROW_FENCE)
                            && position(before).compareTo(position(fence)) < 0)) {
                last.put(regionId, fence);
            }
        }
        return List.copyOf(last.values());
    }

    private static Table.Position position(Fence fence) {
        return new Table.Position(fence.index(), fence.ordinal());
    }
}
