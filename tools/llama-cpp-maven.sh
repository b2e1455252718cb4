#!/bin/sh
# Fetches the llama.cpp in Maven's de.kherud:llama (MIT, about 13 MB, for Linux on x86-64 with AVX2) to
# ~/.cache/llmspell-bench/llama-maven, once per version, for bench/compare --llama maven. Nothing that ships depends on it.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
artifact=de.kherud:llama
version=4.2.0
folder=$HOME/.cache/llmspell-bench/llama-maven

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || { echo "llama-cpp-maven: only for Linux on x86-64" >&2; exit 1; }
[ "$(cat "$folder/version" 2>/dev/null)" = "$version" ] && exit 0
command -v mvn >/dev/null || { echo "llama-cpp-maven: needs Apache Maven to fetch $artifact" >&2; exit 1; }
. "$here/jdk25.sh"
find_jdk25 llama-cpp-maven || exit 1
export JAVA_HOME="$JDK25"
# Maven's own libraries use what JDK 25 warns about.
export MAVEN_OPTS="${MAVEN_OPTS:-} --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED"

mkdir -p "${folder%/*}"
fresh=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$fresh"' EXIT
(
    cd "$fresh"
    mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy \
        -Dartifact="$artifact:$version" -DoutputDirectory="$fresh"
    "$JDK25/bin/jar" --extract --file "llama-$version.jar" de/kherud/llama/Linux/x86_64
    mv de/kherud/llama/Linux/x86_64/libjllama.so .
    rm -r de "llama-$version.jar"
)
echo "$version" >"$fresh/version"
rm -rf "$folder"
mv "$fresh" "$folder"
