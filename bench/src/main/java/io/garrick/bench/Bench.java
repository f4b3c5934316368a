package io.garrick.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ./dev bench}: lists the benchmarks, or runs one and writes its report. */
@Command(
        name = "./dev bench",
        mixinStandardHelpOptions = true,
        description = "Runs a benchmark against its peer; without a name, lists them.")
public final class Bench implements Runnable {

    /** Every benchmark, in the order of the list. */
    static final List<Benchmark> ALL =
            List.of(
                    new io.garrick.bench.storage.CpfScan(),
                    new io.garrick.bench.storage.MvccTax(),
                    new io.garrick.bench.storage.Ingest(),
                    new io.garrick.bench.storage.WriteAmplification(),
                    new io.garrick.bench.storage.Restart(),
                    new io.garrick.bench.flashkv.FlashKvTransactions(),
                    new io.garrick.bench.codec.Decode(),
                    new io.garrick.bench.codec.SchemaLoad(),
                    new io.garrick.bench.raft.RaftIdle(),
                    new io.garrick.bench.raft.RaftApply(),
                    new io.garrick.bench.raft.ReadIndex());

    @Parameters(arity = "0..1", paramLabel = "NAME", description = "the benchmark")
    private @Nullable String name;

    @Option(names = "--json", paramLabel = "FILE", description = "write the report there")
    private @Nullable Path json;

    @Option(
            names = "--scale",
            defaultValue = "0",
            description = "how much data; default: the benchmark's own")
    private double scale;

    @Option(
            names = "--rounds",
            defaultValue = "7",
            description = "measured rounds (default: ${DEFAULT-VALUE})")
    private int rounds;

    @Option(names = "--threads", defaultValue = "0", description = "threads of each side")
    private int threads;

    @CommandLine.Spec private CommandLine.Model.@Nullable CommandSpec spec;

    public static void main(String[] args) {
        CommandLine line = new CommandLine(new Bench());
        line.setExecutionExceptionHandler((failure, _, _) -> {
            failure.printStackTrace();
            return 1;
        });
        System.exit(line.execute(args));
    }

    @Override
    public void run() {
        if (name == null) {
            ALL.forEach(benchmark ->
                    System.out.printf("%-16s %s%n", benchmark.name(), benchmark.summary()));
            return;
        }
        Benchmark benchmark =
                ALL.stream()
                        .filter(candidate -> candidate.name().equals(name))
                        .findFirst()
                        .orElseThrow(() ->
                                new CommandLine.ParameterException(
                                        commandLine(),
                                        "no benchmark is called '"
                                                + name
                                                + "'; ./dev bench lists them"));
        try {
            Report report =
                    benchmark.run(new Benchmark.Settings(scale, rounds, threads, command()));
            ObjectMapper mapper = new ObjectMapper();
            System.out.println(mapper.writerWithDefaultPrettyPrinter().writeValueAsString(report));
            if (json != null) {
                Files.writeString(json, mapper.writeValueAsString(report) + "\n");
            }
        } catch (RuntimeException failure) {
            throw failure;
        } catch (Exception failure) {
            throw new IllegalStateException(
                    benchmark.name() + " failed: " + failure.getMessage(), failure);
        }
    }

    private CommandLine commandLine() {
        if (spec == null) {
            throw new IllegalStateException("run by picocli only");
        }
        return spec.commandLine();
    }

    private String command() {
        return "./dev bench " + String.join(" ", commandLine().getParseResult().originalArgs());
    }
}
