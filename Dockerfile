# wamp-sidecar in a small image: the binary with Swift's standard library in it, libpq, OpenSSL and libyaml, but no build tools.
#
#   docker build -t wamp-sidecar .
#   docker run --network host -e WAMP_TICKET -e DATABASE_PASSWORD -e WAMP_CALLER_PASSWORD \
#       -v "$PWD/sidecar.yaml:/etc/wamp-sidecar/sidecar.yaml:ro" wamp-sidecar
#
# scripts/check-image tries this file without a container engine, and reads the build command, the packages and the
# user from it.

FROM swift:6.2-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpq-dev libssl-dev libyaml-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
# For --version: docker build --build-arg COMMIT="$(git rev-parse HEAD)"
ARG COMMIT=unknown
ENV WAMP_SIDECAR_COMMIT=$COMMIT
RUN swift build -c release --static-swift-stdlib --product wamp-sidecar \
    && install -s .build/release/wamp-sidecar /usr/local/bin/wamp-sidecar

# Built on Debian 12, it runs on any later one. libpq 17 sends what one turn of the loop has for the server at once, and
# OpenSSL 3.5 knows Argon2id.
FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpq5 libssl3t64 libyaml-0-2 ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/wamp-sidecar /usr/local/bin/wamp-sidecar
USER 10001:10001
WORKDIR /etc/wamp-sidecar
ENTRYPOINT ["wamp-sidecar"]
CMD ["run", "--config", "/etc/wamp-sidecar/sidecar.yaml"]
