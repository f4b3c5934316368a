package io.garrick.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * Runs two sides in turns and keeps their medians.
 *
 * <p>Rounds are interleaved, so that a slow minute of the machine hits both. If another process
 * used more than {@link #FOREIGN_LIMIT} of one core on average, all rounds are repeated, at most
 * {@link #TRIES} times.
 */
public final class Comparison {

    /**
     * One side's work in one round. Returns its figure (say rows per second); its answer goes to
     * {@link Answer}.
     */
    @FunctionalInterface
    public interface Side {
        double run(Answer answer) throws Exception;
    }

    /** Where a side leaves what it computed, to be compared with the other side's. */
    public static final class Answer {
        private Object value = "nothing";

        public void is(Object computed) {
            value = computed;
        }
    }

    /** Figures of both sides, in the order of the rounds. */
    public record Outcome(List<Double> oursByRound, List<Double> peerByRound, boolean clean) {

        public double ours() {
            return median(oursByRound);
        }

        public double peer() {
            return median(peerByRound);
        }

        public double ratio() {
            return ours() / peer();
        }

        public double spread() {
            return (Collections.max(oursByRound) - Collections.min(oursByRound)) / ours();
        }
    }

    static final double FOREIGN_LIMIT = 0.1;
    static final int TRIES = 3;

    private Comparison() {}

    /** Warms both sides up, then measures. A difference of the answers fails the benchmark. */
    public static Outcome interleaved(int warmUps, int rounds, Side ours, Side peer)
            throws Exception {
        for (int round = 0; round < warmUps; round++) {
            once(ours, peer, new ArrayList<>(), new ArrayList<>());
        }
        Outcome outcome = null;
        for (int attempt = 0; attempt < TRIES && (outcome == null || !outcome.clean()); attempt++) {
            List<Double> oursByRound = new ArrayList<>();
            List<Double> peerByRound = new ArrayList<>();
            ForeignLoad load = ForeignLoad.start();
            for (int round = 0; round < rounds; round++) {
                once(ours, peer, oursByRound, peerByRound);
            }
            outcome =
                    new Outcome(
                            oursByRound, peerByRound, load.coresUsedByOthers() <= FOREIGN_LIMIT);
        }
        return Objects.requireNonNull(outcome);
    }

    private static void once(
            Side ours, Side peer, List<Double> oursByRound, List<Double> peerByRound)
            throws Exception {
        Answer oursAnswer = new Answer();
        Answer peerAnswer = new Answer();
        oursByRound.add(ours.run(oursAnswer));
        peerByRound.add(peer.run(peerAnswer));
        if (!oursAnswer.value.equals(peerAnswer.value)) {
            throw new Benchmark.WrongAnswerException(
                    "ours answered " + oursAnswer.value + ", the peer " + peerAnswer.value);
        }
    }

    /** The middle value; the mean of the middle two if there is an even number. */
    public static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
