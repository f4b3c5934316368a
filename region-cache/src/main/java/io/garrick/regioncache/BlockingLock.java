package io.garrick.regioncache;

import io.garrick.codec.record.LockRecord;

/** A lock that a read at some ts must not pass. {@code rawKey} is the TiDB key. */
public record BlockingLock(byte[] rawKey, LockRecord.Single lock) {}
