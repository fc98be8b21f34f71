# Sourced by the other scripts: makes .venv and installs into it, once for each state of the project's requirements.

ensure_environment() { # extra
    local extra=$1 python stamp wanted
    stamp=".venv/.installed-${extra:-plain}"
    wanted=$(cat pyproject.toml constraints.txt | sha256sum)
    if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    python=$(find_python)
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    echo "installing into .venv (once; a few minutes) ..."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
        --editable ".${extra:+[$extra]}"
    echo "$wanted" >"$stamp"
}

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python; do
        if [ -n "$candidate" ] && "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.11 or newer with its venv module is needed; set PYTHON to one" >&2
    exit 2
}
