package io.garrick.mergetree.part;

import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * How one column is stored.
 *
 * @param id TiDB column id, or one of {@link HiddenColumns}
 * @param field the Arrow type that readers get
 * @param order what zone maps compare by
 */
public record PartColumn(long id, Field field, Kind kind, Order order) {
    /** Form of the values in a {@link ColumnPage}. */
    public enum Kind {
        /** Integers, dates, raw bits of floats, decimals of at most 18 digits. */
        LONG,
        /** Decimals of 19 to 38 digits. */
        LONG_PAIR,
        BYTES
    }

    /** Order of the zone maps. */
    public enum Order {
        NONE,
        SIGNED,
        UNSIGNED,
        /** The longs are bits of doubles. */
        DOUBLE,
        BYTES
    }

    private static final int LONG_DECIMAL_DIGITS = 18;
    private static final Field LONG_FIELD =
            Field.notNullable("hidden", new ArrowType.Int(Long.SIZE, true));
    private static final Field BYTES_FIELD = Field.notNullable("hidden", ArrowType.Binary.INSTANCE);

    public static PartColumn of(long id, Field field) {
        return switch (field.getType()) {
            case ArrowType.Int type ->
                    new PartColumn(
                            id,
                            field,
                            Kind.LONG,
                            type.getIsSigned() ? Order.SIGNED : Order.UNSIGNED);
            case ArrowType.Bool _ -> new PartColumn(id, field, Kind.LONG, Order.SIGNED);
            case ArrowType.Date _, ArrowType.Timestamp _, ArrowType.Duration _, ArrowType.Time _ ->
                    new PartColumn(id, field, Kind.LONG, Order.SIGNED);
            case ArrowType.FloatingPoint type
                    when type.getPrecision() != FloatingPointPrecision.HALF ->
                    // Bits of a float are widened to a double's, so that one order serves both.
                    new PartColumn(id, field, Kind.LONG, Order.DOUBLE);
            case ArrowType.Decimal type when type.getPrecision() <= LONG_DECIMAL_DIGITS ->
                    new PartColumn(id, field, Kind.LONG, Order.SIGNED);
            case ArrowType.Decimal type when type.getBitWidth() == 128 ->
                    new PartColumn(id, field, Kind.LONG_PAIR, Order.NONE);
            case ArrowType.Decimal _, ArrowType.FixedSizeBinary _ ->
                    new PartColumn(id, field, Kind.BYTES, Order.NONE);
            case ArrowType.Utf8 _, ArrowType.Binary _ ->
                    new PartColumn(id, field, Kind.BYTES, Order.BYTES);
            // Lists of floats, as the bytes of the floats.
            case ArrowType.List _ -> new PartColumn(id, field, Kind.BYTES, Order.NONE);
            default -> throw new IllegalArgumentException("no storage for Arrow type " + field);
        };
    }

    public static PartColumn hiddenLong(long id) {
        return new PartColumn(id, LONG_FIELD, Kind.LONG, Order.SIGNED);
    }

    public static PartColumn hiddenBytes(long id) {
        return new PartColumn(id, BYTES_FIELD, Kind.BYTES, Order.BYTES);
    }

    public boolean hidden() {
        return id <= HiddenColumns.HANDLE;
    }
}
