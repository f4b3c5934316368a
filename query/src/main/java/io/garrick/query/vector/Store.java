package io.garrick.query.vector;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.SmallIntVector;
import org.apache.arrow.vector.TimeStampMicroVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.calcite.sql.type.SqlTypeName;

/** Writes longs as values of the vector's type. */
final class Store {
    private Store() {}

    static void set(FieldVector out, int row, long value) {
        switch (out) {
            case TinyIntVector to -> to.setSafe(row, (int) value);
            case SmallIntVector to -> to.setSafe(row, (int) value);
            case IntVector to -> to.setSafe(row, (int) value);
            case BigIntVector to -> to.setSafe(row, value);
            case DateDayVector to -> to.setSafe(row, (int) value);
            case TimeStampMicroVector to -> to.setSafe(row, value);
            case DecimalVector to ->
                    to.setSafe(row, new BigDecimal(BigInteger.valueOf(value), to.getScale()));
            default -> throw new IllegalStateException("cannot write to " + out.getField());
        }
    }

    /** Whether {@link #set} can write the SQL types whose vectors are made so. */
    static boolean canWrite(SqlTypeName type) {
        return switch (type) {
            case TINYINT, SMALLINT, INTEGER, BIGINT, DATE, TIMESTAMP, DECIMAL -> true;
            default -> false;
        };
    }
}
