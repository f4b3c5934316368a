package io.garrick.regioncache;

import io.garrick.base.Key;
import io.garrick.codec.record.LockRecord;

/** A lock that a read at some ts must not pass. {@code rawKey} is the TiDB key. */
public record BlockingLock(Key rawKey, LockRecord.Single lock) {}
