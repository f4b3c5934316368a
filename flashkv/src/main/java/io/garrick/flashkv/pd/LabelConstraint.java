package io.garrick.flashkv.pd;

import java.util.List;
import java.util.Map;

/**
 * One condition on a store's labels (tikv/pd {@code pkg/schedule/placement/label_constraint.go}).
 *
 * @param values for {@code IN} and {@code NOT_IN}
 */
record LabelConstraint(String key, Op op, List<String> values) {
    enum Op {
        IN("in"),
        NOT_IN("notIn"),
        EXISTS("exists"),
        NOT_EXISTS("notExists");

        private final String text;

        Op(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }

        static Op of(String text) {
            for (Op op : values()) {
                if (op.text.equals(text)) {
                    return op;
                }
            }
            throw new IllegalArgumentException("unknown label constraint op " + text);
        }
    }

    LabelConstraint {
        values = List.copyOf(values);
    }

    private boolean holds(Map<String, String> labels) {
        String value = labels.getOrDefault(key, "");
        return switch (op) {
            case IN -> !value.isEmpty() && values.contains(value);
            case NOT_IN -> !values.contains(value);
            case EXISTS -> !value.isEmpty();
            case NOT_EXISTS -> value.isEmpty();
        };
    }

    /**
     * Whether a store may hold a peer for these constraints. A store with an exclusive label is
     * only for those who ask for that label: so voters never land on {@code engine=tiflash}.
     */
    static boolean match(Map<String, String> labels, List<LabelConstraint> constraints) {
        for (String label : labels.keySet()) {
            if (isExclusive(label)
                    && constraints.stream().noneMatch(constraint -> constraint.key.equals(label))) {
                return false;
            }
        }
        return constraints.stream().allMatch(constraint -> constraint.holds(labels));
    }

    private static boolean isExclusive(String label) {
        return label.equals("engine") || label.equals("exclusive") || label.startsWith("$");
    }
}
