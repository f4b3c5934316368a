package io.garrick.kv;

import io.garrick.proto.pd.ErrorType;
import io.garrick.proto.pd.GetMembersRequest;
import io.garrick.proto.pd.GetMembersResponse;
import io.garrick.proto.pd.Member;
import io.garrick.proto.pd.PDGrpc;
import io.garrick.proto.pd.RequestHeader;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which PD members exist and which of them leads.
 *
 * <p>Only the leader answers most calls, so a failed call asks every known member who leads now.
 */
final class PdMembers {
    private static final Logger log = LoggerFactory.getLogger(PdMembers.class);

    private final Channels channels;
    private final long discoveryTimeoutMillis;
    private final Set<String> addresses = new LinkedHashSet<>();
    private volatile @Nullable Leader leader;
    private volatile long clusterId;

    /** {@code number} counts the elections noticed here. */
    record Leader(String address, ManagedChannel channel, int number) {}

    PdMembers(Channels channels, List<String> seeds, long discoveryTimeoutMillis) {
        this.channels = channels;
        this.discoveryTimeoutMillis = discoveryTimeoutMillis;
        for (String seed : seeds) {
            addresses.add(Channels.hostPort(seed.trim()));
        }
    }

    long clusterId() {
        return clusterId;
    }

    RequestHeader header() {
        return RequestHeader.newBuilder().setClusterId(clusterId).setCallerId("garrick").build();
    }

    /**
     * The leader known now; asks for it if none is. Throws {@link PdException} if none is found.
     */
    Leader leader() {
        Leader known = leader;
        return known != null ? known : discover(null);
    }

    /**
     * Looks for the leader anew, unless another thread did so since {@code failed} was handed out.
     */
    synchronized Leader discover(@Nullable Leader failed) {
        Leader known = leader;
        if (known != null && failed != null && known.number() != failed.number()) {
            return known;
        }
        List<String> problems = new ArrayList<>();
        for (String address : List.copyOf(addresses)) {
            try {
                channels.wake(address);
                GetMembersResponse response =
                        PDGrpc.newBlockingStub(channels.to(address))
                                .withDeadlineAfter(discoveryTimeoutMillis, TimeUnit.MILLISECONDS)
                                .getMembers(GetMembersRequest.getDefaultInstance());
                long answered = response.getHeader().getClusterId();
                if (clusterId != 0 && answered != 0 && answered != clusterId) {
                    // Its address is another cluster's now; the others may still be ours.
                    problems.add(
                            "%s: belongs to cluster %s, not %s"
                                    .formatted(
                                            address,
                                            Long.toUnsignedString(answered),
                                            Long.toUnsignedString(clusterId)));
                    continue;
                }
                Leader found = accept(response, known);
                if (found != null) {
                    return found;
                }
                problems.add(address + ": knows no leader");
            } catch (StatusRuntimeException e) {
                problems.add(address + ": " + reason(e.getStatus()));
            }
        }
        throw new PdException(ErrorType.UNKNOWN, "no PD leader found: " + problems);
    }

    /** In one line: a status in full carries the stack of its cause. */
    private static String reason(Status status) {
        Throwable cause = status.getCause();
        return status.getCode()
                + (status.getDescription() == null ? "" : " " + status.getDescription())
                + (cause == null || cause.getMessage() == null
                        ? ""
                        : " (" + cause.getMessage() + ")");
    }

    private @Nullable Leader accept(GetMembersResponse response, @Nullable Leader known) {
        long answered = response.getHeader().getClusterId();
        for (Member member : response.getMembersList()) {
            member.getClientUrlsList().forEach(url -> addresses.add(Channels.hostPort(url)));
        }
        Member leading = response.getLeader();
        if (answered == 0 || leading.getMemberId() == 0 || leading.getClientUrlsCount() == 0) {
            return null;
        }
        clusterId = answered;
        String address = Channels.hostPort(leading.getClientUrls(0));
        if (known != null && known.address().equals(address)) {
            // The same member may be healthy again; a fresh number lets others pass.
            leader = new Leader(address, known.channel(), known.number() + 1);
        } else {
            leader =
                    new Leader(
                            address, channels.to(address), known == null ? 1 : known.number() + 1);
            log.info("pd leader found address={} cluster={}", address, answered);
        }
        return leader;
    }
}
