#!/bin/sh
# The IRC network of docker-compose.yml: InspIRCd, and Atheme for accounts. The first start makes the accounts from the secrets.
set -eu
cd /srv/irc
cp /etc/irc/inspircd.conf /etc/irc/atheme.conf .
: >inspircd.motd
touch services.log

account() {
  hash=$(openssl passwd -1 -stdin <"/run/secrets/$2")
  echo "MU $3 $1 $hash $1@localhost $now $now +Cb default"
  echo "MN $1 $1 $now $now"
}

if [ ! -e services.db ]; then
  now=$(date +%s)
  {
    printf '%s\n' 'GRVER 1' 'DBV 12' 'LUID AAAAAAAABA' 'CF +AFHORVabefhioqrstv'
    account sluice irc-password SLUICE001
    account elukey people-password PERSON001
    account jijiki people-password PERSON002
    printf '%s\n' 'KID 0' 'XID 0' 'QID 0'
  } >services.db.new
  mv services.db.new services.db
fi

PATH=$PATH:/usr/sbin
inspircd --config /srv/irc/inspircd.conf --nofork &
server=$!
atheme-services -n -c /srv/irc/atheme.conf -D /srv/irc -p /srv/irc/atheme.pid -l /srv/irc/services.log &
services=$!
trap 'kill $server $services 2>/dev/null' TERM INT
# When one of them ends, so does this: they are started again together.
while kill -0 $server 2>/dev/null && kill -0 $services 2>/dev/null; do sleep 1; done
kill $server $services 2>/dev/null || true
wait
