package io.garrick.bench;

/** One measurement that a user can run by its name. */
public interface Benchmark {

    /** The word after {@code ./dev bench}. */
    String name();

    /** One line for the list: what is measured, in which unit, against whom. */
    String summary();

    /**
     * Measures, and checks that both sides gave the same answer.
     *
     * @throws WrongAnswerException if they did not
     */
    Report run(Settings settings) throws Exception;

    /**
     * What the command line asked for.
     *
     * @param scale how much data, in a unit of the benchmark's own; 0 asks for its default
     * @param rounds measured rounds of each side
     * @param threads threads of each side; 0 asks for the benchmark's default
     * @param command the command line that repeats this run
     */
    record Settings(double scale, int rounds, int threads, String command) {

        public double scaleOr(double standard) {
            return scale > 0 ? scale : standard;
        }

        public int threadsOr(int standard) {
            return threads > 0 ? threads : standard;
        }
    }

    /** Ours and the peer disagree, or one of them disagrees with what was written. */
    final class WrongAnswerException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public WrongAnswerException(String message) {
            super(message);
        }
    }
}
