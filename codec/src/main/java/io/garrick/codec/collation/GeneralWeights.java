package io.garrick.codec.collation;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.garrick.codec.ByteWriter;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;

/**
 * utf8mb4_general_ci: one weight of two bytes per character, its upper-case base letter in some
 * planes, itself in the others. The table is written by {@code tools/general_ci.py}.
 */
final class GeneralWeights implements Weights {
    private static final int BEYOND = 0xfffd;

    private final char[] weights = new char[0x10000];

    private GeneralWeights() {
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (char) i;
        }
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(UcaWeights.resource("general_ci.txt"), US_ASCII))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.startsWith("#")) {
                    int code = Integer.parseInt(line, 0, 4, 16);
                    weights[code] = (char) Integer.parseInt(line, 5, 9, 16);
                }
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    static GeneralWeights load() {
        return Holder.INSTANCE;
    }

    @Override
    public void append(int codePoint, ByteWriter out) {
        out.u16Be(codePoint < weights.length ? weights[codePoint] : BEYOND);
    }

    /** The table is read when it is first asked for. */
    private static final class Holder {
        private static final GeneralWeights INSTANCE = new GeneralWeights();
    }
}
