package io.garrick.server.cli;

import io.garrick.flashkv.FlashKv;
import io.garrick.flashkv.FlashKvConfig;
import io.garrick.server.ParentWatch;
import io.garrick.server.config.Address;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the embedded cluster: a PD role and some TiKV-compatible stores in one process. */
@Command(
        name = "flashkv",
        mixinStandardHelpOptions = true,
        description = {
            "Runs FlashKV, the embedded cluster: a PD role and TiKV-compatible stores in one"
                    + " process.",
            "Prints key=value lines when it is up; runs until it is stopped."
        })
public final class FlashKvCommand implements Callable<Integer> {
    @Option(
            names = "--stores",
            defaultValue = "3",
            description = "Number of stores (default ${DEFAULT-VALUE}).")
    private int stores = 3;

    @Option(
            names = "--data-dir",
            required = true,
            description = "Where the cluster keeps its data.")
    private Path dataDir = Path.of(".");

    @Option(
            names = "--pd-addr",
            defaultValue = "127.0.0.1:2379",
            description =
                    "Where the PD role listens; port 0 takes a free one (default"
                            + " ${DEFAULT-VALUE}).")
    private String pdAddress = "127.0.0.1:2379";

    @Option(
            names = "--join-pd",
            split = ",",
            paramLabel = "HOST:PORT",
            description =
                    "Run the stores only and join the cluster of this PD (all its members, with"
                            + " commas between).")
    private List<String> joinPds = List.of();

    @Option(
            names = "--sync",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Whether a write waits for the disk (default ${DEFAULT-VALUE}).")
    private boolean sync = true;

    @Option(
            names = "--region-split-mib",
            defaultValue = "64",
            description = "A region above this size is split (default ${DEFAULT-VALUE}).")
    private int regionSplitMib = 64;

    @Option(names = "--exit-with-parent", hidden = true)
    private boolean exitWithParent;

    @Override
    public Integer call() throws Exception {
        if (exitWithParent) {
            ParentWatch.exitWithParent();
        }
        Address pd = Address.parse("--pd-addr", pdAddress);
        FlashKvConfig config =
                FlashKvConfig.of(dataDir)
                        .withStores(stores)
                        .withPdListen(pd.host(), pd.port())
                        .withSyncWrites(sync)
                        .withJoinPds(joinPds)
                        .withRegionSplitBytes((long) regionSplitMib << 20);
        CountDownLatch stopped = new CountDownLatch(1);
        FlashKv cluster = FlashKv.start(config);
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    cluster.close();
                                    stopped.countDown();
                                },
                                "shutdown"));
        System.out.println("pd=" + cluster.pdAddress());
        System.out.println("http=" + cluster.pdHttpAddress());
        System.out.println("ready=true");
        System.out.flush();
        stopped.await();
        return 0;
    }
}
