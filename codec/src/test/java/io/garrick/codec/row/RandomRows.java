package io.garrick.codec.row;

import io.garrick.base.Key;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.value.Durations;
import io.garrick.codec.value.JsonBinary;
import io.garrick.codec.value.JsonText;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Random column types, and values of them as {@link PlainRowDecoder} gives. */
public final class RandomRows {
    /** Every type a column may have; some stand twice because they matter more. */
    private static final int[] TYPES = {
        FieldType.TINY,
        FieldType.SHORT,
        FieldType.INT24,
        FieldType.LONG,
        FieldType.LONGLONG,
        FieldType.LONGLONG,
        FieldType.YEAR,
        FieldType.BIT,
        FieldType.FLOAT,
        FieldType.DOUBLE,
        FieldType.NEW_DECIMAL,
        FieldType.NEW_DECIMAL,
        FieldType.DATE,
        FieldType.NEW_DATE,
        FieldType.DATETIME,
        FieldType.TIMESTAMP,
        FieldType.DURATION,
        FieldType.ENUM,
        FieldType.SET,
        FieldType.JSON,
        FieldType.VECTOR_FLOAT32,
        FieldType.VARCHAR,
        FieldType.VAR_STRING,
        FieldType.STRING,
        FieldType.TINY_BLOB,
        FieldType.BLOB,
        FieldType.MEDIUM_BLOB,
        FieldType.LONG_BLOB,
        FieldType.NULL
    };

    private static final List<String> COLLATIONS =
            List.of("utf8mb4_bin", "binary", "utf8mb4_general_ci", "latin1_bin", "gbk_bin");

    private static final String ALPHABET = "aZ 09_-é€\u4e2d\ud83d\ude00\t\"\\\u0000\u2028";

    private RandomRows() {}

    static FieldType type(RandomGenerator random, long flags) {
        return typeOf(TYPES[random.nextInt(TYPES.length)], random, flags);
    }

    static FieldType typeOf(int tp, RandomGenerator random, long flags) {
        return switch (tp) {
            case FieldType.TINY,
                    FieldType.SHORT,
                    FieldType.INT24,
                    FieldType.LONG,
                    FieldType.LONGLONG ->
                    FieldType.of(
                            tp,
                            flags | (random.nextBoolean() ? FieldType.UNSIGNED_FLAG : 0),
                            11,
                            0);
            case FieldType.YEAR -> FieldType.of(tp, flags | FieldType.UNSIGNED_FLAG, 4, 0);
            case FieldType.BIT ->
                    FieldType.of(tp, flags | FieldType.UNSIGNED_FLAG, 1 + random.nextInt(64), 0);
            case FieldType.NEW_DECIMAL -> {
                int precision = 1 + random.nextInt(65);
                int scale = random.nextInt(Math.min(30, precision) + 1);
                yield FieldType.of(tp, flags, precision, scale);
            }
            case FieldType.DATETIME, FieldType.TIMESTAMP, FieldType.DURATION ->
                    FieldType.of(tp, flags, 26, random.nextInt(7));
            case FieldType.ENUM, FieldType.SET -> FieldType.members(tp, flags, members(tp, random));
            case FieldType.VARCHAR,
                    FieldType.VAR_STRING,
                    FieldType.STRING,
                    FieldType.TINY_BLOB,
                    FieldType.BLOB,
                    FieldType.MEDIUM_BLOB,
                    FieldType.LONG_BLOB -> {
                String collation = COLLATIONS.get(random.nextInt(COLLATIONS.size()));
                yield FieldType.text(tp, flags, 1 + random.nextInt(40), collation);
            }
            default -> FieldType.of(tp, flags, -1, -1);
        };
    }

    private static List<String> members(int tp, RandomGenerator random) {
        List<String> members = new ArrayList<>();
        int count = 1 + random.nextInt(tp == FieldType.SET ? 64 : 300);
        for (int i = 0; i < count; i++) {
            members.add("m" + i);
        }
        return members;
    }

    /** Never null. */
    static Object value(FieldType type, RandomGenerator random) {
        return switch (type.tp()) {
            case FieldType.TINY -> whole(type, random, 8);
            case FieldType.NULL -> (Object) (long) (byte) random.nextInt(256);
            case FieldType.SHORT -> whole(type, random, 16);
            case FieldType.INT24 -> whole(type, random, 24);
            case FieldType.LONG -> whole(type, random, 32);
            case FieldType.LONGLONG ->
                    type.isUnsigned() ? unsigned(bits(random, 64)) : (Object) bits(random, 64);
            case FieldType.YEAR ->
                    (Object) (random.nextInt(9) == 0 ? 0L : 1901L + random.nextInt(255));
            case FieldType.BIT -> unsigned(bits(random, 64) >>> (64 - type.length()));
            case FieldType.FLOAT -> (Object) Float.valueOf((float) real(random));
            case FieldType.DOUBLE -> (Object) real(random);
            case FieldType.NEW_DECIMAL -> decimal(type, random);
            case FieldType.DATE, FieldType.NEW_DATE -> date(random);
            case FieldType.DATETIME, FieldType.TIMESTAMP ->
                    date(random)
                            .atTime(
                                    random.nextInt(24),
                                    random.nextInt(60),
                                    random.nextInt(60),
                                    random.nextInt(1_000_000) * 1000);
            case FieldType.DURATION ->
                    Duration.ofNanos(1000 * (random.nextLong() % 3_020_399_000_000L));
            case FieldType.ENUM -> type.elems().get(random.nextInt(type.elems().size()));
            case FieldType.SET -> set(type, random);
            case FieldType.JSON ->
                    JsonText.of(JsonBinary.encode(JsonBinary.parseText(json(random, 3))));
            case FieldType.VECTOR_FLOAT32 -> vector(random);
            default -> string(type, random);
        };
    }

    private static long whole(FieldType type, RandomGenerator random, int width) {
        long value = bits(random, width);
        return type.isUnsigned()
                ? value & ((1L << width) - 1)
                : value << (64 - width) >> (64 - width);
    }

    /** Small numbers and the ends of the range as often as others. */
    private static long bits(RandomGenerator random, int width) {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(256) - 128;
            case 1 -> (1L << (width - 1)) - random.nextInt(2);
            default -> random.nextLong() >> random.nextInt(64);
        };
    }

    private static BigInteger unsigned(long bits) {
        return new BigInteger(Long.toUnsignedString(bits));
    }

    /** TiDB stores no NaN, and no sign of zero. */
    private static double real(RandomGenerator random) {
        if (random.nextInt(3) > 0) {
            return random.nextInt(2_000_001) / 1000.0 - 1000 + 0.0;
        }
        float value = Float.intBitsToFloat(random.nextInt());
        return Float.isFinite(value) && value != 0 ? value : 0;
    }

    private static BigDecimal decimal(FieldType type, RandomGenerator random) {
        int digits = random.nextInt(ArrowTypes.precision(type) + 1);
        StringBuilder text = new StringBuilder("0");
        for (int i = 0; i < digits; i++) {
            text.append((char) ('0' + (random.nextInt(4) == 0 ? 9 : random.nextInt(10))));
        }
        BigInteger unscaled = new BigInteger(text.toString());
        return new BigDecimal(
                random.nextBoolean() ? unscaled.negate() : unscaled, ArrowTypes.scale(type));
    }

    private static LocalDate date(RandomGenerator random) {
        return LocalDate.of(random.nextInt(10_000), 1 + random.nextInt(12), 1)
                .plusDays(random.nextInt(28));
    }

    private static String set(FieldType type, RandomGenerator random) {
        List<String> members = new ArrayList<>();
        for (String member : type.elems()) {
            if (random.nextInt(3) == 0) {
                members.add(member);
            }
        }
        return String.join(",", members);
    }

    private static String json(RandomGenerator random, int depth) {
        int kind = random.nextInt(depth > 0 ? 8 : 6);
        StringBuilder out = new StringBuilder();
        switch (kind) {
            case 0 -> out.append("null");
            case 1 -> out.append(random.nextBoolean());
            case 2 -> out.append(bits(random, 64));
            case 3 -> out.append(unsigned(bits(random, 64)));
            case 4 -> out.append(JsonText.number(real(random)));
            case 5 ->
                    out.append(
                            JsonText.of(
                                    JsonBinary.encode(
                                            com.fasterxml.jackson.databind.node.TextNode.valueOf(
                                                    text(random, 12)))));
            case 6 -> {
                out.append('[');
                for (int left = random.nextInt(5); left > 0; left--) {
                    out.append(json(random, depth - 1)).append(left > 1 ? "," : "");
                }
                out.append(']');
            }
            default -> {
                out.append('{');
                for (int left = random.nextInt(5); left > 0; left--) {
                    out.append("\"k").append(random.nextInt(20)).append("\":");
                    out.append(json(random, depth - 1)).append(left > 1 ? "," : "");
                }
                out.append('}');
            }
        }
        return out.toString();
    }

    private static List<Float> vector(RandomGenerator random) {
        List<Float> out = new ArrayList<>();
        for (int left = random.nextInt(6); left > 0; left--) {
            out.add((float) real(random));
        }
        return out;
    }

    private static Object string(FieldType type, RandomGenerator random) {
        if (type.isBinaryString()) {
            return Key.wrap(DefaultValues.padded(type, bytes(random, type.length())));
        }
        String text = text(random, type.length());
        // TiDB trims CHAR on write; in a clustered key the blanks could not come back.
        return type.tp() == FieldType.STRING ? text.replaceFirst(" +$", "") : text;
    }

    private static String text(RandomGenerator random, int most) {
        int[] points = ALPHABET.codePoints().toArray();
        StringBuilder out = new StringBuilder();
        for (int left = random.nextInt(most + 1); left > 0; left--) {
            out.appendCodePoint(points[random.nextInt(points.length)]);
        }
        return out.toString();
    }

    private static byte[] bytes(RandomGenerator random, int most) {
        byte[] out = new byte[random.nextInt(most + 1)];
        for (int i = 0; i < out.length; i++) {
            out[i] = (byte) random.nextInt(256);
        }
        return out;
    }

    /** A column default in the words of TiDB's documents; sometimes nonsense. */
    static ColumnSchema withOriginDefault(ColumnSchema column, RandomGenerator random) {
        FieldType type = column.type();
        Object value = value(type, random);
        if (random.nextInt(12) == 0) {
            return column.withOriginDefault(text(random, 6));
        }
        String text =
                switch (value) {
                    case LocalDateTime time -> time.toString().replace('T', ' ');
                    case Duration duration -> Durations.text(duration.toNanos(), 6);
                    case BigDecimal digits -> digits.toPlainString();
                    case List<?> _ -> "";
                    case Key bytes -> bytes.toString();
                    default -> value.toString();
                };
        return column.withOriginDefault(text);
    }

    /** As {@link RowEncoder} takes it. */
    static @Nullable Object forEncoder(@Nullable Object value) {
        if (value instanceof List<?> floats) {
            float[] out = new float[floats.size()];
            for (int i = 0; i < out.length; i++) {
                out[i] = (Float) floats.get(i);
            }
            return out;
        }
        return value;
    }

    /** A row value in which some bytes were changed, moved or cut. */
    static byte[] damaged(byte[] row, RandomGenerator random) {
        byte[] out = row.clone();
        for (int left = 1 + random.nextInt(3); left > 0 && out.length > 0; left--) {
            int at = random.nextInt(Math.min(out.length, 64));
            switch (random.nextInt(4)) {
                case 0 -> out[at] = (byte) random.nextInt(256);
                case 1 -> out[at] ^= (byte) (1 << random.nextInt(8));
                case 2 -> out = Arrays.copyOf(out, random.nextInt(out.length + 1));
                default -> out[out.length - 1 - random.nextInt(out.length)]++;
            }
        }
        return out;
    }
}
