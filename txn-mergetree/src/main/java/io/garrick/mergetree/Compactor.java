package io.garrick.mergetree;

import io.garrick.codec.row.ArrowTypes;
import io.garrick.codec.row.ColumnDecoder;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.TableSchema;
import io.garrick.mergetree.compaction.CompactionPolicy;
import io.garrick.mergetree.memtable.Memtable;
import io.garrick.mergetree.memtable.MemtableRows;
import io.garrick.mergetree.mvcc.KillBuffer;
import io.garrick.mergetree.mvcc.KillCodec;
import io.garrick.mergetree.mvcc.KillSet;
import io.garrick.mergetree.part.ArrowValues;
import io.garrick.mergetree.part.ColumnPage;
import io.garrick.mergetree.part.HiddenColumns;
import io.garrick.mergetree.part.PartColumn;
import io.garrick.mergetree.part.PartReader;
import io.garrick.mergetree.part.PartWriter;
import io.garrick.mergetree.part.VectorBuilder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Merges parts of one table into one, leaving out versions that no allowed read can see.
 *
 * <p>Inputs are read without a lock. Kills that arrive meanwhile go to the inputs as ever; the
 * commit carries them over to the output through the map from input rows to output rows. One thread
 * at a time.
 */
final class Compactor {
    private static final Logger log = LoggerFactory.getLogger(Compactor.class);

    private final SchemaProvider schemas;
    private final Manifest manifest;
    private final PartFiles files;
    private final BufferAllocator allocator;
    private final CompactionPolicy policy;
    private final Set<PlantedBug> planted;

    /** An input as it was when the merge began. */
    private record Input(LivePart part, KillSet kills) {}

    private record Merged(MergeOrder.Output output, LivePart part) {}

    Compactor(
            SchemaProvider schemas,
            Manifest manifest,
            PartFiles files,
            BufferAllocator allocator,
            StoreSettings settings,
            Set<PlantedBug> planted) {
        this.planted = planted;
        this.schemas = schemas;
        this.manifest = manifest;
        this.files = files;
        this.allocator = allocator;
        this.policy =
                new CompactionPolicy(
                        settings.compactionFanIn(),
                        settings.maxPartRows(),
                        settings.garbageThreshold());
    }

    /** False if the table needs no compaction now. */
    synchronized boolean compact(Table table, long safepoint, CompactionPolicy.Effort effort)
            throws IOException {
        List<Input> inputs = new ArrayList<>();
        long tombstoneBound;
        table.state.lock();
        try {
            table.resolve();
            tombstoneBound = Math.min(safepoint, smallestUnflushedTs(table) - 1);
            List<CompactionPolicy.Candidate> candidates = new ArrayList<>();
            for (LivePart part : table.parts()) {
                candidates.add(
                        new CompactionPolicy.Candidate(
                                part.partId(),
                                part.reader().rowCount(),
                                // Tombstones above the bound stay, so they do not count.
                                part.kills().reclaimable(tombstoneBound),
                                part.kills().folded().count()));
            }
            List<Long> chosen = policy.choose(candidates, effort);
            for (LivePart part : table.parts()) {
                if (chosen.contains(part.partId())) {
                    part.pin();
                    inputs.add(new Input(part, part.kills().folded()));
                }
            }
        } finally {
            table.state.unlock();
        }
        try {
            return !inputs.isEmpty() && merge(table, inputs, safepoint, tombstoneBound);
        } finally {
            inputs.forEach(input -> input.part().unpin());
        }
    }

    // A tombstone must outlive every older version that may still come: those in memory are known.
    private static long smallestUnflushedTs(Table table) {
        long smallest = KillSet.NEVER;
        for (Memtable memtable : table.memtables()) {
            MemtableRows rows = memtable.rows();
            for (int row = 0; row < memtable.count(); row++) {
                smallest = Math.min(smallest, rows.commitTs(row));
            }
        }
        return smallest;
    }

    private boolean merge(Table table, List<Input> inputs, long safepoint, long tombstoneBound)
            throws IOException {
        Optional<TableSchema> schema = schemas.byPhysicalId(table.tableId());
        if (schema.isEmpty() || !readable(schema.get(), inputs)) {
            return false;
        }
        List<MergeOrder.Run> runs = new ArrayList<>();
        for (Input input : inputs) {
            runs.add(new MergeOrder.Run(input.part().reader(), input.kills()));
        }
        MergeOrder order = MergeOrder.of(runs, safepoint, tombstoneBound);
        List<Merged> merged = write(schema.get(), inputs, order);
        boolean committed = commit(table, inputs, order, merged);
        if (committed) {
            log.info(
                    "parts compacted tableId={} inputs={} rowsIn={} rowsOut={}",
                    table.tableId(),
                    inputs.size(),
                    inputs.stream().mapToLong(i -> i.part().reader().rowCount()).sum(),
                    order.rowCount());
        }
        return committed;
    }

    private static boolean readable(TableSchema schema, List<Input> inputs) {
        for (ColumnSchema column : StoredColumns.of(schema)) {
            for (Input input : inputs) {
                PartReader reader = input.part().reader();
                int index = reader.columnIndex(column.id());
                if (index >= 0
                        && !VectorBuilder.readable(
                                reader.column(index), ArrowTypes.field(column))) {
                    return false;
                }
            }
        }
        return true;
    }

    /** What was written, not in the manifest yet; on failure nothing is left behind. */
    private List<Merged> write(TableSchema schema, List<Input> inputs, MergeOrder order)
            throws IOException {
        List<Merged> merged = new ArrayList<>();
        try {
            for (MergeOrder.Output output : order.outputs()) {
                PartReader reader = write(schema, inputs, output);
                LivePart part = new LivePart(reader, new KillBuffer(), 0, files::delete);
                merged.add(new Merged(output, part));
            }
            return merged;
        } catch (IOException | RuntimeException e) {
            merged.forEach(entry -> entry.part().drop());
            throw e;
        }
    }

    private PartReader write(TableSchema schema, List<Input> inputs, MergeOrder.Output order)
            throws IOException {
        boolean common = inputs.getFirst().part().reader().commonHandle();
        PartWriter.Identity identity =
                new PartWriter.Identity(
                        manifest.newPartId(),
                        schema.physicalId(),
                        common,
                        schema.revision(),
                        order.history());
        try {
            try (PartWriter writer = files.create(identity)) {
                hidden(
                        writer,
                        inputs,
                        order,
                        common
                                ? PartColumn.hiddenBytes(HiddenColumns.HANDLE)
                                : PartColumn.hiddenLong(HiddenColumns.HANDLE));
                hidden(writer, inputs, order, PartColumn.hiddenLong(HiddenColumns.TS));
                hidden(writer, inputs, order, PartColumn.hiddenLong(HiddenColumns.OP));
                for (ColumnSchema column : StoredColumns.of(schema)) {
                    column(writer, schema, column, inputs, order);
                }
                writer.finish(KillCodec.encode(order.kills()));
            }
            return files.publish(identity.partId());
        } catch (IOException | RuntimeException e) {
            files.deleteUnfinished(identity.partId());
            throw e;
        }
    }

    private static void hidden(
            PartWriter writer, List<Input> inputs, MergeOrder.Output order, PartColumn column)
            throws IOException {
        List<ColumnFeed> feeds = new ArrayList<>();
        for (Input input : inputs) {
            feeds.add(ColumnFeed.of(input.part().reader(), column.id(), column.kind()));
        }
        writer.beginColumn(column);
        order.gather(feeds, writer, column.kind());
        writer.endColumn();
    }

    private void column(
            PartWriter writer,
            TableSchema schema,
            ColumnSchema column,
            List<Input> inputs,
            MergeOrder.Output order)
            throws IOException {
        PartColumn stored = StoredColumns.stored(column);
        List<ColumnFeed> feeds = new ArrayList<>();
        for (Input input : inputs) {
            PartReader reader = input.part().reader();
            feeds.add(
                    reader.columnIndex(column.id()) < 0
                            ? ColumnFeed.constant(originDefault(schema, column, stored))
                            : ColumnFeed.of(reader, column.id(), stored.kind()));
        }
        writer.beginColumn(stored);
        order.gather(feeds, writer, stored.kind());
        writer.endColumn();
    }

    private ColumnPage originDefault(TableSchema schema, ColumnSchema column, PartColumn stored) {
        ColumnPage page = new ColumnPage();
        try (FieldVector vector = ArrowTypes.field(column).createVector(allocator)) {
            ColumnDecoder.forColumn(schema, column, ColumnDecoder.Mismatch.FORCE)
                    .decode(new EmptyRows(1), 0, 1, vector);
            new ArrowValues(vector, stored).copy(0, 1, page);
        }
        return page;
    }

    private boolean commit(Table table, List<Input> inputs, MergeOrder order, List<Merged> merged)
            throws IOException {
        table.state.lock();
        try (Manifest.Edit edit = manifest.edit()) {
            if (!inputs.stream().allMatch(input -> table.has(input.part()))) {
                // A purge took an input away.
                merged.forEach(entry -> entry.part().drop());
                return false;
            }
            table.resolve();
            for (int i = 0; i < inputs.size(); i++) {
                edit.removePart(table.tableId(), inputs.get(i).part().partId());
                if (!planted.contains(PlantedBug.SKIP_KILL_REMAP)) {
                    carryOver(inputs.get(i), i, order, merged);
                }
            }
            for (Merged entry : merged) {
                LivePart part = entry.part();
                part.applyPending();
                edit.addPart(table.tableId(), part.partId(), entry.output().rowCount());
                part.saveDirty(edit);
            }
            edit.commit();
            merged.forEach(entry -> table.add(entry.part()));
            for (Input input : inputs) {
                table.remove(input.part());
                input.part().drop();
            }
            return true;
        } catch (IOException | RuntimeException e) {
            merged.forEach(entry -> entry.part().unpin());
            throw e;
        } finally {
            table.state.unlock();
        }
    }

    /** Kills that came while the outputs were being written. */
    private static void carryOver(
            Input input, int inputIndex, MergeOrder order, List<Merged> merged) {
        KillBuffer now = input.part().kills().toBuffer();
        KillBuffer before = input.kills().toBuffer();
        int known = 0;
        for (int i = 0; i < now.count(); i++) {
            int row = now.row(i);
            while (known < before.count() && before.row(known) < row) {
                known++;
            }
            boolean same =
                    known < before.count()
                            && before.row(known) == row
                            && before.end(known) <= now.end(i);
            MergeOrder.Output output = same ? null : order.outputOf(inputIndex, row);
            for (Merged entry : merged) {
                if (entry.output() == output) {
                    entry.part().kill(order.rowOf(inputIndex, row), now.end(i));
                }
            }
        }
    }
}
