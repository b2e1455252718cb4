#!/bin/sh
# Fetches the llama.cpp that tests compare with (about 35 MB, Linux on x86-64) to ~/.cache/llmspell-tests, once per version.
# Nothing that ships depends on it. LLMSPELL_LLAMA_CPP names another folder that holds the same version's libraries.
set -eu

package=@node-llama-cpp/linux-x64
version=3.22.1
folder=$HOME/.cache/llmspell-tests/llama.cpp

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || { echo "llama-cpp: only for Linux on x86-64" >&2; exit 1; }
[ "$(cat "$folder/version" 2>/dev/null)" = "$version" ] && exit 0
command -v npm >/dev/null || { echo "llama-cpp: needs npm to fetch $package" >&2; exit 1; }

mkdir -p "${folder%/*}"
fresh=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$fresh"' EXIT
(cd "$fresh" && npm pack --silent "$package@$version" >/dev/null && tar -xzf ./*.tgz --strip-components=3 package/bins/linux-x64)
rm "$fresh"/*.tgz
echo "$version" >"$fresh/version"
rm -rf "$folder"
mv "$fresh" "$folder"
