package io.garrick.consistency;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** What the command line asks for. */
record Options(
        List<Workload> workloads, int seconds, List<Fault> faults, long seed, @Nullable Path json) {
    static final String USAGE =
            """
            usage: ./dev consistency [options]

              --target flashkv       what is checked; the embedded cluster is the only target
              --workload NAMES       bank,register (both)
              --seconds N            how long operations run (60)
              --faults NAMES         kill,partition,split,merge,transfer (all), and pause,disturb,slowdisk;
                                     none: no faults
              --seed N               repeats the schedule of faults
              --json FILE            writes the report there, too

            bank: transfers between accounts; every snapshot has the same total.
            register: reads, writes and updates of single keys; each key's history is linearizable.
            Ends with 1 when an anomaly was found.
            """;

    enum Workload {
        BANK,
        REGISTER
    }

    enum Fault {
        KILL,
        PARTITION,
        SPLIT,
        MERGE,
        TRANSFER,
        PAUSE,
        DISTURB,
        SLOWDISK;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final List<Fault> DEFAULT_FAULTS =
            List.of(Fault.KILL, Fault.PARTITION, Fault.SPLIT, Fault.MERGE, Fault.TRANSFER);

    Options {
        workloads = List.copyOf(workloads);
        faults = List.copyOf(faults);
    }

    /** Throws {@link IllegalArgumentException} with what is wrong. */
    static Options parse(String[] args) {
        List<Workload> workloads = List.of(Workload.values());
        List<Fault> faults = DEFAULT_FAULTS;
        int seconds = 60;
        long seed = ThreadLocalRandom.current().nextLong(1, 1L << 32);
        Path json = null;
        for (int i = 0; i < args.length; i += 2) {
            if (i + 1 == args.length) {
                throw new IllegalArgumentException(args[i] + " needs a value");
            }
            String value = args[i + 1];
            switch (args[i]) {
                case "--target" -> {
                    if (!value.equals("flashkv")) {
                        throw new IllegalArgumentException("unknown target " + value);
                    }
                }
                case "--workload" -> workloads = words(value, Workload.class, "workload");
                case "--faults" ->
                        faults =
                                value.equals("none")
                                        ? List.of()
                                        : words(value, Fault.class, "fault");
                case "--seconds" -> seconds = (int) number(args[i], value, 1, 86_400);
                case "--seed" -> seed = number(args[i], value, Long.MIN_VALUE, Long.MAX_VALUE);
                case "--json" -> json = Path.of(value);
                default -> throw new IllegalArgumentException("unknown option " + args[i]);
            }
        }
        return new Options(workloads, seconds, faults, seed, json);
    }

    private static <E extends Enum<E>> List<E> words(String text, Class<E> type, String what) {
        List<E> found = new ArrayList<>();
        for (String word : text.split(",", -1)) {
            E value =
                    Arrays.stream(type.getEnumConstants())
                            .filter(each -> each.name().toLowerCase(Locale.ROOT).equals(word))
                            .findFirst()
                            .orElseThrow(() ->
                                    new IllegalArgumentException("unknown " + what + " " + word));
            if (!found.contains(value)) {
                found.add(value);
            }
        }
        return found;
    }

    private static long number(String option, String value, long min, long max) {
        try {
            long number = Long.parseLong(value);
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Answered below.
        }
        throw new IllegalArgumentException(option + " needs a number, not " + value);
    }
}
