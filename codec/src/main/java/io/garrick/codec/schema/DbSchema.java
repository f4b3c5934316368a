package io.garrick.codec.schema;

/** A database. */
public record DbSchema(long id, String name, String charset, String collate, SchemaState state) {}
