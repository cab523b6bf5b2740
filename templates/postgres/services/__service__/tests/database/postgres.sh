#!/bin/sh
# A PostgreSQL server for tests: starts one in a new directory, prints its URL, and ends and removes it when the standard input
# ends, as it does when the process that started this one is gone.
#
# It listens on a socket in that directory alone: it needs no port, and no other user reaches it. PostgreSQL's programs are taken
# from PATH, or from where Debian puts them (`apt-get install postgresql`).
set -eu
cd /

newest=$(find /usr/lib/postgresql/*/bin -maxdepth 0 2>/dev/null | sort -V | tail -n 1)
PATH=$PATH:$newest
if ! command -v initdb >/dev/null || ! command -v pg_ctl >/dev/null; then
    echo "error: PostgreSQL is not installed: there is no \`initdb\` on PATH or below \`/usr/lib/postgresql\`" >&2
    exit 1
fi

# The server refuses to run as root.
if [ "$(id -u)" = 0 ]; then
    unprivileged() { runuser -u postgres -- "$@" </dev/null; }
else
    unprivileged() { "$@" </dev/null; }
fi

directory=$(unprivileged mktemp -d /tmp/postgres.XXXXXX)
log=$directory/log

end() {
    unprivileged pg_ctl --pgdata="$directory/data" --mode=immediate --wait stop >/dev/null 2>&1 || true
    rm -rf "$directory"
}
trap end EXIT
trap 'exit 1' HUP INT TERM

failed() {
    printf 'error: PostgreSQL did not start\n' >&2
    cat "$log" >&2
    exit 1
}

unprivileged touch "$log"
# What is written need not outlive the machine.
unprivileged initdb --pgdata="$directory/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync >>"$log" 2>&1 || failed
options="-p 5432 -k $directory -c listen_addresses= -c fsync=off"
unprivileged pg_ctl --pgdata="$directory/data" --log="$log" --options="$options" --wait start >/dev/null 2>&1 || failed

printf 'postgres://postgres@localhost:5432/postgres?host=%s\n' "$directory"
cat >/dev/null
