# Shell functions that tests/run and tests/demo share. Sourced by bash with errexit.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PATH=$PATH:/usr/sbin:/sbin
# Tools and proxies must not follow settings of whoever runs this; their words are parsed.
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
export LC_ALL=C.UTF-8

if [ -t 1 ]; then
    BOLD=$'\e[1m' RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'
else
    BOLD='' RED='' GREEN='' PLAIN=''
fi

die() {
    printf '%s%s%s\n' "$RED" "$*" "$PLAIN" >&2
    exit 12
}

# Runs a command as root.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Makes sure that as_root will work from here on; asks for a password once if it must.
need_root() {
    [ "$(id -u)" = 0 ] && return
    command -v sudo >/dev/null || die "Run this as root, or as a user who may use sudo."
    sudo -v || die "Run this as root, or as a user who may use sudo."
    # sudo forgets after some minutes; this outlives a long build, and not this script.
    (
        trap 'kill $nap; exit' TERM
        while kill -0 $$; do
            sudo -n -v
            sleep 60 &
            nap=$!
            wait $nap
        done
    ) >/dev/null 2>&1 &
    SUDO_KEEPER=$!
}

# Prints those of the given packages that are not installed.
missing_packages() {
    local package
    for package; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            echo "$package"
    done
}

# Installs what is missing of the given packages. Daemons among them are neither started now nor at
# boot: the tests start their own.
install_packages() {
    local missing policy=/usr/sbin/policy-rc.d own_policy='' unit
    mapfile -t missing < <(missing_packages "$@")
    if [ ${#missing[@]} = 0 ]; then
        echo "all $# packages are there"
        return
    fi
    command -v apt-get >/dev/null || die "Please install: ${missing[*]}"
    echo "installing ${missing[*]}"
    if [ ! -e $policy ]; then
        own_policy=yes
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
    fi
    local result=0
    {
        as_root apt-get update -qq &&
            as_root env DEBIAN_FRONTEND=noninteractive \
                apt-get install -y -qq --no-install-recommends "${missing[@]}"
    } >"$SCRATCH/apt.log" 2>&1 || result=$?
    [ -z "$own_policy" ] || as_root rm -f $policy
    if [ $result != 0 ]; then
        tail -20 "$SCRATCH/apt.log" >&2
        die "apt-get could not install ${missing[*]}"
    fi
    for unit in vsftpd:vsftpd openssh-server:ssh; do
        case " ${missing[*]} " in
            *" ${unit%%:*} "*) as_root systemctl disable --quiet "${unit##*:}" 2>/dev/null || true ;;
        esac
    done
}

# Makes sure that there is a Rust compiler that is new enough.
need_rust() {
    local have want
    command -v cargo >/dev/null || die "There is no cargo: install Rust first (https://rustup.rs)."
    want=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml")
    have=$(cargo --version | cut -d' ' -f2)
    [ "$(printf '%s\n%s\n' "$want" "$have" | sort -V | head -1)" = "$want" ] ||
        die "This is Rust $have; zoxy needs $want or newer."
}

# Makes sshd's folder for privilege separation, which a machine without a running sshd may lack.
need_run_sshd() {
    [ -d /run/sshd ] && return
    as_root mkdir -p /run/sshd
    MADE_RUN_SSHD=yes
}

# Prints a loopback port that nobody uses, below the range of outgoing connections.
free_port() {
    local port
    for _ in $(seq 200); do
        port=$((15000 + RANDOM % 15000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo $port; return; }
    done
    die "There is no free port between 15000 and 29999."
}

# Waits until the command succeeds: wait_until SECONDS WHAT COMMAND...
wait_until() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt "$end" ] || die "Waited in vain for $what."
        sleep 0.05
    done
}

# True when something listens on a loopback port.
listens() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# The folder for everything that is made here, and its removal with all that the script started.
# at_end COMMAND... adds a command to the removal; the last added runs first.
SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/zoxy-XXXXXX")
chmod 755 "$SCRATCH"
AT_END=()
SUDO_KEEPER='' MADE_RUN_SSHD=''

at_end() {
    AT_END=("$(printf '%q ' "$@")" "${AT_END[@]}")
}

clean_up() {
    local code=$? command
    trap '' INT TERM HUP
    trap - EXIT
    set +e
    for command in "${AT_END[@]}"; do eval "$command" >/dev/null 2>&1; done
    [ -z "$MADE_RUN_SSHD" ] || as_root rmdir /run/sshd 2>/dev/null
    as_root rm -rf "$SCRATCH"
    [ -z "$SUDO_KEEPER" ] || kill "$SUDO_KEEPER" 2>/dev/null
    exit $code
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
