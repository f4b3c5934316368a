package io.garrick.server.cli;

import io.garrick.base.Timestamp;
import io.garrick.kv.PdClient;
import io.garrick.server.RunFile;
import io.garrick.server.UserError;
import io.garrick.server.transfer.ExportManifest;
import io.garrick.server.transfer.TableExport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes a consistent snapshot of a table as Parquet. */
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        description = {
            "Writes a table as of one timestamp to a directory of Parquet files with a manifest.",
            "A service safepoint in PD keeps its versions for as long as the export runs."
        })
public final class ExportCommand implements Callable<Integer> {
    @Option(names = "--table", required = true, paramLabel = "DB.TABLE", description = "What.")
    private String table = "";

    @Option(
            names = "--as-of",
            paramLabel = "TS",
            description = "The TSO to read at (default: now).")
    private @Nullable Long asOf;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Empty or new.")
    private Path out = Path.of("");

    @Option(
            names = "--pd",
            paramLabel = "HOST:PORT[,...]",
            description = "PD of the cluster (default: that of the server this user started last).")
    private @Nullable String pd;

    @Option(
            names = "--url",
            description =
                    "Flight SQL address of the replica (default: the server this user"
                            + " started last).")
    private @Nullable String url;

    @Override
    public Integer call() throws IOException {
        List<String> name = List.of(table.split("\\.", 2));
        if (name.size() != 2) {
            throw new UserError("--table takes DATABASE.TABLE, not '" + table + "'");
        }
        try (PdClient client =
                PdClient.connect(
                        Arrays.asList(members().split(",", -1)), PdClient.Options.DEFAULT)) {
            ExportManifest done =
                    TableExport.run(
                            client,
                            address(),
                            name.getFirst(),
                            name.getLast(),
                            Optional.ofNullable(asOf).map(Timestamp::new),
                            out,
                            rows -> System.err.println("exported " + rows + " rows"));
            System.out.println(
                    "exported "
                            + done.rowCount()
                            + " rows of "
                            + table
                            + " at "
                            + done.snapshotTs()
                            + " to "
                            + out);
            return 0;
        }
    }

    private String address() {
        String given = url;
        return given != null ? given : RunFile.running("--url").url();
    }

    private String members() {
        String given = pd;
        return given != null ? given : RunFile.running("--pd").pd();
    }
}
