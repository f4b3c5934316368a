package io.garrick.bench.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.LongUnaryOperator;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV2;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.column.values.delta.DeltaBinaryPackingValuesReader;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Types;

/**
 * The peer: one required int64 column in a Parquet file, DELTA_BINARY_PACKED, no codec, read page
 * by page with parquet-java's own value reader. No record assembly and no levels are in the way:
 * this is the fastest path that library has.
 */
final class ParquetColumn {
    private static final MessageType SCHEMA =
            Types.buildMessage()
                    .required(PrimitiveType.PrimitiveTypeName.INT64)
                    .named("v")
                    .named("t");

    // The Hadoop configuration that is the default would want more of Hadoop.
    private static final ParquetReadOptions OPTIONS =
            ParquetReadOptions.builder(new PlainParquetConfiguration()).build();

    private final Path file;

    private ParquetColumn(Path file) {
        this.file = file;
    }

    static ParquetColumn write(Path file, long rowCount, LongUnaryOperator values)
            throws IOException {
        try (ParquetWriter<Group> writer =
                ExampleParquetWriter.builder(new LocalOutputFile(file))
                        .withConf(new PlainParquetConfiguration())
                        .withType(SCHEMA)
                        .withWriterVersion(ParquetProperties.WriterVersion.PARQUET_2_0)
                        .withDictionaryEncoding(false)
                        .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
                        .build()) {
            for (long row = 0; row < rowCount; row++) {
                SimpleGroup group = new SimpleGroup(SCHEMA);
                group.add(0, values.applyAsLong(row));
                writer.write(group);
            }
        }
        return new ParquetColumn(file);
    }

    long sum() throws IOException {
        ColumnDescriptor column = SCHEMA.getColumns().getFirst();
        long sum = 0;
        try (ParquetFileReader reader = ParquetFileReader.open(new LocalInputFile(file), OPTIONS)) {
            PageReadStore rowGroup;
            while ((rowGroup = reader.readNextRowGroup()) != null) {
                PageReader pages = rowGroup.getPageReader(column);
                DataPage page;
                while ((page = pages.readPage()) != null) {
                    sum += sum((DataPageV2) page);
                }
            }
        }
        return sum;
    }

    private static long sum(DataPageV2 page) throws IOException {
        DeltaBinaryPackingValuesReader values = new DeltaBinaryPackingValuesReader();
        values.initFromPage(page.getValueCount(), page.getData().toInputStream());
        long sum = 0;
        for (int i = page.getValueCount(); i > 0; i--) {
            sum += values.readLong();
        }
        return sum;
    }
}
