# Sourced by ./garrick and ./dev: finds a JDK 25 and exports JAVA_HOME.
is_jdk25() { [ -x "$1/bin/javac" ] && "$1/bin/java" -version 2>&1 | head -n 1 | grep -q '"25'; }
find_jdk25() {
    local candidate
    for candidate in "${JAVA_HOME:-}" "${JDK_HOME:-}" "${JAVA_HOME_25:-}" \
        /usr/lib/jvm/*25* /opt/*jdk*25* /opt/java/*25* /usr/local/*jdk*25* \
        "$HOME"/.sdkman/candidates/java/25* "$HOME"/.jdks/*25* \
        /Library/Java/JavaVirtualMachines/*25*/Contents/Home; do
        if [ -n "$candidate" ] && is_jdk25 "$candidate"; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}
if ! JAVA_HOME=$(find_jdk25); then
    echo "Garrick needs a JDK 25. None was found in JAVA_HOME or the usual places; install one (for example" >&2
    echo "Temurin 25) and set JAVA_HOME to it." >&2
    exit 1
fi
export JAVA_HOME
