package io.garrick.codec.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.garrick.base.Key;
import io.garrick.codec.row.RandomTables;
import io.garrick.codec.schema.DbInfoJson;
import io.garrick.codec.schema.DbSchema;
import io.garrick.codec.schema.SchemaDiff;
import io.garrick.codec.schema.SchemaDiffJson;
import io.garrick.codec.schema.SchemaState;
import io.garrick.codec.schema.TableInfoJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

/** Inputs to start from, and the findings of the past. */
final class Corpus {
    /** An input that once was a finding. */
    record Finding(String fuzzer, Key key) {
        byte[] input() {
            return key.toBytes();
        }
    }

    private static final List<String> CASES =
            List.of(
                    "bytes",
                    "datums",
                    "decimals",
                    "json",
                    "keys",
                    "numbers",
                    "records",
                    "rows",
                    "times");

    private Corpus() {}

    /** Bytes of the golden cases, documents of random schemas, texts of defaults. */
    static List<byte[]> seeds() {
        List<byte[]> seeds = new ArrayList<>();
        seeds.add(new byte[0]);
        for (String file : CASES) {
            for (String[] cells : table("/cases/" + file + "_own.tsv")) {
                if (cells[2].matches("([0-9a-fA-F]{2})+")) {
                    seeds.add(HexFormat.of().parseHex(cells[2]));
                }
            }
        }
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 8; i++) {
            seeds.add(TableInfoJson.emit(RandomTables.table(random)));
        }
        seeds.add(
                DbInfoJson.emit(
                        new DbSchema(3, "db", "utf8mb4", "utf8mb4_bin", SchemaState.PUBLIC)));
        SchemaDiff.Affected affected = new SchemaDiff.Affected(1, 2, 3, 4);
        seeds.add(
                SchemaDiffJson.emit(
                        new SchemaDiff(
                                9, 61, 1, 2, 3, 4, true, true, List.of(5, 6), List.of(affected))));
        for (String text : List.of("1e999999999", "-838:59:59.999999", "2024-02-30", "0x41")) {
            seeds.add(text.getBytes(UTF_8));
        }
        return seeds;
    }

    static List<Finding> findings() {
        return table("/fuzz/findings.tsv").stream()
                .map(cells -> new Finding(cells[0], Key.ofHex(cells[1])))
                .toList();
    }

    /** Cells of every line but the first. */
    private static List<String[]> table(String resource) {
        try (InputStream in = Corpus.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("resource " + resource + " is missing");
            }
            return new String(in.readAllBytes(), UTF_8)
                    .lines()
                    .skip(1)
                    .map(line -> line.split("\t", -1))
                    .toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
