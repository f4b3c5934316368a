package io.garrick.raft.quorum;

/**
 * The last index a quorum has.
 *
 * @param groupsAgree whether voters of at least two commit groups were part of it (raft-rs' group
 *     commit)
 */
public record CommitPoint(long index, boolean groupsAgree) {
    /**
     * What an empty set of voters commits: everything, so that it never holds back the other half.
     */
    public static final long EVERYTHING = Long.MAX_VALUE;
}
