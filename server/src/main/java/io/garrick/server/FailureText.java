package io.garrick.server;

/**
 * One line for the user out of a failure: what was tried, then the reason at the bottom, if the
 * first does not say it.
 */
public final class FailureText {
    private FailureText() {}

    public static String of(Throwable failure) {
        String first = "";
        String last = "";
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = cause.getMessage();
            // A wrapper without words of its own repeats its cause.
            boolean repeats =
                    cause.getCause() != null && cause.getCause().toString().equals(message);
            if (message != null && !message.isBlank() && !repeats) {
                last = oneLine(message);
                first = first.isEmpty() ? last : first;
            }
            if (cause instanceof UserError) {
                return first;
            }
        }
        if (first.isEmpty()) {
            return failure.getClass().getSimpleName();
        }
        return first.contains(last) ? first : first + ": " + last;
    }

    private static String oneLine(String text) {
        return text.strip().replaceAll("\\s*[\\r\\n]+\\s*", "; ");
    }
}
