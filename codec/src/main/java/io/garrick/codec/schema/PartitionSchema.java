package io.garrick.codec.schema;

import java.util.List;

/**
 * How a table is split into physical tables.
 *
 * @param type TiDB's number: 1 range, 2 hash, 3 list
 * @param definitions the partitions a reader sees
 * @param adding partitions on their way in: data may already arrive for them
 * @param dropping partitions on their way out: data may still arrive for them
 */
public record PartitionSchema(
        int type,
        String expression,
        List<String> columns,
        boolean enabled,
        List<Definition> definitions,
        List<Definition> adding,
        List<Definition> dropping) {
    /**
     * One partition.
     *
     * @param id the physical table id
     */
    public record Definition(
            long id, String name, List<String> lessThan, List<List<String>> inValues) {
        public Definition {
            lessThan = List.copyOf(lessThan);
            inValues = inValues.stream().map(List::copyOf).toList();
        }
    }

    public PartitionSchema {
        columns = List.copyOf(columns);
        definitions = List.copyOf(definitions);
        adding = List.copyOf(adding);
        dropping = List.copyOf(dropping);
    }
}
