package io.garrick.flashkv.kv;

import com.google.protobuf.ByteString;

/** One change of a replicated write. Keys are encoded, with a ts where the family has one. */
public sealed interface Modify {
    Cf cf();

    ByteString key();

    record Put(Cf cf, ByteString key, ByteString value) implements Modify {}

    record Delete(Cf cf, ByteString key) implements Modify {}

    /** From {@code key} to {@code end}, excluded. Both lie within the region. */
    record DeleteRange(Cf cf, ByteString key, ByteString end) implements Modify {}
}
