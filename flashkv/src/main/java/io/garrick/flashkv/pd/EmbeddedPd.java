package io.garrick.flashkv.pd;

import io.garrick.proto.pd.Member;
import java.util.Optional;

/**
 * How this PD tells that it is the embedded one: a client that may write only to an embedded
 * cluster must not have to be told by a flag, which could be wrong.
 */
public final class EmbeddedPd {
    /** In place of the commit that PD was built from. */
    static final String GIT_HASH = "garrick-flashkv";

    private EmbeddedPd() {}

    /** {@code host:port} of the HTTP API if the member is an embedded PD, else empty. */
    public static Optional<String> httpAddress(Member member) {
        return member.getGitHash().equals(GIT_HASH)
                ? Optional.of(member.getDeployPath().replaceFirst("^http://", ""))
                : Optional.empty();
    }
}
