package io.garrick.server.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The analytical half of the demo; each text runs unchanged on the replica and on DuckDB. */
final class DemoQueries {
    static final String CONSTANT_SUM = "constant_sum";

    private static final List<String> NAMES = List.of("q1", "q3", "q6", "q18", CONSTANT_SUM);

    private DemoQueries() {}

    /** SQL by name, in the order in which the demo runs them. */
    static Map<String, String> all() {
        Map<String, String> queries = new LinkedHashMap<>();
        NAMES.forEach(name -> queries.put(name, read("/demo/" + name + ".sql")));
        return queries;
    }

    private static String read(String resource) {
        try (InputStream in = DemoQueries.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("missing resource " + resource);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
