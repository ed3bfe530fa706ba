#!/bin/sh
# Makes the secrets that docker-compose.yml mounts, where they are not there yet: `sudo sh docs/deploy/compose/make-secrets.sh [FOLDER]`.
set -eu
folder=${1:-secrets}
umask 077
mkdir -p "$folder"
for name in irc-password people-password signing-key; do
  [ -e "$folder/$name" ] || head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$folder/$name"
done
# The number of the user in the containers.
chown -R 8630:8630 "$folder"
echo "elukey and jijiki log in with the password in $folder/people-password"
