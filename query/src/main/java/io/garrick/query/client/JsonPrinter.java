package io.garrick.query.client;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Schema;

/** One JSON object per row and line. */
final class JsonPrinter implements ResultPrinter {
    private final PrintStream out;

    JsonPrinter(PrintStream out) {
        this.out = out;
    }

    @Override
    public void start(Schema schema) {}

    @Override
    public void batch(VectorSchemaRoot rows) {
        for (int row = 0; row < rows.getRowCount(); row++) {
            List<String> members = new ArrayList<>();
            for (FieldVector vector : rows.getFieldVectors()) {
                members.add(quoted(vector.getName()) + ":" + value(vector, row));
            }
            out.println("{" + String.join(",", members) + "}");
        }
    }

    @Override
    public void end() {
        out.flush();
    }

    private static String value(FieldVector vector, int row) {
        String text = Values.text(vector, row);
        if (text == null) {
            return "null";
        }
        boolean bare =
                vector instanceof BitVector
                        || vector instanceof DecimalVector
                        || vector.getField().getType() instanceof ArrowType.Int
                        || (vector instanceof Float4Vector floats
                                && Float.isFinite(floats.get(row)))
                        || (vector instanceof Float8Vector doubles
                                && Double.isFinite(doubles.get(row)));
        return bare ? text : quoted(text);
    }

    /** A JSON string (RFC 8259, section 7). */
    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default -> {
                    if (c < ' ') {
                        json.append(String.format("\\u%04x", (int) c));
                    } else {
                        json.append(c);
                    }
                }
            }
        }
        return json.append('"').toString();
    }
}
