package io.garrick.mergetree.part;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The inner loops over packed blocks of {@value BitPack#BLOCK} values ({@link BitPack}), straight
 * from the mapped bytes. Two implementations give the same answers bit for bit: {@link
 * ScalarKernels}, and one on the Vector API where the JVM has the module {@code
 * jdk.incubator.vector}.
 *
 * <p>Each method is one loop over one block, without a branch that vectors cross: C2 keeps vectors
 * in registers only then. An instance from {@link #create} is for one thread.
 */
interface Kernels {
    /** The implementation on the Vector API; compiled apart, as its module may be absent. */
    String CLASS = "io.garrick.mergetree.part.VectorKernels";

    /** Words of a mask of one block. */
    int MASK_WORDS = BitPack.BLOCK / Long.SIZE;

    /** Wider offsets of a block may add up to more than 64 bits. */
    int MAX_SUM_WIDTH = Long.SIZE - 10;

    /** For people. */
    String name();

    /**
     * Writes the block's values, base included.
     *
     * @param at where the block begins in {@code page}; it has {@code BitPack.blockBytes(width)}
     */
    void unpack(MemorySegment page, long at, int width, long base, long[] out, int to);

    /** Sum of the block's offsets from the base; {@code width} is at most MAX_SUM_WIDTH. */
    long sum(MemorySegment page, long at, int width);

    /** The same over the values whose bit is set in {@code mask[word .. word + MASK_WORDS)}. */
    long sum(MemorySegment page, long at, int width, long[] mask, int word);

    /**
     * Clears the bits of {@code mask[word .. word + MASK_WORDS)} whose offset from the base is less
     * than {@code min} or greater than {@code max}, as unsigned numbers.
     */
    void keepRange(
            MemorySegment page, long at, int width, long min, long max, long[] mask, int word);

    /** The fastest that this JVM has. */
    static Kernels create() {
        Kernels vector = Vector.SHARED;
        return vector == null ? new ScalarKernels() : vector;
    }

    /** Every implementation that this JVM has, for tests and measurements. */
    static List<Kernels> available() {
        Kernels vector = Vector.SHARED;
        Kernels scalar = new ScalarKernels();
        return vector == null ? List.of(scalar) : List.of(scalar, vector);
    }

    /** The implementation on the Vector API, looked for once. */
    final class Vector {
        // It has no state, so one serves all threads.
        static final @Nullable Kernels SHARED = find();

        private Vector() {}

        private static @Nullable Kernels find() {
            if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
                return null;
            }
            try {
                return Class.forName(CLASS)
                        .asSubclass(Kernels.class)
                        .getDeclaredConstructor()
                        .newInstance();
            } catch (ReflectiveOperationException | LinkageError | ClassCastException notBuilt) {
                return null;
            }
        }
    }
}
