package io.garrick.server.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.garrick.base.CorruptFileException;
import io.garrick.base.FileDisk;
import io.garrick.base.OrderedStore;
import io.garrick.base.RocksStore;
import io.garrick.mergetree.StorageInspection;
import io.garrick.mergetree.TableStore;
import io.garrick.server.UserError;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what is inside the files of a replica; changes nothing. */
@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Shows what is inside files of a replica's storage.")
public final class InspectCommand {
    // Of the file that a running replica keeps its manifest in, below its data directory.
    private static final String DURABLE = "durable";

    private static String json(Object report) throws IOException {
        return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(report);
    }

    @Command(
            name = "part",
            mixinStandardHelpOptions = true,
            description = "Shows a part file (.cpf) and verifies every checksum in it.")
    int part(
            @Parameters(paramLabel = "FILE", description = "The part file.") Path file,
            @Option(names = "--json", description = "Print JSON.") boolean asJson)
            throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new UserError(file + " is not a file");
        }
        Path absolute = file.toAbsolutePath();
        Path directory = Optional.ofNullable(absolute.getParent()).orElse(absolute);
        try {
            StorageInspection.Part found =
                    StorageInspection.part(new FileDisk(directory), absolute.getFileName());
            if (asJson) {
                System.out.println(json(found));
            } else {
                print(found, System.out);
            }
            return 0;
        } catch (CorruptFileException e) {
            throw new UserError(file + " is not a part that can be read: " + e.getMessage(), e);
        }
    }

    private static void print(StorageInspection.Part part, PrintStream out) {
        out.printf(
                "part %d of table %d, format %d, schema version %d%n",
                part.partId(), part.tableId(), part.formatVersion(), part.schemaVersion());
        out.printf(
                "%d rows in %d pages, %d bytes, %s handles, commit ts %d to %d, %d bytes of"
                        + " kills%n",
                part.rowCount(),
                part.pageCount(),
                part.sizeBytes(),
                part.commonHandle() ? "common" : "integer",
                part.minTs(),
                part.maxTs(),
                part.killBytes());
        out.println("all checksums are right");
        out.printf(
                "%8s %-20s %-24s %12s %9s %-28s %s%n",
                "id", "name", "type", "bytes", "nulls", "encodings", "from .. to");
        for (StorageInspection.Column column : part.columns()) {
            out.printf(
                    "%8d %-20s %-24s %12d %9d %-28s %s .. %s%n",
                    column.id(),
                    column.name(),
                    column.type(),
                    column.sizeBytes(),
                    column.nullCount(),
                    column.encodings(),
                    column.min(),
                    column.max());
        }
    }

    @Command(
            name = "manifest",
            mixinStandardHelpOptions = true,
            description = "Shows the list of parts, fences and operations of a data directory.")
    int manifest(
            @Parameters(
                            paramLabel = "DIR",
                            description = "The data directory; a replica may be running on it.")
                    Path directory,
            @Option(names = "--json", description = "Print JSON.") boolean asJson)
            throws IOException {
        Path database =
                Files.isDirectory(directory.resolve(DURABLE))
                        ? directory.resolve(DURABLE)
                        : directory;
        if (!Files.isRegularFile(database.resolve("CURRENT"))) {
            throw new UserError(directory + " is not a data directory of a replica");
        }
        try (OrderedStore store =
                RocksStore.openReadOnly(database, List.of(TableStore.MANIFEST_FAMILY))) {
            StorageInspection.ManifestContent found = StorageInspection.manifest(store);
            if (asJson) {
                System.out.println(json(found));
            } else {
                print(found, System.out);
            }
            return 0;
        } catch (IOException e) {
            throw new UserError(
                    "cannot read the manifest in " + database + ": " + e.getMessage(), e);
        }
    }

    private static void print(StorageInspection.ManifestContent manifest, PrintStream out) {
        out.printf(
                "safepoint %d, next part id %d, %d parts, %d fences, %d dropped tables, %d open"
                        + " operations%n",
                manifest.safepoint(),
                manifest.nextPartId(),
                manifest.parts().size(),
                manifest.fences().size(),
                manifest.dropped().size(),
                manifest.openOps().size());
        manifest.parts()
                .forEach(part ->
                        out.printf(
                                "part %d table %d kills %d in %d entries%n",
                                part.partId(),
                                part.tableId(),
                                part.killCount(),
                                part.killEntries()));
        manifest.fences()
                .forEach(fence ->
                        out.printf(
                                "fence table %d region %d index %d ordinal %d%n",
                                fence.tableId(), fence.regionId(), fence.index(), fence.ordinal()));
        manifest.dropped()
                .forEach(table ->
                        out.printf(
                                "dropped table %d at ts %d, files still there%n",
                                table.tableId(), table.dropTs()));
        manifest.openOps()
                .forEach(op ->
                        out.printf(
                                "open operation region %d index %d sequence %d range [%s, %s)%n",
                                op.regionId(), op.index(), op.sequence(), op.start(), op.end()));
    }
}
