package io.garrick.consistency;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Which faults come when, decided by the seed before anything runs.
 *
 * @param events in the order of time
 */
record FaultSchedule(List<Event> events) {
    private static final int FIRST_MILLIS = 1_000;
    private static final int MEAN_GAP_MILLIS = 1_000;

    /**
     * @param atMillis since the start, at the earliest: a fault waits for the one before it
     * @param durationMillis for how long, where it has an end
     * @param chance what decides among stores and regions
     */
    record Event(Options.Fault fault, int atMillis, int durationMillis, long chance) {
        String describe() {
            return String.format(
                    Locale.ROOT,
                    "%.1fs %s for %d ms by %x",
                    atMillis / 1000.0,
                    fault.word(),
                    durationMillis,
                    chance);
        }
    }

    FaultSchedule {
        events = List.copyOf(events);
    }

    /** All kinds in turn, each turn in another order. */
    static FaultSchedule of(List<Options.Fault> faults, int seconds, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Event> events = new ArrayList<>();
        int at = FIRST_MILLIS;
        int last = seconds * 1000 - FIRST_MILLIS;
        while (!faults.isEmpty() && at < last) {
            List<Options.Fault> turn = new ArrayList<>(faults);
            while (!turn.isEmpty()) {
                Options.Fault fault = turn.remove(random.nextInt(turn.size()));
                int duration = 300 + random.nextInt(900);
                events.add(new Event(fault, at, duration, random.nextLong()));
                at += MEAN_GAP_MILLIS / 2 + random.nextInt(MEAN_GAP_MILLIS);
            }
        }
        return new FaultSchedule(events);
    }
}
