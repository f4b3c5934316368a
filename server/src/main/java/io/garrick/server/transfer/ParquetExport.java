package io.garrick.server.transfer;

import io.garrick.query.client.ResultPrinter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/** Takes the batches of a result and writes them as Parquet files of bounded size. One thread. */
public final class ParquetExport implements ResultPrinter, AutoCloseable {
    private static final long ROWS_PER_FILE = 1_000_000;

    private final Path directory;
    private final String table;
    private final LongConsumer progress;
    private final List<ExportManifest.DataFile> files = new ArrayList<>();
    private @Nullable MessageType shape;
    private @Nullable ParquetWriter<Group> writer;
    private Path file;
    private long rowsOfFile;
    private long rows;

    /**
     * Writes below an existing directory.
     *
     * @param progress is told the rows written so far, batch by batch
     */
    public ParquetExport(Path directory, String table, LongConsumer progress) {
        this.directory = directory;
        this.file = directory;
        this.table = table;
        this.progress = progress;
    }

    List<ExportManifest.DataFile> files() {
        return List.copyOf(files);
    }

    long rowCount() {
        return rows;
    }

    @Override
    public void start(Schema schema) {
        shape = ParquetShape.of(schema, table);
    }

    @Override
    public void batch(VectorSchemaRoot batch) {
        MessageType type = Objects.requireNonNull(shape);
        List<FieldVector> vectors = batch.getFieldVectors();
        try {
            for (int row = 0; row < batch.getRowCount(); row++) {
                SimpleGroup group = new SimpleGroup(type);
                for (int column = 0; column < vectors.size(); column++) {
                    ParquetShape.add(vectors.get(column), row, group, column);
                }
                write(group, type);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        progress.accept(rows);
    }

    private void write(Group group, MessageType type) throws IOException {
        ParquetWriter<Group> open = writer;
        if (open == null) {
            file = directory.resolve("data-" + files.size() + ".parquet");
            open =
                    ExampleParquetWriter.builder(new LocalOutputFile(file))
                            .withConf(new PlainParquetConfiguration())
                            .withType(type)
                            .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
                            .build();
            writer = open;
        }
        open.write(group);
        rows++;
        if (++rowsOfFile == ROWS_PER_FILE) {
            finishFile();
        }
    }

    private void finishFile() throws IOException {
        if (writer != null) {
            writer.close();
            writer = null;
            files.add(ExportManifest.DataFile.of(file, rowsOfFile));
            rowsOfFile = 0;
        }
    }

    @Override
    public void end() {
        try {
            finishFile();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        if (writer != null) {
            writer.close(); // a file that no manifest names
        }
    }
}
