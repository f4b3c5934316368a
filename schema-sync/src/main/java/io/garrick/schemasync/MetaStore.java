package io.garrick.schemasync;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvEntry;
import io.garrick.kv.KvSnapshot;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.BiConsumer;

/** Where meta keys are read: the cluster, or a simulated twin in tests and benchmarks. */
public interface MetaStore {
    Timestamp now();

    Reader at(Timestamp ts);

    /** Raw keys as of one timestamp. */
    interface Reader {
        Optional<byte[]> get(Key key);

        void scan(KeyRange range, BiConsumer<Key, byte[]> entries);
    }

    static MetaStore of(KvClient kv) {
        return new MetaStore() {
            @Override
            public Timestamp now() {
                return kv.pd().timestamp();
            }

            @Override
            public Reader at(Timestamp ts) {
                KvSnapshot snapshot = kv.snapshot(ts);
                return new Reader() {
                    @Override
                    public Optional<byte[]> get(Key key) {
                        return snapshot.get(key);
                    }

                    @Override
                    public void scan(KeyRange range, BiConsumer<Key, byte[]> entries) {
                        for (Iterator<KvEntry> i = snapshot.scan(range); i.hasNext(); ) {
                            KvEntry entry = i.next();
                            entries.accept(entry.key(), entry.value());
                        }
                    }
                };
            }
        };
    }
}
