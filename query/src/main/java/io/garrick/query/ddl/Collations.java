package io.garrick.query.ddl;

import java.util.Set;

/** The collations TiDB has (TiDB, pkg/util/collate). */
final class Collations {
    static final Set<String> KNOWN =
            Set.of(
                    "binary",
                    "ascii_bin",
                    "latin1_bin",
                    "utf8_bin",
                    "utf8_general_ci",
                    "utf8_unicode_ci",
                    "utf8mb4_bin",
                    "utf8mb4_general_ci",
                    "utf8mb4_unicode_ci",
                    "utf8mb4_0900_ai_ci",
                    "utf8mb4_0900_bin",
                    "gbk_bin",
                    "gbk_chinese_ci",
                    "gb18030_bin",
                    "gb18030_chinese_ci");

    private Collations() {}
}
