package io.garrick.query.write;

/** A table by its database's name and its own. */
public record TableName(String database, String table) {
    @Override
    public String toString() {
        return database + "." + table;
    }
}
