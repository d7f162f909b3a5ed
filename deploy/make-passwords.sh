#!/bin/sh
# Makes the passwords of MongoDB and Redis at the first `docker compose up`, and writes for each container what it reads of
# them, each file for one user alone. A password that is there is kept; what follows from passwords is written anew.
# usage: make-passwords.sh BELLHOP_FOLDER MONGODB_FOLDER REDIS_FOLDER
set -eu
umask 077

bellhop=${1:?} mongodb=${2:?} redis=${3:?}
# The users of the images bellhop (node), mongo and redis.
bellhop_owner=${BELLHOP_OWNER:-1000:1000}
mongodb_owner=${MONGODB_OWNER:-999:999}
redis_owner=${REDIS_OWNER:-999:999}

# write FILE OWNER TEXT: whole or not at all.
write() {
  printf '%s\n' "$3" >"$1.new"
  chmod 0400 "$1.new"
  chown "$2" "$1.new"
  mv -f "$1.new" "$1"
}

# keep FILE OWNER: a password of 256 bits, in hexadecimal digits, which no URL and no file needs to escape.
keep() {
  [ -s "$1" ] && return
  password=$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
  [ "${#password}" -eq 64 ] || { echo "no randomness for $1" >&2; exit 1; }
  write "$1" "$2" "$password"
}

# Members of a replica set know each other by the key file.
keep "$mongodb/keyfile" "$mongodb_owner"
keep "$mongodb/root-password" "$mongodb_owner"
keep "$mongodb/bellhop-password" "$mongodb_owner"
keep "$redis/password" "$redis_owner"

write "$redis/redis.conf" "$redis_owner" "requirepass $(cat "$redis/password")"
write "$bellhop/redis-url" "$bellhop_owner" "redis://:$(cat "$redis/password")@redis:6379/0"
write "$bellhop/mongodb-url" "$bellhop_owner" \
  "mongodb://bellhop:$(cat "$mongodb/bellhop-password")@mongodb:27017/bellhop?replicaSet=rs0&authSource=admin"
