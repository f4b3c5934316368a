package io.garrick.server.cli;

import io.garrick.flashkv.pd.EmbeddedPd;
import io.garrick.kv.PdClient;
import io.garrick.server.RunFile;
import io.garrick.server.UserError;
import io.garrick.server.transfer.TableImport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Loads what {@link ExportCommand} wrote. */
@Command(
        name = "import",
        mixinStandardHelpOptions = true,
        description = {
            "Loads an export into FlashKV through transactions. Checksums and schema are checked",
            "first; a table that is not there is created; rows whose key is there stop the import."
        })
public final class ImportCommand implements Callable<Integer> {
    @Option(names = "--from", required = true, paramLabel = "DIR", description = "The export.")
    private Path from = Path.of("");

    @Option(
            names = "--pd",
            paramLabel = "HOST:PORT[,...]",
            description =
                    "PD of the embedded cluster (default: that of the server this user started"
                            + " last).")
    private @Nullable String pd;

    @Override
    public Integer call() throws IOException {
        String given = pd;
        String members = given != null ? given : RunFile.running("--pd").pd();
        try (PdClient client =
                PdClient.connect(Arrays.asList(members.split(",", -1)), PdClient.Options.DEFAULT)) {
            String http =
                    EmbeddedPd.httpAddress(client.leadingMember())
                            .orElseThrow(() ->
                                    new UserError(
                                            "import writes, and only to an embedded cluster; "
                                                    + members
                                                    + " is not one"));
            long rows =
                    TableImport.run(
                            client,
                            http,
                            from,
                            loaded -> {
                                if (loaded % 100_000 == 0) {
                                    System.err.println("imported " + loaded + " rows");
                                }
                            });
            System.out.println("imported " + rows + " rows from " + from);
            return 0;
        }
    }
}
