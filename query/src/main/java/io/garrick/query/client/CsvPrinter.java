package io.garrick.query.client;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/** Comma-separated values (RFC 4180). */
final class CsvPrinter implements ResultPrinter {
    private final PrintStream out;

    CsvPrinter(PrintStream out) {
        this.out = out;
    }

    @Override
    public void start(Schema schema) {
        if (!schema.getFields().isEmpty()) {
            line(schema.getFields().stream().map(field -> quoted(field.getName())).toList());
        }
    }

    @Override
    public void batch(VectorSchemaRoot rows) {
        for (int row = 0; row < rows.getRowCount(); row++) {
            List<String> values = new ArrayList<>();
            for (FieldVector vector : rows.getFieldVectors()) {
                String text = Values.text(vector, row);
                values.add(text == null ? "" : quoted(text));
            }
            line(values);
        }
    }

    @Override
    public void end() {
        out.flush();
    }

    private void line(List<String> values) {
        out.print(String.join(",", values) + "\r\n");
    }

    /** An empty text is quoted: an empty field is NULL. */
    private static String quoted(String text) {
        boolean plain = !text.isEmpty() && text.chars().noneMatch(c -> ",\"\r\n".indexOf(c) >= 0);
        return plain ? text : "\"" + text.replace("\"", "\"\"") + "\"";
    }
}
