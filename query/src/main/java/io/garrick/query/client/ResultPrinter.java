package io.garrick.query.client;

import java.io.PrintStream;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/** Prints the rows of one statement: {@link #start}, batches, {@link #end}. */
public interface ResultPrinter {
    /** How rows are printed. */
    enum Format {
        /** A box drawn with lines, as MySQL's client draws it. */
        TABLE,
        /** RFC 4180 with a heading; NULL is an empty field. */
        CSV,
        /** One object per line. */
        JSON
    }

    static ResultPrinter of(Format format, PrintStream out) {
        return switch (format) {
            case TABLE -> new TablePrinter(out);
            case CSV -> new CsvPrinter(out);
            case JSON -> new JsonPrinter(out);
        };
    }

    void start(Schema schema);

    void batch(VectorSchemaRoot rows);

    void end();
}
