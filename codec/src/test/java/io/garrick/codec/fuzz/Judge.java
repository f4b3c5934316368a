package io.garrick.codec.fuzz;

import com.sun.management.ThreadMXBean;
import io.garrick.codec.CodecException;
import io.garrick.codec.SchemaMismatchException;
import io.garrick.codec.collation.UnsupportedCollationException;
import java.lang.management.ManagementFactory;
import java.util.Optional;

/**
 * Decides whether one execution is a finding: an error that is not typed, or more memory than the
 * input can account for.
 */
final class Judge {
    /** A run costs this much whatever the input: tables of a random schema, vectors, messages. */
    private static final long FIXED_BYTES = 16 << 20;

    /** Objects for every byte: a JSON array of literals has a node for each five bytes. */
    private static final long BYTES_PER_INPUT_BYTE = 2_000;

    private static final String ALLOCATION = "allocation";
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /**
     * What a run came to.
     *
     * @param shape equal for inputs that took the same way out; for the mutator to prefer new ones
     */
    record Verdict(String shape, Optional<Throwable> finding) {}

    private Judge() {}

    /** Too much memory counts only if a second run needs it too: the first may load classes. */
    static Verdict run(Fuzzer fuzzer, byte[] input) {
        Verdict verdict = runOnce(fuzzer, input);
        return verdict.shape().equals(ALLOCATION) ? runOnce(fuzzer, input) : verdict;
    }

    private static Verdict runOnce(Fuzzer fuzzer, byte[] input) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        Verdict verdict = outcome(fuzzer, input);
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        if (verdict.finding().isEmpty()
                && allocated > FIXED_BYTES + BYTES_PER_INPUT_BYTE * input.length) {
            String complaint = allocated + " bytes allocated for an input of " + input.length;
            return new Verdict(ALLOCATION, Optional.of(new AssertionError(complaint)));
        }
        return verdict;
    }

    private static Verdict outcome(Fuzzer fuzzer, byte[] input) {
        try {
            fuzzer.run(input);
            return new Verdict("value", Optional.empty());
        } catch (CodecException typed) {
            return new Verdict(shape(typed.reason()), Optional.empty());
        } catch (SchemaMismatchException | UnsupportedCollationException typed) {
            return new Verdict(shape(String.valueOf(typed.getMessage())), Optional.empty());
        } catch (Throwable finding) {
            return new Verdict(finding.getClass().getName(), Optional.of(finding));
        }
    }

    private static String shape(String message) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < Math.min(message.length(), 60); i++) {
            char c = message.charAt(i);
            if (c < '0' || c > '9') {
                out.append(c);
            }
        }
        return out.toString();
    }
}
