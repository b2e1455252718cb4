# Finds a JDK 25 and sets JDK25 to its home. Sourced by ./llmspell and ./build; POSIX sh, starts no JVM.

# The feature release of the JDK at $1, from its release file; empty if there is no JDK there.
jdk_release() {
    [ -x "$1/bin/java" ] && [ -f "$1/release" ] || return 0
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

# The home of the java command on the PATH, through any links; empty if there is none.
java_on_path() {
    java_link=$(command -v java) || return 0
    java_hops=0
    while [ -h "$java_link" ] && [ "$java_hops" -lt 20 ]; do
        java_target=$(readlink "$java_link")
        case $java_target in
            /*) java_link=$java_target ;;
            *) java_link=$(dirname "$java_link")/$java_target ;;
        esac
        java_hops=$((java_hops + 1))
    done
    (cd "$(dirname "$java_link")/.." 2>/dev/null && pwd -P)
}

# Sets JDK25, or says in one line what to do and returns 1. $1 names who asks.
find_jdk25() {
    if [ -n "${LLMSPELL_JAVA_HOME:-}" ]; then
        if [ "$(jdk_release "$LLMSPELL_JAVA_HOME")" = 25 ]; then
            JDK25=$LLMSPELL_JAVA_HOME
            return 0
        fi
        echo "$1: LLMSPELL_JAVA_HOME=$LLMSPELL_JAVA_HOME is no JDK 25; point it at one, or unset it" >&2
        return 1
    fi
    for candidate in "${JAVA_HOME:-}" "$(java_on_path)" \
        /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/jdk* \
        /Library/Java/JavaVirtualMachines/*/Contents/Home "${HOME:-}"/Library/Java/JavaVirtualMachines/*/Contents/Home \
        /opt/homebrew/opt/openjdk@25/libexec/openjdk.jdk/Contents/Home \
        "${SDKMAN_DIR:-${HOME:-}/.sdkman}"/candidates/java/* "${HOME:-}"/.jdks/*; do
        if [ -n "$candidate" ] && [ "$(jdk_release "$candidate")" = 25 ]; then
            JDK25=$candidate
            return 0
        fi
    done
    if [ -x /usr/libexec/java_home ]; then
        candidate=$(/usr/libexec/java_home -F -v 25 2>/dev/null) || candidate=
        if [ -n "$candidate" ] && [ "$(jdk_release "$candidate")" = 25 ]; then
            JDK25=$candidate
            return 0
        fi
    fi
    echo "$1: needs a JDK 25 and found none; install one (for instance Temurin 25), or set LLMSPELL_JAVA_HOME to its folder" >&2
    return 1
}
