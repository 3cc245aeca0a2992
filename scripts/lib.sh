# What the scripts share; they source it first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() {
    printf '== %s\n' "$*"
}

# What has to be compiled again is often the same as before.
if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache
fi

build() {
    cmake --preset "$1" && cmake --build --preset "$1"
}
