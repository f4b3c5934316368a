package io.garrick.query.client;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Schema;

/** Widths come from the first rows; later rows that are wider stick out. */
final class TablePrinter implements ResultPrinter {
    private static final int MEASURED_ROWS = 1000;

    private final PrintStream out;
    private final List<String> names = new ArrayList<>();
    private final List<Boolean> numeric = new ArrayList<>();
    private final List<List<String>> waiting = new ArrayList<>();
    private int[] widths = {};
    private boolean headed;

    TablePrinter(PrintStream out) {
        this.out = out;
    }

    @Override
    public void start(Schema schema) {
        schema.getFields()
                .forEach(field -> {
                    names.add(field.getName());
                    numeric.add(
                            field.getType() instanceof ArrowType.Int
                                    || field.getType() instanceof ArrowType.Decimal
                                    || field.getType() instanceof ArrowType.FloatingPoint);
                });
    }

    @Override
    public void batch(VectorSchemaRoot rows) {
        for (int row = 0; row < rows.getRowCount(); row++) {
            List<String> values = new ArrayList<>();
            for (FieldVector vector : rows.getFieldVectors()) {
                String text = Values.text(vector, row);
                values.add(text == null ? "NULL" : text);
            }
            if (headed) {
                line(values);
            } else {
                waiting.add(values);
                if (waiting.size() == MEASURED_ROWS) {
                    head();
                }
            }
        }
    }

    @Override
    public void end() {
        if (!names.isEmpty()) {
            head();
            rule();
        }
        out.flush();
    }

    private void head() {
        if (headed) {
            return;
        }
        headed = true;
        widths = names.stream().mapToInt(String::length).toArray();
        for (List<String> row : waiting) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).codePointCount(0, row.get(i).length()));
            }
        }
        rule();
        line(names);
        rule();
        waiting.forEach(this::line);
        waiting.clear();
    }

    private void rule() {
        StringBuilder text = new StringBuilder("+");
        for (int width : widths) {
            text.repeat('-', width + 2).append('+');
        }
        out.println(text);
    }

    private void line(List<String> values) {
        StringBuilder text = new StringBuilder("|");
        for (int i = 0; i < widths.length; i++) {
            String value = values.get(i);
            int padding = Math.max(0, widths[i] - value.codePointCount(0, value.length()));
            text.append(' ');
            if (numeric.get(i)) {
                text.repeat(' ', padding).append(value);
            } else {
                text.append(value).repeat(' ', padding);
            }
            text.append(" |");
        }
        out.println(text);
    }
}
