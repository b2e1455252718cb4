# The flags of Java for the program on this machine. Sourced by ./llmspell and ./build, since the classes that a build archives are of
# use only to a start with the same flags; POSIX sh, starts no JVM.

# Whether the CPU has what assembled kernels need at least, those of the level avx2, by its flags in $1.
has_avx2() {
    for feature in avx2 fma f16c; do
        case " $1 " in
            *" $feature "*) ;;
            *) return 1 ;;
        esac
    done
}

# Sets cpu_flags to the features of an x86-64 CPU, in the words of Linux; to nothing where that cannot be told.
find_cpu_flags() {
    cpu_flags=
    if [ -r /proc/cpuinfo ]; then
        while IFS= read -r cpu_line; do
            case $cpu_line in
                flags*:*) cpu_flags=${cpu_line#*:} && break ;;
            esac
        done </proc/cpuinfo
    elif [ -x /usr/sbin/sysctl ]; then
        cpu_flags=$(/usr/sbin/sysctl -n machdep.cpu.features machdep.cpu.leaf7_features 2>/dev/null |
            tr '[:upper:]\n' '[:lower:] ') || cpu_flags=
    fi
}

# Sets java_flags. While C2 has work to do, Java is to compile no more methods with counters in them (Tier3DelayOn): the threads that compute
# would all count in the same memory, which makes the first hundred tokens of a process slower than code without counters.
# The Vector API is left out where kernels in machine code need none: as an incubating module it keeps Java from using
# much of the class archive, which makes every start slower. LLMSPELL_KERNELS=vector brings it back.
find_java_flags() {
    java_flags="--enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -XX:Tier3DelayOn=0"
    case ${LLMSPELL_KERNELS:-} in
        '' | avx2 | avx512 | amx)
            find_cpu_flags
            has_avx2 "$cpu_flags" && return 0
            ;;
        scalar) return 0 ;;
    esac
    java_flags="--add-modules=jdk.incubator.vector $java_flags"
}
