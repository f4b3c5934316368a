package io.garrick.codec.collation;

import java.util.Locale;

/**
 * An order of strings, given as UTF-8 bytes. Stateless; threads may share it.
 *
 * <p>Names and algorithms are TiDB's with the new collation framework on (TiDB, pkg/util/collate).
 * {@code gbk_chinese_ci} and {@code gb18030_chinese_ci} order Chinese characters by a table of
 * MySQL's that is not public data: strings with such characters end in {@link
 * UnsupportedCollationException}.
 */
public sealed interface Collation permits ByteCollation, WeightCollation {
    /** Unsigned bytes that compare as the strings do. */
    byte[] sortKey(byte[] utf8);

    /** Below, equal to or above zero: -1, 0 or 1. */
    int compare(byte[] left, byte[] right);

    /** By TiDB's name, with the new collation framework on. */
    static Collation of(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "binary", "utf8mb4_0900_bin" -> ByteCollation.EXACT;
            case "utf8mb4_bin", "utf8_bin", "utf8mb3_bin", "latin1_bin", "ascii_bin" ->
                    ByteCollation.PADDED;
            case "utf8mb4_general_ci", "utf8_general_ci", "utf8mb3_general_ci" ->
                    WeightCollation.padded(GeneralWeights.load());
            case "utf8mb4_unicode_ci", "utf8_unicode_ci", "utf8mb3_unicode_ci" ->
                    WeightCollation.padded(UcaWeights.of(UcaWeights.Version.V400));
            case "utf8mb4_0900_ai_ci" ->
                    WeightCollation.exact(UcaWeights.of(UcaWeights.Version.V900));
            case "gbk_bin" -> WeightCollation.lenient(GbWeights.GBK_BIN);
            case "gbk_chinese_ci" -> WeightCollation.padded(GbWeights.GBK_CHINESE_CI);
            case "gb18030_bin" -> WeightCollation.lenient(GbWeights.GB18030_BIN);
            case "gb18030_chinese_ci" -> WeightCollation.padded(GbWeights.GB18030_CHINESE_CI);
            default -> throw new UnsupportedCollationException(name);
        };
    }

    /** With the framework off every collation compares bytes. */
    static Collation of(String name, boolean newCollation) {
        return newCollation ? of(name) : ByteCollation.EXACT;
    }
}
