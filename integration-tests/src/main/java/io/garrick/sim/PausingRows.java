package io.garrick.sim;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.regioncache.CommittedRow;
import io.garrick.regioncache.CommittedRows;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * The column store as the region cache sees it, with a moment between its durable steps in which
 * other threads of a real process could run.
 */
final class PausingRows implements CommittedRows {
    private static final KeyRange NOTHING =
            new KeyRange(Key.wrap(new byte[] {0}), Key.wrap(new byte[] {0}));

    private final CommittedRows rows;
    private final Runnable pause;
    private final boolean withoutPurge;

    PausingRows(CommittedRows rows, Runnable pause, boolean withoutPurge) {
        this.rows = rows;
        this.pause = pause;
        this.withoutPurge = withoutPurge;
    }

    @Override
    public void append(List<CommittedRow> appended) {
        rows.append(appended);
    }

    @Override
    public boolean hasVersion(Key rawKey, long commitTs) {
        return rows.hasVersion(rawKey, commitTs);
    }

    @Override
    public void replaceRange(OpId op, KeyRange encodedRange, Iterator<CommittedRow> by) {
        pause.run();
        rows.replaceRange(op, withoutPurge ? NOTHING : encodedRange, by);
        pause.run();
    }

    @Override
    public void purgeRange(OpId op, KeyRange encodedRange) {
        pause.run();
        rows.purgeRange(op, encodedRange);
        pause.run();
    }

    @Override
    public Map<OpId, KeyRange> openOperations() {
        return rows.openOperations();
    }

    @Override
    public void closeOperation(OpId op) {
        pause.run();
        rows.closeOperation(op);
    }
}
