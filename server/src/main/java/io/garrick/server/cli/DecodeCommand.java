package io.garrick.server.cli;

import io.garrick.codec.CodecException;
import io.garrick.codec.DecodeTool;
import io.garrick.server.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows TiDB's bytes as JSON. */
@Command(
        name = "decode",
        mixinStandardHelpOptions = true,
        description = "Decodes bytes of TiDB or TiKV and prints them as JSON.")
public final class DecodeCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            paramLabel = "KIND",
            description = "key, datum, row, write, lock, json, decimal or time.")
    private String kind = "";

    @Parameters(index = "1", paramLabel = "HEX", description = "The bytes in hexadecimal.")
    private String hex = "";

    @Option(
            names = "--table",
            paramLabel = "FILE",
            description = "TableInfo JSON of the table a row belongs to.")
    private @Nullable Path table;

    @Override
    public Integer call() {
        try {
            Optional<String> tableInfo =
                    table == null ? Optional.empty() : Optional.of(Files.readString(table));
            System.out.println(DecodeTool.decode(kind, hex, tableInfo));
            return 0;
        } catch (IOException e) {
            throw new UserError("cannot read " + table + ": " + e.getMessage(), e);
        } catch (CodecException | IllegalArgumentException e) {
            throw new UserError("cannot decode " + kind + ": " + e.getMessage(), e);
        }
    }
}
