package io.garrick.mergetree;

import io.garrick.base.Disk;
import io.garrick.base.OrderedStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Looks into files of a store without opening the store. Changes nothing. */
public final class StorageInspection {
    private StorageInspection() {}

    /** A part file. */
    public record Part(
            int formatVersion,
            long partId,
            long tableId,
            boolean commonHandle,
            long schemaVersion,
            int rowCount,
            int pageCount,
            long sizeBytes,
            long minTs,
            long maxTs,
            int killBytes,
            List<Column> columns) {
        public Part {
            columns = List.copyOf(columns);
        }
    }

    /**
     * A column of a part.
     *
     * @param id TiDB's column id; hidden columns have negative ones
     * @param sizeBytes of all its pages
     * @param encodings pages by how they are encoded, such as {@code for20 x 12}
     * @param min as zone maps have it; empty if there is no bound
     */
    public record Column(
            long id,
            String name,
            String type,
            long sizeBytes,
            long nullCount,
            String encodings,
            String min,
            String max) {}

    /**
     * What the manifest says.
     *
     * @param nextPartId ids below are taken
     */
    public record ManifestContent(
            long safepoint,
            long nextPartId,
            List<ManifestPart> parts,
            List<Fence> fences,
            List<DroppedTable> dropped,
            List<OpenOp> openOps) {
        public ManifestContent {
            parts = List.copyOf(parts);
            fences = List.copyOf(fences);
            dropped = List.copyOf(dropped);
            openOps = List.copyOf(openOps);
        }
    }

    /**
     * A listed part.
     *
     * @param killCount ends against its rows, besides those in its file
     * @param killEntries entries that hold them
     */
    public record ManifestPart(long tableId, long partId, int killCount, int killEntries) {}

    public record DroppedTable(long tableId, long dropTs) {}

    /** An operation that was committed and not closed, with its raw key range in hexadecimal. */
    public record OpenOp(long regionId, long index, long sequence, String start, String end) {}

    /**
     * Reads a part and verifies every checksum in it.
     *
     * @throws io.garrick.base.CorruptFileException it is no part, or damaged
     */
    public static Part part(Disk disk, Path file) throws IOException {
        return PartInspection.of(disk, file);
    }

    /** Reads the manifest out of the ordered store that has it. */
    public static ManifestContent manifest(OrderedStore store) throws IOException {
        Manifest manifest = new Manifest(store);
        return new ManifestContent(
                manifest.safepoint(),
                manifest.nextPartId(),
                manifest.parts().stream()
                        .map(part ->
                                new ManifestPart(
                                        part.tableId(),
                                        part.partId(),
                                        part.kills().count(),
                                        part.killEntries()))
                        .toList(),
                manifest.fences(),
                manifest.drops().stream()
                        .map(drop -> new DroppedTable(drop.tableId(), drop.dropTs()))
                        .toList(),
                manifest.openOps().entrySet().stream()
                        .map(op ->
                                new OpenOp(
                                        op.getKey().regionId(),
                                        op.getKey().index(),
                                        op.getKey().sequence(),
                                        op.getValue().start().toString(),
                                        op.getValue().end().toString()))
                        .toList());
    }
}
