package io.garrick.flashkv.pd;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.kv.PdClient;
import io.garrick.proto.pd.Member;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EmbeddedPdTest {
    @Test
    void theEmbeddedPdIsKnownToAnotherProcessByWhatItSays(@TempDir Path directory)
            throws IOException {
        try (PdServer server = PdServer.start(PdConfig.loopback(directory));
                PdClient pd =
                        PdClient.connect(List.of(server.address()), PdClient.Options.DEFAULT)) {
            assertThat(EmbeddedPd.httpAddress(pd.leadingMember())).contains(server.httpAddress());
        }
    }

    @Test
    void everyOtherPdIsNotEmbedded() {
        Member real =
                Member.newBuilder()
                        .setName("pd-1")
                        .setMemberId(7)
                        .addClientUrls("http://10.0.0.1:2379")
                        .setDeployPath("/tidb-deploy/pd-2379/bin")
                        .setBinaryVersion("v8.5.0")
                        .setGitHash("5f0b7a2f4f6c2c2e3b6a5d6a1f0c9b8a7d6e5f40")
                        .build();
        assertThat(EmbeddedPd.httpAddress(real)).isEmpty();
        assertThat(EmbeddedPd.httpAddress(Member.getDefaultInstance())).isEmpty();
    }
}
