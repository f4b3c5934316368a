package io.garrick.codec.fuzz;

import java.util.List;
import java.util.stream.Stream;

/** Every fuzzer, in the order of the report. */
final class Fuzzers {
    static final List<Fuzzer> ALL =
            Stream.of(KeyFuzzers.all(), ValueFuzzers.all(), RowFuzzers.all(), DocumentFuzzers.all())
                    .flatMap(List::stream)
                    .toList();

    private Fuzzers() {}

    static Fuzzer named(String name) {
        return ALL.stream()
                .filter(fuzzer -> fuzzer.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no fuzzer is called " + name));
    }
}
