# Redis, etcd and an IRC network as Debian has them: the versions that Sluice is tested with.
FROM debian:bookworm-slim
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
       redis-server etcd-server etcd-client inspircd atheme-services openssl netcat-openbsd \
    && rm -rf /var/lib/apt/lists/*
# One number for all that runs here, Sluice too: it reads the secrets, and nobody else does.
RUN useradd --system --uid 8630 --home-dir /srv --no-create-home sluice \
    && install -d -o sluice -g sluice -m 0700 /srv/redis /srv/etcd /srv/irc
USER sluice
