package io.garrick.server;

import org.jspecify.annotations.Nullable;

/** One line for the user out of a failure: the innermost message that says something. */
public final class FailureText {
    private FailureText() {}

    public static String of(Throwable failure) {
        if (failure instanceof UserError) {
            return oneLine(failure.getMessage());
        }
        @Nullable String text = null;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null && !cause.getMessage().isBlank()) {
                text = cause.getMessage();
            }
        }
        String line = oneLine(text);
        return line.isEmpty() ? failure.getClass().getSimpleName() : line;
    }

    private static String oneLine(@Nullable String text) {
        return text == null ? "" : text.strip().replaceAll("\\s*[\\r\\n]+\\s*", "; ");
    }
}
