package io.garrick.query.sql;

import java.util.Locale;
import java.util.regex.Pattern;

/** A LIKE pattern over names, without case. */
public final class Like {
    private Like() {}

    public static boolean matches(String name, String pattern) {
        StringBuilder regex = new StringBuilder();
        String lower = pattern.toLowerCase(Locale.ROOT);
        for (int i = 0; i < lower.length(); i++) {
            char c = lower.charAt(i);
            if (c == '\\' && i + 1 < lower.length()) {
                i++;
                regex.append(Pattern.quote(String.valueOf(lower.charAt(i))));
            } else if (c == '%') {
                regex.append(".*");
            } else if (c == '_') {
                regex.append('.');
            } else {
                regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        return Pattern.compile(regex.toString(), Pattern.DOTALL)
                .matcher(name.toLowerCase(Locale.ROOT))
                .matches();
    }
}
