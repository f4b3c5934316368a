package io.garrick.server.cli;

import io.garrick.kv.PdClient;
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
            required = true,
            paramLabel = "HOST:PORT[,...]",
            description = "PD of the cluster.")
    private String pd = "";

    @Option(
            names = "--pd-http",
            paramLabel = "HOST:PORT",
            description = "PD's HTTP address (default: the one of --pd).")
    private @Nullable String pdHttp;

    @Override
    public Integer call() throws IOException {
        String http = pdHttp == null ? pd.split(",", 2)[0] : pdHttp;
        try (PdClient client =
                PdClient.connect(Arrays.asList(pd.split(",", -1)), PdClient.Options.DEFAULT)) {
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
